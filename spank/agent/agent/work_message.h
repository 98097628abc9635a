// Work and counts on the wire.
#pragma once

#include <stdint.h>

#include "spank/agent/share/progress.h"
#include "spank/agent/share/work.h"
#include "spank/wire/wire.pb.h"

namespace cram {

void ToWire(const Work& work, wire::Work* message);
void ToWire(const Progress& progress, wire::Report* message);

// Indexes at or above `limit` are left out.
Work FromWire(const wire::Work& message, uint64_t limit);
Progress FromWire(const wire::Report& message);

}  // namespace cram
