#include "spank/agent/agent/run.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/base/shell_quote.h"

namespace cram {

std::string ToGoOn(const Step& step, const RunDirectory& directory) {
  return absl::StrCat(
      "to go on: ",
      step.in_slurm ? "srun --cram-resume=" : "cram run --resume ",
      ShellQuote(directory.path()));
}

void Run::Say(const std::string& line) const {
  // Over the progress line where there is one, "erase to the end of the line",
  // ECMA-48. In one write, so that lines of several nodes do not mix.
  const char* begin =
      options.terminal && options.run.progress ? "\r\x1b[K" : "";
  (void)WriteFull(STDERR_FILENO, absl::StrCat(begin, "cram: ", line, "\n"),
                  "stderr");
}

}  // namespace cram
