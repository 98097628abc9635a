// What may follow the colon of a placeholder: {name:08d}.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// [+][0][width][.precision][type], the part of C's and Python's formats that
// makes sense for one value: type d (whole number), x or X (hexadecimal), e, f
// or g (or E, F, G; a precision only with these), or none, which takes any
// text. Values are filled up from the left with blanks, or with zeros behind
// the sign.
class NumberFormat {
 public:
  NumberFormat() = default;  // leaves every value as it is

  static absl::StatusOr<NumberFormat> Parse(absl::string_view spec);

  // Whether a value can be refused.
  bool needs_number() const { return type_ != '\0' || zero_ || plus_; }

  // Appends `value` in this format. Error: it is no such number.
  absl::Status Append(absl::string_view value, std::string* out) const;

 private:
  absl::Status AppendInteger(absl::string_view value, std::string* out) const;
  absl::Status AppendHexadecimal(absl::string_view value,
                                 std::string* out) const;
  absl::Status AppendFloat(absl::string_view value, std::string* out) const;
  void AppendPadded(bool negative, absl::string_view digits,
                    std::string* out) const;

  bool plain_ = true;
  bool plus_ = false;
  bool zero_ = false;
  int width_ = 0;
  int precision_ = -1;
  char type_ = '\0';
};

}  // namespace cram
