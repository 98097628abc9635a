#include <gmock/gmock.h>
#include <math.h>

#include <algorithm>
#include <map>
#include <set>

#include "pack/manifest/design.h"
#include "pack/manifest/permutation.h"
#include "pack/manifest/philox.h"
#include "pack/manifest/sobol.h"

namespace cram {
namespace {

using testing::ElementsAre;

Design Make(Sample::Design design, uint64_t size, uint64_t seed = 0,
            size_t dimensions = 10) {
  Sample sample;
  sample.set_size(size);
  sample.set_design(design);
  sample.set_seed(seed);
  absl::StatusOr<Design> made = Design::Make(sample, dimensions);
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

TEST(Philox, GivesTheKnownAnswersOfItsAuthors) {
  EXPECT_THAT(Philox({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_THAT(Philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                     {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(Permutation, GivesEveryPlaceOnce) {
  for (uint64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 64, 100, 1000, 4097}) {
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < size; ++i) {
      uint64_t place = Permuted(i, size, /*seed=*/3, /*dimension=*/1);
      EXPECT_LT(place, size);
      seen.insert(place);
    }
    EXPECT_EQ(seen.size(), size);
  }
}

TEST(Permutation, WorksForTheLargestSample) {
  uint64_t size = uint64_t{1} << 32;
  for (uint64_t i : {uint64_t{0}, size / 2, size - 1}) {
    EXPECT_LT(Permuted(i, size, 1, 0), size);
    EXPECT_LT(Permuted(i, size - 1, 1, 0), size);
  }
}

// 24 orders of 4 and 120 of 5, 200 times each: chi-squared with 23 and 119
// degrees of freedom is beyond 64 and 195 once in 100,000 times.
TEST(Permutation, GivesEveryOrderAsOften) {
  for (uint64_t size : {4, 5}) {
    std::map<std::vector<uint64_t>, int> orders;
    int kinds = size == 4 ? 24 : 120;
    for (int seed = 0; seed < 200 * kinds; ++seed) {
      std::vector<uint64_t> order;
      for (uint64_t i = 0; i < size; ++i) {
        order.push_back(Permuted(i, size, static_cast<uint64_t>(seed), 0));
      }
      ++orders[order];
    }
    double chi_squared = 200.0 * (kinds - static_cast<int>(orders.size()));
    for (const auto& [order, count] : orders) {
      chi_squared += (count - 200.0) * (count - 200.0) / 200.0;
    }
    EXPECT_LT(chi_squared, size == 4 ? 64 : 195);
  }
}

// S. Joe and F. Kuo's notes on generating Sobol sequences, and those of SciPy
// 1.10 for the dimensions behind.
TEST(Sobol, GivesThePublishedPoints) {
  const double published[8][3] = {{0, 0, 0},
                                  {0.5, 0.5, 0.5},
                                  {0.75, 0.25, 0.25},
                                  {0.25, 0.75, 0.75},
                                  {0.375, 0.375, 0.625},
                                  {0.875, 0.875, 0.125},
                                  {0.625, 0.125, 0.875},
                                  {0.125, 0.625, 0.375}};
  for (size_t dimension = 0; dimension < 3; ++dimension) {
    SobolDimension sobol(dimension);
    for (uint64_t i = 0; i < 8; ++i) {
      EXPECT_EQ(ldexp(sobol.Get(i), -32), published[i][dimension]);
    }
  }
  const std::pair<size_t, uint32_t> thousandth[] = {
      {0, 943718400},  {1, 415236096},    {2, 2227175424}, {9, 297795584},
      {99, 801112064}, {499, 1094713344}, {999, 859832320}};
  for (const auto& [dimension, number] : thousandth) {
    EXPECT_EQ(SobolDimension(dimension).Get(1000), number);
  }
}

TEST(Sobol, FillsEveryIntervalOfEveryDimension) {
  for (size_t dimension = 0; dimension < kSobolDimensions; dimension += 37) {
    SobolDimension sobol(dimension);
    std::set<uint32_t> intervals;
    for (uint64_t i = 0; i < 256; ++i) intervals.insert(sobol.Get(i) >> 24);
    EXPECT_EQ(intervals.size(), 256u);
  }
}

TEST(OwenScramble, KeepsHowManyBitsNumbersShare) {
  for (uint32_t number : {0u, 1u, 0x80000000u, 0xdeadbeefu}) {
    for (int bit = 0; bit < 32; ++bit) {
      uint32_t other = number ^ uint32_t { 1 } << bit;
      uint32_t difference = OwenScramble(number, 77) ^ OwenScramble(other, 77);
      EXPECT_EQ(31 - __builtin_clz(difference), bit);
    }
  }
  EXPECT_NE(OwenScramble(5, 1), OwenScramble(5, 2));
}

TEST(Design, LatinHypercubeHasAPointInEveryStratum) {
  for (uint64_t size : {1, 2, 3, 10, 1000, 4096}) {
    Design design = Make(Sample::LATIN_HYPERCUBE, size, size);
    for (size_t dimension = 0; dimension < 10; ++dimension) {
      std::set<uint64_t> strata;
      for (uint64_t i = 0; i < size; ++i) {
        double u = design.Get(i, dimension);
        strata.insert(static_cast<uint64_t>(u * static_cast<double>(size)));
      }
      EXPECT_EQ(strata.size(), size);
      EXPECT_LT(*strata.rbegin(), size);
    }
  }
}

TEST(Design, SobolHasAPointInEveryIntervalOfAPowerOfTwo) {
  Design design = Make(Sample::SOBOL, 1024, 5);
  for (size_t dimension = 0; dimension < 10; ++dimension) {
    std::set<uint64_t> intervals;
    for (uint64_t i = 0; i < 1024; ++i) {
      intervals.insert(static_cast<uint64_t>(design.Get(i, dimension) * 1024));
    }
    EXPECT_EQ(intervals.size(), 1024u);
  }
}

TEST(Design, SobolStaysWithinTheCubeAtItsLastPoint) {
  Design design = Make(Sample::SOBOL, uint64_t{1} << 32, 1, 1000);
  for (size_t dimension : {0, 500, 999}) {
    double u = design.Get((uint64_t{1} << 32) - 1, dimension);
    EXPECT_GT(u, 0);
    EXPECT_LT(u, 1);
  }
}

// Means and variances of the uniform distribution, and no correlation between
// dimensions: within five standard errors of 20,000 random points.
TEST(Design, PointsAreUniformAndDimensionsIndependent) {
  for (Sample::Design kind :
       {Sample::RANDOM, Sample::LATIN_HYPERCUBE, Sample::SOBOL}) {
    constexpr int kSize = 20000;
    Design design = Make(kind, kSize, 9);
    double sum = 0, squares = 0, products = 0;
    for (uint64_t i = 0; i < kSize; ++i) {
      double x = design.Get(i, 3) - 0.5;
      double y = design.Get(i, 7) - 0.5;
      EXPECT_LT(fabs(x), 0.5);
      sum += x;
      squares += x * x;
      products += x * y;
    }
    EXPECT_NEAR(sum / kSize, 0, 5 * sqrt(1.0 / 12 / kSize));
    EXPECT_NEAR(squares / kSize, 1.0 / 12, 5 * sqrt(1.0 / 180 / kSize));
    EXPECT_NEAR(products / kSize, 0, 5 * 1.0 / 12 / sqrt(kSize));
  }
}

TEST(Design, MorePointsGoOnWithRandomAndSobol) {
  for (Sample::Design kind : {Sample::RANDOM, Sample::SOBOL}) {
    Design few = Make(kind, 10);
    Design many = Make(kind, 1000);
    for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(few.Get(i, 2), many.Get(i, 2));
  }
}

TEST(Design, AnotherParameterAtTheEndChangesNoOther) {
  for (Sample::Design kind :
       {Sample::RANDOM, Sample::LATIN_HYPERCUBE, Sample::SOBOL}) {
    Design few = Make(kind, 100, 1, 3);
    Design many = Make(kind, 100, 1, 30);
    for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(few.Get(i, 2), many.Get(i, 2));
  }
}

TEST(Design, SeedsDiffer) {
  for (Sample::Design kind :
       {Sample::RANDOM, Sample::LATIN_HYPERCUBE, Sample::SOBOL}) {
    EXPECT_NE(Make(kind, 100, 0).Get(1, 0), Make(kind, 100, 1).Get(1, 0));
    EXPECT_NE(Make(kind, 100, 0).Get(1, 0),
              Make(kind, 100, uint64_t{1} << 40).Get(1, 0));
  }
}

TEST(Design, RefusesSizesAndDesignsThatAreNone) {
  Sample sample;
  EXPECT_EQ(Design::Make(sample, 1).status().message(),
            "a sample of 0 points; there can be 1 to 4294967296");
  sample.set_size((uint64_t{1} << 32) + 1);
  EXPECT_FALSE(Design::Make(sample, 1).ok());
  sample.set_size(1);
  EXPECT_TRUE(Design::Make(sample, 1000).ok());
  EXPECT_FALSE(Design::Make(sample, 1001).ok());
  sample.set_design(static_cast<Sample::Design>(99));
  EXPECT_EQ(Design::Make(sample, 1).status().message(),
            "a design that this version does not know");
}

TEST(Design, NamesAreReadAsTheyAreWritten) {
  for (const char* name : {"random", "lhs", "sobol"}) {
    EXPECT_EQ(DesignName(*ParseDesign(name)), name);
  }
  EXPECT_EQ(ParseDesign("halton").status().message(),
            "'halton' is not a design; designs are random, lhs and sobol");
}

}  // namespace
}  // namespace cram
