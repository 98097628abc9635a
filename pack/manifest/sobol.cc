#include "pack/manifest/sobol.h"

namespace cram {
namespace {

// For each dimension but the first: the degree of its polynomial, the
// polynomial's inner coefficients as a number, and as many initial numbers.
constexpr uint16_t kJoeKuo[] = {
#include "pack/manifest/joe_kuo.inc"
};

const uint16_t* JoeKuoRow(size_t dimension) {
  const uint16_t* row = kJoeKuo;
  for (size_t i = 1; i < dimension; ++i) row += 2 + row[0];
  return row;
}

uint32_t ReverseBits(uint32_t bits) {
  bits = (bits & 0x55555555) << 1 | (bits >> 1 & 0x55555555);
  bits = (bits & 0x33333333) << 2 | (bits >> 2 & 0x33333333);
  bits = (bits & 0x0f0f0f0f) << 4 | (bits >> 4 & 0x0f0f0f0f);
  return __builtin_bswap32(bits);
}

}  // namespace

SobolDimension::SobolDimension(size_t dimension) {
  if (dimension == 0) {
    for (size_t i = 0; i < 32; ++i) directions_[i] = uint32_t{1} << (31 - i);
    return;
  }
  const uint16_t* row = JoeKuoRow(dimension);
  size_t degree = row[0];
  uint32_t polynomial = row[1];
  for (size_t i = 0; i < 32; ++i) {
    if (i < degree) {
      directions_[i] = uint32_t{row[2 + i]} << (31 - i);
      continue;
    }
    uint32_t last = directions_[i - degree];
    directions_[i] = last ^ last >> degree;
    for (size_t k = 1; k < degree; ++k) {
      if ((polynomial >> (degree - 1 - k) & 1) != 0) {
        directions_[i] ^= directions_[i - k];
      }
    }
  }
}

uint32_t SobolDimension::Get(uint64_t index) const {
  uint32_t number = 0;
  for (uint64_t gray = index ^ index >> 1; gray != 0; gray &= gray - 1) {
    number ^= directions_[__builtin_ctzll(gray)];
  }
  return number;
}

uint32_t OwenScramble(uint32_t number, uint32_t seed) {
  uint32_t bits = ReverseBits(number);
  bits ^= bits * 0x3d20adea;
  bits += seed;
  bits *= seed >> 16 | 1;
  bits ^= bits * 0x05526c56;
  bits ^= bits * 0x53a22864;
  return ReverseBits(bits);
}

}  // namespace cram
