#include "sbin/cram/whole_number.h"

#include <stdint.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cram {

std::string CheckWholeNumber(const std::string& text) {
  uint64_t number;
  if (text.empty() ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return absl::StrCat("'", text, "' is not a whole number of at least 0");
  }
  return absl::SimpleAtoi(text, &number) ? ""
                                         : absl::StrCat(text, " is too large");
}

}  // namespace cram
