#include "pack/manifest/philox.h"

namespace cram {
namespace {

uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

}  // namespace

std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter,
                               std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t{0xd2511f53} * counter[0];
    uint64_t second = uint64_t{0xcd9e8d57} * counter[2];
    counter = {High(second) ^ counter[1] ^ key[0], Low(second),
               High(first) ^ counter[3] ^ key[1], Low(first)};
    key[0] += 0x9e3779b9;
    key[1] += 0xbb67ae85;
  }
  return counter;
}

uint64_t RandomBits(uint64_t seed, uint32_t use, uint32_t dimension,
                    uint64_t number) {
  std::array<uint32_t, 4> bits = Philox(
      {Low(number), High(number), dimension, use}, {Low(seed), High(seed)});
  return uint64_t{bits[0]} << 32 | bits[1];
}

}  // namespace cram
