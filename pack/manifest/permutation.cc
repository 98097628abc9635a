#include "pack/manifest/permutation.h"

#include "pack/manifest/philox.h"

namespace cram {
namespace {

// How many rounds make every order as likely: small halves mix slowly.
uint32_t Rounds(int bits) { return bits <= 8 ? 24 : 6; }

uint64_t Mask(int bits) { return (uint64_t{1} << bits) - 1; }

}  // namespace

uint64_t Permuted(uint64_t place, uint64_t size, uint64_t seed,
                  uint32_t dimension) {
  if (size < 2) return 0;
  int bits = 64 - __builtin_clzll(size - 1);
  int right_bits = (bits + 1) / 2;
  int left_bits = bits - right_bits;
  do {
    uint64_t left = place >> right_bits;
    uint64_t right = place & Mask(right_bits);
    for (uint32_t round = 0; round < Rounds(bits); ++round) {
      uint32_t use = static_cast<uint32_t>(RandomUse::kPermute) + round;
      if (round % 2 == 0) {
        right ^= RandomBits(seed, use, dimension, left) & Mask(right_bits);
      } else {
        left ^= RandomBits(seed, use, dimension, right) & Mask(left_bits);
      }
    }
    place = left << right_bits | right;
  } while (place >= size);
  return place;
}

}  // namespace cram
