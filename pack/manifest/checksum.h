// zlib's crc32, over strings.
#pragma once

#include <stdint.h>

#include "absl/strings/string_view.h"

namespace cram {

// `crc` is that of the bytes before; 0 at the start.
uint32_t ExtendCrc32(uint32_t crc, absl::string_view bytes);

// Of bytes whose last `size` ones have `last`, and those before `first`.
uint32_t JoinCrc32(uint32_t first, uint32_t last, uint64_t size);

inline uint32_t Crc32(absl::string_view bytes) { return ExtendCrc32(0, bytes); }

}  // namespace cram
