// A random order of 0..N-1 that is never written down.
#pragma once

#include <stdint.h>

namespace cram {

// Where `place` < `size` goes: for a seed and a dimension, every one of
// 0..size-1 exactly once. An alternating Feistel network with Philox as its
// round function over the least power of two that holds `size`, walked on until
// the result is below `size` (J. Black, P. Rogaway, "Ciphers with arbitrary
// finite domains", CT-RSA 2002): less than two steps in the mean.
uint64_t Permuted(uint64_t place, uint64_t size, uint64_t seed,
                  uint32_t dimension);

}  // namespace cram
