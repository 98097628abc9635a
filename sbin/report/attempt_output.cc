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

absl::Status ReadOneOutput(
    const std::string& path, const Attempt& attempt, OutputStream stream,
    const std::optional<OutputExtent>& extent,
    const std::function<void(const OutputPiece&)>& deliver) {
  if (access(path.c_str(), F_OK) != 0) {
    return absl::NotFoundError(
        absl::StrCat("its output was not packed (there is no ", path, ")"));
  }
  absl::StatusOr<uint64_t> delivered =
      ReadOutput(path, {attempt.source_index, attempt.number, stream}, extent,
                 [&deliver](const OutputPiece& piece) {
                   if (piece.left_out != 0) {
                     deliver({LeftOutLine(piece.left_out), 0, piece.rank});
                   }
                   deliver(piece);
                 });
  if (!delivered.ok()) return delivered.status();
  if (!extent || *delivered >= extent->bytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, ": torn or damaged; only ",
                                          *delivered, " of ", extent->bytes,
                                          " bytes are there"));
}

// Beside that of the node that recorded it.
std::string OutputOf(const NodeRecords& recorded, uint32_t node_id) {
  const std::string& path = recorded.output;
  return absl::StrCat(path.substr(0, path.rfind('.') + 1), node_id);
}

}  // namespace

absl::Status ReadAttemptOutput(
    const Run& run, const Attempt& attempt, OutputStream stream,
    const std::function<void(const OutputPiece&)>& deliver) {
  const NodeRecords& recorded = run.NodeOf(attempt);
  auto bytes_of = [stream](const auto& printed) {
    return stream == OutputStream::kStdout ? printed.stdout_bytes
                                           : printed.stderr_bytes;
  };
  absl::Status status;
  const EndDetails& details = run.Details(attempt);
  for (const EndDetails::Part& part : details.parts) {
    if (bytes_of(part) == 0) continue;
    status.Update(ReadOneOutput(OutputOf(recorded, part.node_id), attempt,
                                stream, {{part.output_offset, bytes_of(part)}},
                                deliver));
  }
  if (!details.parts.empty() && bytes_of(attempt) != 0) return status;
  if (attempt.ended()) {
    return ReadOneOutput(recorded.output, attempt, stream,
                         {{attempt.output_offset, bytes_of(attempt)}}, deliver);
  }
  // It runs, and perhaps on several nodes: nobody has said yet on which.
  if (attempt.cpus <= recorded.cpus) {
    return ReadOneOutput(recorded.output, attempt, stream, std::nullopt,
                         deliver);
  }
  for (size_t i = 0; i < run.own_nodes(); ++i) {
    status.Update(ReadOneOutput(run.nodes()[i].output, attempt, stream,
                                std::nullopt, deliver));
  }
  return status;
}

std::vector<std::string> LastErrorLines(const Run& run, const Attempt& attempt,
                                        size_t count) {
  std::string tail;
  bool cut = false;
  // What is there is shown, whatever is wrong with the rest.
  ReadAttemptOutput(run, attempt, OutputStream::kStderr,
                    [&](const OutputPiece& piece) {
                      absl::StrAppend(&tail, piece.bytes);
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
