// IndexSet on the wire.
#pragma once

#include "pack/base/index_set.h"
#include "spank/wire/wire.pb.h"

namespace cram {

void ToWire(const IndexSet& set, wire::Ranges* ranges);

// What is malformed in it (an odd bound, an end before its begin, an index at
// or above `limit`) is left out.
IndexSet FromWire(const wire::Ranges& ranges, uint64_t limit);

}  // namespace cram
