// What the parameters of a sub-job must meet: "a<b".
#pragma once

#include <stddef.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cram {

// LEFT OPERATOR RIGHT, with one of < <= == != >= > and blanks around them as
// one likes. A side is a parameter if one has its name, else what it says.
// Numbers are compared as numbers, so 0.50 is 0.5; what is none may only be
// equal, or not.
class Condition {
 public:
  // Errors: no operator; a side that is empty, in quotes, or another
  // comparison; no parameter on either; an order of what is neither parameter
  // nor number.
  static absl::StatusOr<Condition> Parse(absl::string_view text,
                                         absl::Span<const std::string> names);

  // `values` in the order of the names. Error: an order of what is no number.
  absl::StatusOr<bool> Holds(absl::Span<const std::string> values) const;

 private:
  enum class Operator {
    kLess,
    kLessEqual,
    kEqual,
    kNotEqual,
    kMore,
    kMoreEqual
  };
  struct Side {
    std::string text;
    size_t column;
    bool is_parameter;
  };

  static Side MakeSide(absl::string_view text,
                       absl::Span<const std::string> names);
  // Whether the sides make sense with this operator.
  absl::Status CheckSides(absl::Span<const std::string> names) const;
  bool takes_texts() const {
    return operator_ == Operator::kEqual || operator_ == Operator::kNotEqual;
  }
  // Whether it holds for what compares so: less than 0, 0, more.
  bool HoldsFor(int comparison) const;

  std::string text_;
  Operator operator_ = Operator::kEqual;
  Side left_, right_;
};

}  // namespace cram
