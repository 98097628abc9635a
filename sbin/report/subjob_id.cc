#include "sbin/report/subjob_id.h"

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace cram {

std::optional<std::string> TakeIndex(std::string* run) {
  size_t underscore = run->rfind('_');
  if (underscore == std::string::npos || access(run->c_str(), F_OK) == 0) {
    return std::nullopt;
  }
  std::string index = run->substr(underscore + 1);
  bool is_id =
      absl::ascii_isdigit(run->front()) || absl::StartsWith(*run, "run-");
  if (!is_id || index.empty() ||
      index.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  run->resize(underscore);
  return index;
}

}  // namespace cram
