#include "pack/base/escape_controls.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace cram {

std::string EscapeControls(absl::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (absl::ascii_iscntrl(c)) {
      escaped += absl::CEscape(absl::string_view(&c, 1));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace cram
