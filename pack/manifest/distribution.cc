#include "pack/manifest/distribution.h"

#include <float.h>
#include <math.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pack/manifest/reproducible_math.h"

namespace cram {
namespace {

static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles");

// No coordinate of a design is as far out in a tail as this many standard
// deviations: that of 2^-53 is at 8.2.
constexpr double kFarthest = 8.5;

struct Form {
  absl::string_view name;
  int numbers;
  absl::string_view example;
};

// In the order of Distribution::Kind.
constexpr std::array<Form, 6> kForms = {{
    {"uniform", 2, "uniform(A,B) with A < B"},
    {"normal", 2, "normal(MEAN,SD) with SD > 0"},
    {"lognormal", 2, "lognormal(MEAN,SD) with SD > 0, both of the logarithm"},
    {"loguniform", 2, "loguniform(A,B) with 0 < A < B"},
    {"triangular", 3, "triangular(A,MODE,B) with A <= MODE <= B and A < B"},
    {"choice", 0, "choice(X,Y,...)"},
}};

const Form& FormOf(const Distribution& distribution) {
  return kForms[static_cast<size_t>(distribution.kind())];
}

absl::Status Malformed(const Form& form) {
  return absl::InvalidArgumentError(absl::StrCat("write ", form.example));
}

// In the fewest digits that stand for it.
std::string FormatNumber(double number) {
  std::array<char, 32> text;
  std::to_chars_result end =
      std::to_chars(text.data(), text.data() + text.size(), number);
  return std::string(text.data(), end.ptr);
}

bool NumbersFit(const Distribution& d) {
  double a = d.numbers(0);
  double b = d.numbers(1);
  switch (d.kind()) {
    case Distribution::UNIFORM:
      return a < b && std::isfinite(b - a);
    case Distribution::NORMAL:
      return b > 0 && std::isfinite(fabs(a) + kFarthest * b);
    case Distribution::LOGNORMAL:
      return b > 0 && fabs(a) + kFarthest * b <= kMostExponent;
    case Distribution::LOGUNIFORM:
      return std::isnormal(a) && a > 0 && a < b && b / a < 1e300;
    default: {
      // The root's argument is below the square of the width.
      double c = d.numbers(2);
      return a <= b && b <= c && a < c &&
             std::isfinite((c - a) * (c - a) * 4) && (c - a) * (c - a) > 0;
    }
  }
}

double NumberAt(const Distribution& d, double u) {
  double a = d.numbers(0);
  double b = d.numbers(1);
  switch (d.kind()) {
    case Distribution::UNIFORM:
      return std::clamp(a + u * (b - a), a, b);
    case Distribution::NORMAL:
      return a + b * NormalQuantile(u);
    case Distribution::LOGNORMAL:
      return ReproducibleExp(a + b * NormalQuantile(u));
    case Distribution::LOGUNIFORM:
      return std::clamp(a * ReproducibleExp(u * ReproducibleLog(b / a)), a, b);
    default: {
      double c = d.numbers(2);
      double below = (b - a) / (c - a);
      return u < below
                 ? std::clamp(a + sqrt(u * (c - a) * (b - a)), a, b)
                 : std::clamp(c - sqrt((1 - u) * (c - a) * (c - b)), b, c);
    }
  }
}

// The text within the parentheses.
absl::string_view Inside(absl::string_view text) {
  size_t open = text.find('(');
  return text.substr(open + 1, text.size() - open - 2);
}

// Its form, or the end of them.
auto FindForm(absl::string_view name) {
  return std::find_if(kForms.begin(), kForms.end(),
                      [&](const Form& form) { return form.name == name; });
}

// Whether the only closing parenthesis is at the end.
bool IsClosed(absl::string_view text) {
  return text.find(')') == text.size() - 1;
}

}  // namespace

bool LooksLikeDistribution(absl::string_view text) {
  size_t open = text.find('(');
  if (open == 0 || open == absl::string_view::npos) return false;
  absl::string_view name = text.substr(0, open);
  return FindForm(name) != kForms.end() ||
         (std::all_of(name.begin(), name.end(), absl::ascii_isalnum) &&
          IsClosed(text));
}

absl::StatusOr<Distribution> ParseDistribution(absl::string_view text) {
  absl::string_view name = text.substr(0, text.find('('));
  auto form = FindForm(name);
  if (form == kForms.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no distribution '", name, "'; there are ",
        absl::StrJoin(kForms, ", ", [](std::string* out, const Form& f) {
          absl::StrAppend(out, f.name);
        })));
  }
  if (!IsClosed(text)) return Malformed(*form);
  Distribution result;
  result.set_kind(static_cast<Distribution::Kind>(form - kForms.begin()));
  for (absl::string_view word : absl::StrSplit(Inside(text), ',')) {
    if (result.kind() == Distribution::CHOICE) {
      if (word.empty()) return absl::InvalidArgumentError("a choice is empty");
      result.add_choices(word.data(), word.size());
      continue;
    }
    double number;
    if (!absl::SimpleAtod(word, &number)) return Malformed(*form);
    result.add_numbers(number);
  }
  absl::Status status = CheckDistribution(result);
  if (!status.ok()) return status;
  return result;
}

std::string FormatDistribution(const Distribution& distribution) {
  std::vector<std::string> words(distribution.choices().begin(),
                                 distribution.choices().end());
  for (double number : distribution.numbers()) {
    words.push_back(FormatNumber(number));
  }
  return absl::StrCat(FormOf(distribution).name, "(", absl::StrJoin(words, ","),
                      ")");
}

absl::Status CheckDistribution(const Distribution& distribution) {
  if (!Distribution::Kind_IsValid(distribution.kind())) {
    return absl::InvalidArgumentError(
        "a distribution that this version does not know");
  }
  const Form& form = FormOf(distribution);
  bool is_choice = distribution.kind() == Distribution::CHOICE;
  bool good = distribution.numbers_size() == form.numbers &&
              distribution.choices().empty() != is_choice;
  for (double number : distribution.numbers()) {
    good = good && std::isfinite(number);
  }
  if (!good) return Malformed(form);
  if (is_choice || NumbersFit(distribution)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("not ", FormatDistribution(distribution), ": write ",
                   form.example, ", whose values a double can hold"));
}

std::string ValueAt(const Distribution& distribution, double u) {
  if (distribution.kind() != Distribution::CHOICE) {
    return FormatNumber(NumberAt(distribution, u));
  }
  int count = distribution.choices_size();
  int chosen = static_cast<int>(u * count);
  return distribution.choices(std::min(chosen, count - 1));
}

}  // namespace cram
