#include <gtest/gtest.h>
#include <math.h>

#include "absl/strings/numbers.h"
#include "pack/manifest/distribution.h"
#include "pack/manifest/reproducible_math.h"

namespace cram {
namespace {

// How many doubles lie between them.
double UlpsApart(double a, double b) {
  return fabs(a - b) / (nextafter(fabs(b), INFINITY) - fabs(b));
}

double At(const std::string& text, double u) {
  absl::StatusOr<Distribution> distribution = ParseDistribution(text);
  EXPECT_TRUE(distribution.ok()) << distribution.status();
  double number;
  EXPECT_TRUE(absl::SimpleAtod(ValueAt(*distribution, u), &number));
  return number;
}

std::string Error(const std::string& text) {
  return std::string(ParseDistribution(text).status().message());
}

TEST(ReproducibleMath, AgreesWithTheMathLibrary) {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    EXPECT_LE(UlpsApart(ReproducibleLog(x), log(x)), 1) << x;
  }
  for (double x = 0.5; x < 2; x += 0.000123) {
    EXPECT_LE(UlpsApart(ReproducibleLog(x), log(x)), 1) << x;
  }
  for (double x = -kMostExponent; x < kMostExponent; x += 0.0937) {
    EXPECT_LE(UlpsApart(ReproducibleExp(x), exp(x)), 1) << x;
  }
  EXPECT_EQ(ReproducibleLog(1), 0);
  EXPECT_EQ(ReproducibleExp(0), 1);
}

// The values that Wichura's paper gives for its own test, and those of common
// tables.
TEST(ReproducibleMath, GivesThePublishedQuantilesOfTheNormal) {
  EXPECT_NEAR(NormalQuantile(0.25), -0.6744897501960817, 1e-16);
  EXPECT_NEAR(NormalQuantile(0.001), -3.090232306167814, 1e-15);
  EXPECT_NEAR(NormalQuantile(1e-20), -9.262340089798408, 4e-15);
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963984540054, 1e-15);
  EXPECT_NEAR(NormalQuantile(0.995), 2.575829303548901, 1e-15);
  EXPECT_EQ(NormalQuantile(0.5), 0);
  EXPECT_EQ(NormalQuantile(0.1), -NormalQuantile(0.9));
}

TEST(ReproducibleMath, QuantilesInvertTheNormalDistribution) {
  for (double u = 1e-12; u < 1; u += 0.00137) {
    double back = 0.5 * erfc(-NormalQuantile(u) / sqrt(2.0));
    EXPECT_NEAR(back / u, 1, 1e-13) << u;
  }
}

TEST(Distribution, HasThePublishedQuantiles) {
  EXPECT_EQ(At("uniform(-1,3)", 0.25), 0);
  EXPECT_NEAR(At("normal(100,15)", 0.975), 129.3994597681008, 1e-12);
  EXPECT_NEAR(At("lognormal(0,0.25)", 0.5), 1, 1e-15);
  EXPECT_NEAR(At("lognormal(1,0.5)", 0.95), 6.186854588195452, 1e-14);
  EXPECT_NEAR(At("loguniform(1e-3,1e3)", 0.5), 1, 1e-14);
  EXPECT_NEAR(At("loguniform(1,1000)", 1.0 / 3), 10, 1e-12);
  EXPECT_EQ(At("triangular(0,1,2)", 0.5), 1);
  EXPECT_EQ(At("triangular(0,1,2)", 0.125), 0.5);
  EXPECT_EQ(At("triangular(0,1,2)", 0.875), 1.5);
  EXPECT_EQ(At("triangular(0,0,1)", 0.75), 0.5);
  EXPECT_EQ(At("triangular(0,1,1)", 0.25), 0.5);
}

