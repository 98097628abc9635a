// /proc/<pid>/maps, whose process chooses the names of files.
#include "absl/strings/match.h"
#include "spank/agent/caps/seen_files.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view text = cram::TextOf(data, size);
  for (const cram::TmpfsFile& file :
       cram::FilesMappedToWrite(text, "/dev/shm/")) {
    REQUIRE(absl::StartsWith(file.path, "/dev/shm/"));
    REQUIRE(absl::StrContains(text, file.path));
  }
  return 0;
}
