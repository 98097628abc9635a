#include "sbin/report/attempt_output.h"

#include <unistd.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/journal/output_reader.h"

namespace cram {
namespace {

constexpr size_t kTailBytes = 1024;

std::string LeftOutLine(uint64_t bytes) {
  return absl::StrCat("\n[cram: ", bytes,
                      " bytes left out here, for the limit of output]\n");
}

}  // namespace

absl::Status ReadAttemptOutput(
    const Run& run, const Attempt& attempt, OutputStream stream,
    const std::function<void(absl::string_view)>& deliver) {
  const std::string& path = run.NodeOf(attempt).output;
  if (access(path.c_str(), F_OK) != 0) {
    return absl::NotFoundError(
        absl::StrCat("its output was not packed (there is no ", path, ")"));
  }
  std::optional<OutputExtent> extent;
  if (attempt.ended()) {
    extent = {attempt.output_offset, stream == OutputStream::kStdout
                                         ? attempt.stdout_bytes
                                         : attempt.stderr_bytes};
  }
  absl::StatusOr<uint64_t> delivered =
      ReadOutput(path, {attempt.source_index, attempt.number, stream}, extent,
                 deliver, [&](uint64_t bytes) { deliver(LeftOutLine(bytes)); });
  if (!delivered.ok()) return delivered.status();
  if (!extent || *delivered >= extent->bytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, ": torn or damaged; only ",
                                          *delivered, " of ", extent->bytes,
                                          " bytes are there"));
}

std::vector<std::string> LastErrorLines(const Run& run, const Attempt& attempt,
                                        size_t count) {
  std::string tail;
  bool cut = false;
  // What is there is shown, whatever is wrong with the rest.
  ReadAttemptOutput(run, attempt, OutputStream::kStderr,
                    [&](absl::string_view bytes) {
                      absl::StrAppend(&tail, bytes);
                      if (tail.size() <= kTailBytes) return;
                      tail.erase(0, tail.size() - kTailBytes);
                      cut = true;
                    })
      .IgnoreError();
  std::vector<std::string> lines =
      absl::StrSplit(absl::StripSuffix(tail, "\n"), '\n');
  // Of the first one there is only the end.
  if (cut && lines.size() > 1) {
    lines.erase(lines.begin());
  } else if (cut) {
    lines[0] = "..." + lines[0];
  }
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - count);
  if (lines.size() == 1 && lines[0].empty()) lines.clear();
  return lines;
}

bool ErrorsArePacked(const Run& run, const Attempt& attempt,
                     ManifestLookup* manifest) {
  if (attempt.stderr_bytes != 0) return true;
  const std::string& path = run.NodeOf(attempt).output;
  if (access(path.c_str(), F_OK) != 0) return false;
  const SubJob* subjob = manifest->Get(attempt.index);
  return subjob == nullptr || subjob->stderr_path.empty();
}

}  // namespace cram
