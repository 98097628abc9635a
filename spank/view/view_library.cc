#include "spank/view/view_library.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {

absl::StatusOr<std::string> FindViewLibrary(absl::string_view program) {
  std::string installed =
      absl::StrCat(program.substr(0, program.rfind('/') + 1), CRAM_VIEW_PATH);
  std::error_code error;
  std::string path = std::filesystem::canonical(installed, error).string();
  if (error) {
    return ErrnoStatus("--view: the library is not installed:", installed,
                       error.value());
  }
  if (path.find_first_of(" \t\n:$") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--view: ", path,
                     " cannot be preloaded: its path has a blank, a "
                     "colon or a dollar; install cram elsewhere"));
  }
  return path;
}

std::string PreloadWith(absl::string_view users, absl::string_view library) {
  if (users.empty()) return std::string(library);
  return absl::StrCat(users, ":", library);
}

}  // namespace cram
