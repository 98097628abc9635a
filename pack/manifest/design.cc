#include "pack/manifest/design.h"

#include <float.h>
#include <math.h>

#include "absl/strings/str_cat.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/permutation.h"
#include "pack/manifest/philox.h"

namespace cram {
namespace {

static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles");
static_assert(kMaxAxes <= kSobolDimensions);
static_assert(kMaxSample <= uint64_t{1} << 32, "Sobol's numbers have 32 bits");

// The middle of one of 2^bits equal parts of 0..1, at most 2^52: exact, and
// neither 0 nor 1.
double MiddleOfPart(uint64_t part, int bits) {
  return ldexp(static_cast<double>(part) + 0.5, -bits);
}

int BitWidth(uint64_t value) {
  return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

}  // namespace

absl::StatusOr<Design> Design::Make(const Sample& sample, size_t dimensions) {
  if (sample.size() == 0 || sample.size() > kMaxSample) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sample of ", sample.size(),
                     " points; there can be 1 to ", kMaxSample));
  }
  if (!Sample::Design_IsValid(sample.design())) {
    return absl::InvalidArgumentError(
        "a design that this version does not know");
  }
  if (dimensions > kMaxAxes) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxAxes, " parameters"));
  }
  Design design;
  design.sample_ = sample;
  if (sample.design() != Sample::SOBOL) return design;
  for (uint32_t i = 0; i < dimensions; ++i) {
    uint64_t bits = RandomBits(sample.seed(), RandomUse::kScramble, i, 0);
    design.sobol_.push_back(
        {SobolDimension(i), static_cast<uint32_t>(bits >> 32)});
  }
  return design;
}

double Design::Get(uint64_t point, size_t dimension) const {
  uint32_t d = static_cast<uint32_t>(dimension);
  if (sample_.design() == Sample::LATIN_HYPERCUBE) {
    return GetLatinHypercube(point, d);
  }
  if (sample_.design() == Sample::SOBOL) return GetSobol(point, d);
  uint64_t bits = RandomBits(sample_.seed(), RandomUse::kPoint, d, point);
  return MiddleOfPart(bits >> 12, 52);
}

// The place in the stratum has so few bits that it is exact beside the
// stratum's number, and that the rounded quotient stays in the stratum.
double Design::GetLatinHypercube(uint64_t point, uint32_t dimension) const {
  uint64_t size = sample_.size();
  uint64_t stratum = Permuted(point, size, sample_.seed(), dimension);
  uint64_t bits =
      RandomBits(sample_.seed(), RandomUse::kPoint, dimension, point);
  int width = 48 - BitWidth(size - 1);
  double place = MiddleOfPart(bits >> (64 - width), width);
  return (static_cast<double>(stratum) + place) / static_cast<double>(size);
}

double Design::GetSobol(uint64_t point, uint32_t dimension) const {
  const Scrambled& scrambled = sobol_[dimension];
  uint64_t number = OwenScramble(scrambled.sequence.Get(point), scrambled.seed);
  uint64_t bits =
      RandomBits(sample_.seed(), RandomUse::kPoint, dimension, point);
  return MiddleOfPart(number << 20 | bits >> 44, 52);
}

absl::StatusOr<Sample::Design> ParseDesign(absl::string_view text) {
  for (int i = Sample::Design_MIN; i <= Sample::Design_MAX; ++i) {
    if (text == DesignName(static_cast<Sample::Design>(i))) {
      return static_cast<Sample::Design>(i);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is not a design; designs are random, lhs and sobol"));
}

absl::string_view DesignName(Sample::Design design) {
  if (design == Sample::LATIN_HYPERCUBE) return "lhs";
  if (design == Sample::SOBOL) return "sobol";
  return "random";
}

std::string SampleText(const Sample& sample) {
  return absl::StrCat(sample.size(), sample.size() == 1 ? " point" : " points",
                      ", ", DesignName(sample.design()), ", seed ",
                      sample.seed());
}

}  // namespace cram
