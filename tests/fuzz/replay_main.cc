// Gives every file of a corpus folder to a fuzz target, where there is no
// libFuzzer.
//
//   fuzz_TARGET FOLDER
#include <dirent.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pack/base/io.h"
#include "tests/fuzz/target.h"

namespace {

std::vector<std::string> FilesOf(const std::string& folder) {
  std::vector<std::string> paths;
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return paths;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    paths.push_back(folder + "/" + entry->d_name);
  }
  closedir(directory);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  std::vector<std::string> paths = FilesOf(argv[1]);
  for (const std::string& path : paths) {
    fprintf(stderr, "%s\n", path.c_str());  // the last one said is the culprit
    absl::StatusOr<std::string> content = cram::ReadFile(path);
    REQUIRE(content.ok());
    // Of exact size, so that AddressSanitizer sees a read behind the end.
    std::vector<uint8_t> bytes(content->begin(), content->end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  fprintf(stderr, "%zu inputs\n", paths.size());
  return paths.empty() ? 1 : 0;
}
