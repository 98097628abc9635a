// Sobol's sequence: points that fill the unit cube evenly.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <array>

namespace cram {

inline constexpr size_t kSobolDimensions = 1000;

// One dimension of it, in the order of the Gray code, with the direction
// numbers of S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better
// two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), 2635-2654
// (joe_kuo.inc).
class SobolDimension {
 public:
  explicit SobolDimension(size_t dimension);  // below kSobolDimensions

  // Number `index` < 2^32, times 2^32.
  uint32_t Get(uint64_t index) const;

 private:
  std::array<uint32_t, 32> directions_;
};

// Owen's nested uniform scrambling of a number (times 2^32) by a hash: B.
// Burley, "Practical hash-based Owen scrambling", JCGT 9 (2020), with the
// constants of N. Vegdahl, "Building a better LK hash" (2021). Numbers that
// agree in their first n bits, and no more, do so afterwards.
uint32_t OwenScramble(uint32_t number, uint32_t seed);

}  // namespace cram
