// Random numbers that are a function of their place.
#pragma once

#include <stdint.h>

#include <array>

namespace cram {

// Philox 4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel
// random numbers: as easy as 1, 2, 3", SC 2011. The authors' known answers are
// in the unit test.
std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter,
                               std::array<uint32_t, 2> key);

// What the numbers of one place are for, so that no two uses share them.
enum class RandomUse : uint32_t {
  kPoint = 0,     // of a point: random numbers, jitter, low digits
  kScramble = 1,  // of a dimension
  kPermute = 16,  // and 16 + n: round n of a permutation
};

// 64 random bits of a number, in a dimension, of a seed.
uint64_t RandomBits(uint64_t seed, uint32_t use, uint32_t dimension,
                    uint64_t number);

inline uint64_t RandomBits(uint64_t seed, RandomUse use, uint32_t dimension,
                           uint64_t number) {
  return RandomBits(seed, static_cast<uint32_t>(use), dimension, number);
}

}  // namespace cram
