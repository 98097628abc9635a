#include "pack/manifest/condition.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pack/manifest/decimal.h"

namespace cram {
namespace {

// As decimals, which are exact, or else as the nearest doubles. None: one of
// them is no number.
std::optional<int> CompareNumbers(absl::string_view left,
                                  absl::string_view right) {
  absl::StatusOr<Decimal> a = Decimal::Parse(left), b = Decimal::Parse(right);
  if (a.ok() && b.ok()) {
    uint32_t scale = std::max(a->scale, b->scale);
    a = a->WithScale(scale);
    b = b->WithScale(scale);
    if (a.ok() && b.ok()) {
      return (a->digits > b->digits) - (a->digits < b->digits);
    }
  }
  double x, y;
  if (!absl::SimpleAtod(left, &x) || !absl::SimpleAtod(right, &y) ||
      std::isnan(x) || std::isnan(y)) {
    return std::nullopt;
  }
  return (x > y) - (x < y);
}

// What would be taken for a value, and be equal to none: a second comparison
// behind the first, or quotes, of which the shell has left some.
bool LooksLikeMore(absl::string_view side) {
  for (absl::string_view sign : {"<", ">", "==", "!=", "&&", "||"}) {
    if (absl::StrContains(side, sign)) return true;
  }
  return side[0] == '"' || side[0] == '\'';
}

}  // namespace

Condition::Side Condition::MakeSide(absl::string_view text,
                                    absl::Span<const std::string> names) {
  auto name = std::find(names.begin(), names.end(), text);
  return {std::string(text), static_cast<size_t>(name - names.begin()),
          name != names.end()};
}

absl::StatusOr<Condition> Condition::Parse(
    absl::string_view text, absl::Span<const std::string> names) {
  // Of two that begin alike the longer one first.
  constexpr std::pair<absl::string_view, Operator> kOperators[] = {
      {"<=", Operator::kLessEqual}, {"<", Operator::kLess},
      {">=", Operator::kMoreEqual}, {">", Operator::kMore},
      {"==", Operator::kEqual},     {"!=", Operator::kNotEqual}};
  size_t place = text.find_first_of("<>=!");
  absl::string_view rest =
      place == absl::string_view::npos ? "" : text.substr(place);
  for (const auto& [sign, meaning] : kOperators) {
    if (rest.substr(0, sign.size()) != sign) continue;
    Condition condition;
    condition.text_ = std::string(text);
    condition.operator_ = meaning;
    absl::string_view sides[] = {
        absl::StripAsciiWhitespace(text.substr(0, place)),
        absl::StripAsciiWhitespace(rest.substr(sign.size()))};
    condition.left_ = MakeSide(sides[0], names);
    condition.right_ = MakeSide(sides[1], names);
    if (sides[0].empty() || sides[1].empty()) break;
    absl::Status status = condition.CheckSides(names);
    if (!status.ok()) return status;
    return condition;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is not a comparison, as in 'a<b' or 'mode!=fast'"));
}

absl::Status Condition::CheckSides(absl::Span<const std::string> names) const {
  std::string known = absl::StrCat(
      "; known: ", names.empty() ? "none" : absl::StrJoin(names, ", "));
  if (!left_.is_parameter && !right_.is_parameter) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text_, "': no side of it is a parameter", known));
  }
  for (const Side& side : {left_, right_}) {
    if (LooksLikeMore(side.text)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", text_, "': '", side.text, "' is more than a parameter or a ",
          "value; one comparison each, and no quotes within"));
    }
    if (takes_texts() || side.is_parameter || CompareNumbers(side.text, "0")) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("'", text_, "': '", side.text,
                     "' is neither a number nor a parameter", known));
  }
  return absl::OkStatus();
}

bool Condition::HoldsFor(int comparison) const {
  switch (operator_) {
    case Operator::kLess:
      return comparison < 0;
    case Operator::kLessEqual:
      return comparison <= 0;
    case Operator::kEqual:
      return comparison == 0;
    case Operator::kNotEqual:
      return comparison != 0;
    case Operator::kMore:
      return comparison > 0;
    case Operator::kMoreEqual:
      return comparison >= 0;
  }
  return false;
}

absl::StatusOr<bool> Condition::Holds(
    absl::Span<const std::string> values) const {
  auto value_of = [&](const Side& side) -> absl::string_view {
    return side.is_parameter ? values[side.column] : side.text;
  };
  absl::string_view left = value_of(left_), right = value_of(right_);
  std::optional<int> comparison = CompareNumbers(left, right);
  if (comparison) return HoldsFor(*comparison);
  if (takes_texts()) {
    return HoldsFor(left == right ? 0 : 1);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text_, "': '", left, "' and '", right,
                   "' are not both numbers; only == and != take texts"));
}

}  // namespace cram
