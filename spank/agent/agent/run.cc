#include "spank/agent/agent/run.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {

void Run::Say(const std::string& line) const {
  // In one write, so that lines of several nodes do not mix.
  (void)WriteFull(STDERR_FILENO, absl::StrCat("cram: ", line, "\n"), "stderr");
}

}  // namespace cram
