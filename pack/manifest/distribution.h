// What the values of a sampled parameter are drawn from.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

// uniform(A,B)        A to B, all as likely
// normal(M,S)         mean M, standard deviation S
// lognormal(M,S)      the exponential of normal(M,S)
// loguniform(A,B)     0 < A to B, every factor as likely
// triangular(A,C,B)   A to B, likeliest at C
// choice(X,Y,...)     one of these texts, all as likely
//
// Whether `text` looks like one, right or wrong: NAME(...), or one of these
// names and a parenthesis.
bool LooksLikeDistribution(absl::string_view text);
absl::StatusOr<Distribution> ParseDistribution(absl::string_view text);
// As ParseDistribution reads it.
std::string FormatDistribution(const Distribution& distribution);

// Errors: of another number of numbers than its kind has, or such that make no
// distribution, or whose values could be too large for a double.
absl::Status CheckDistribution(const Distribution& distribution);

// The value at 0 < u < 1 of a distribution that passed the check: a number in
// the fewest digits that stand for its double, or a choice.
std::string ValueAt(const Distribution& distribution, double u);

}  // namespace cram