TEST(Distribution, StaysWithinItsEnds) {
  constexpr double kLeast = 0x1p-53;
  constexpr double kMost = 1 - 0x1p-53;
  for (const char* text :
       {"uniform(0.1,0.3)", "loguniform(0.1,0.3)", "triangular(0.1,0.1,0.3)",
        "triangular(0.1,0.3,0.3)", "triangular(0.1,0.2,0.3)"}) {
    EXPECT_GE(At(text, kLeast), 0.1) << text;
    EXPECT_LE(At(text, kMost), 0.3) << text;
  }
  EXPECT_GT(At("normal(0,1)", kLeast), -8.5);
  EXPECT_LT(At("normal(0,1)", kMost), 8.5);
  EXPECT_GT(At("lognormal(-600,11)", kLeast), 0);
  EXPECT_TRUE(std::isfinite(At("lognormal(600,11)", kMost)));
}

TEST(Distribution, ChoicesAreAllAsLikely) {
  Distribution choice = *ParseDistribution("choice(a,b c,d)");
  EXPECT_EQ(ValueAt(choice, 0x1p-53), "a");
  EXPECT_EQ(ValueAt(choice, 0.3333), "a");
  EXPECT_EQ(ValueAt(choice, 0.3334), "b c");
  EXPECT_EQ(ValueAt(choice, 0.6667), "d");
  EXPECT_EQ(ValueAt(choice, 1 - 0x1p-53), "d");
}

TEST(Distribution, NumbersHaveTheFewestDigitsThatStandForThem) {
  EXPECT_EQ(ValueAt(*ParseDistribution("uniform(0,0.4)"), 0.25), "0.1");
  EXPECT_EQ(ValueAt(*ParseDistribution("uniform(0,4e-7)"), 0.25), "1e-07");
  EXPECT_EQ(ValueAt(*ParseDistribution("uniform(0,2)"), 0.5), "1");
}

TEST(Distribution, IsReadAsItIsWritten) {
  for (const char* text :
       {"uniform(0,1)", "normal(-1.5,0.1)", "lognormal(0,1e-05)",
        "loguniform(0.001,1000)", "triangular(0,1,2)", "choice(a,b c)"}) {
    EXPECT_EQ(FormatDistribution(*ParseDistribution(text)), text);
  }
  EXPECT_EQ(FormatDistribution(*ParseDistribution("normal( 1.50 , 2 )")),
            "normal(1.5,2)");
}

TEST(Distribution, SaysWhatIsWrong) {
  EXPECT_EQ(Error("gauss(0,1)"),
            "no distribution 'gauss'; there are uniform, normal, lognormal, "
            "loguniform, triangular, choice");
  EXPECT_EQ(Error("uniform(0)"), "write uniform(A,B) with A < B");
  EXPECT_EQ(Error("uniform(0,1"), "write uniform(A,B) with A < B");
  EXPECT_EQ(Error("uniform(0,1)2"), "write uniform(A,B) with A < B");
  EXPECT_EQ(Error("uniform(0,x)"), "write uniform(A,B) with A < B");
  EXPECT_EQ(Error("uniform(0,inf)"), "write uniform(A,B) with A < B");
  EXPECT_EQ(Error("choice()"), "a choice is empty");
  EXPECT_EQ(Error("choice(a,,b)"), "a choice is empty");
  for (const char* text :
       {"uniform(1,1)", "uniform(-1e308,1e308)", "normal(0,0)",
        "normal(0,1e308)", "lognormal(0,100)", "loguniform(0,1)",
        "loguniform(1e-320,1)", "loguniform(1e-200,1e200)", "triangular(0,2,1)",
        "triangular(1,1,1)", "triangular(0,1,1e200)"}) {
    EXPECT_NE(Error(text).find("whose values a double can hold"),
              std::string::npos)
        << text;
  }
}

TEST(Distribution, RefusesForeignOnes) {
  Distribution distribution;
  EXPECT_FALSE(CheckDistribution(distribution).ok());
  distribution.set_kind(static_cast<Distribution::Kind>(99));
  EXPECT_EQ(CheckDistribution(distribution).message(),
            "a distribution that this version does not know");
  distribution.set_kind(Distribution::CHOICE);
  EXPECT_FALSE(CheckDistribution(distribution).ok());
  distribution.add_choices("a");
  EXPECT_TRUE(CheckDistribution(distribution).ok());
  distribution.add_numbers(1);
  EXPECT_FALSE(CheckDistribution(distribution).ok());
}

}  // namespace
}  // namespace cram
