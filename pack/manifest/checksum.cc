#include "pack/manifest/checksum.h"

#include <zlib.h>

namespace cram {

uint32_t ExtendCrc32(uint32_t crc, absl::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

uint32_t JoinCrc32(uint32_t first, uint32_t last, uint64_t size) {
  return static_cast<uint32_t>(
      crc32_combine(first, last, static_cast<z_off_t>(size)));
}

}  // namespace cram
