// The points of a sample: where in the unit cube a design puts them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/sobol.h"

namespace cram {

// A cram.Sample, checked and ready to compute from. Any coordinate of any point
// is a function of sample, dimension and number alone, and never changes from
// version to version:
//
//   random  52 bits of Philox at (point, dimension), keyed by the seed;
//   lhs     one point in each of `size` strata of every dimension, at a random
//           place in it (M. D. McKay, R. J. Beckman, W. J. Conover, "A
//           comparison of three methods...", Technometrics 21 (1979), 239-245);
//   sobol   Sobol's sequence, scrambled by Owen's method: 32 bits, then random
//           ones, as the scrambling of digits that no other point shares is.
//
// More points of the same seed go on with random and sobol; a Latin hypercube
// of another size is another one.
class Design {
 public:
  Design() = default;
  // Errors: no points, too many, a design or more dimensions than there are.
  static absl::StatusOr<Design> Make(const Sample& sample, size_t dimensions);

  const Sample& sample() const { return sample_; }

  // The coordinate, 0 < u < 1, of a point below sample().size().
  double Get(uint64_t point, size_t dimension) const;

 private:
  struct Scrambled {
    SobolDimension sequence;
    uint32_t seed;
  };

  double GetLatinHypercube(uint64_t point, uint32_t dimension) const;
  double GetSobol(uint64_t point, uint32_t dimension) const;

  Sample sample_;
  std::vector<Scrambled> sobol_;  // one a dimension
};

// "random", "lhs", "sobol".
absl::StatusOr<Sample::Design> ParseDesign(absl::string_view text);
absl::string_view DesignName(Sample::Design design);

// "1000 points, lhs, seed 0".
std::string SampleText(const Sample& sample);

}  // namespace cram
