#include "pack/base/program_path.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cram {

std::vector<std::string> ProgramPaths(absl::string_view program,
                                      absl::string_view path) {
  std::vector<std::string> paths;
  if (program.find('/') != absl::string_view::npos) {
    paths.emplace_back(program);
    return paths;
  }
  for (absl::string_view directory : absl::StrSplit(path, ':')) {
    if (directory.empty()) directory = ".";
    paths.push_back(absl::StrCat(directory, "/", program));
  }
  return paths;
}

}  // namespace cram
