#include "sbin/cram/output_command.h"

#include <stdio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/base/run_directory.h"
#include "pack/base/size.h"
#include "sbin/cram/whole_number.h"
#include "sbin/report/attempt_output.h"
#include "sbin/report/manifest_lookup.h"
#include "sbin/report/rank_lines.h"
#include "sbin/report/run.h"
#include "sbin/report/subjob_id.h"

namespace cram {
namespace {

absl::Status NameSubJob(OutputRequest* request) {
  if (request->index) return absl::OkStatus();
  uint64_t index = 0;
  std::optional<std::string> word = TakeIndex(&request->run);
  if (!word || !absl::SimpleAtoi(*word, &index)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "of which sub-job? Give its index: cram output ", request->run, " 0"));
  }
  request->index = index;
  return absl::OkStatus();
}

absl::StatusOr<const Attempt*> FindAttempt(const Run& run,
                                           const OutputRequest& request) {
  if (*request.index >= run.subjobs()) {
    return absl::OutOfRangeError(
        absl::StrCat("no such sub-job; run ", run.id(), " has ", run.subjobs(),
                     ", from 0 to ", run.subjobs() - 1));
  }
  const Attempt* last = run.Last(*request.index);
  if (last == nullptr) return absl::NotFoundError("it has not started");
  if (!request.attempt) return last;
  for (const Attempt* it = last; it != nullptr; it = it->previous) {
    if (it->number == *request.attempt) return it;
  }
  return absl::NotFoundError(absl::StrCat("no attempt ", *request.attempt,
                                          "; its last one is ", last->number));
}

// A sub-job may name files of its own for what it prints, in a run whose other
// output is packed.
absl::Status CheckPacked(const SubJob& subjob, const OutputRequest& request) {
  if (request.rank.value_or(0) >= subjob.ranks) {
    return absl::OutOfRangeError(
        absl::StrCat("no rank ", *request.rank, "; it has ", subjob.ranks,
                     ", from 0 to ", subjob.ranks - 1));
  }
  const std::string& path =
      request.standard_error ? subjob.stderr_path : subjob.stdout_path;
  if (path.empty()) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("its output was not packed; it went to ", path));
}

absl::Status Copy(const Run& run, const Attempt& attempt,
                  const OutputRequest& request) {
  absl::Status written;
  RankLines lines(request.label, [&written](absl::string_view bytes) {
    if (!written.ok()) return;
    written = WriteFull(STDOUT_FILENO, bytes, "standard output");
  });
  absl::Status read = ReadAttemptOutput(
      run, attempt,
      request.standard_error ? OutputStream::kStderr : OutputStream::kStdout,
      [&](const OutputPiece& piece) {
        if (request.rank && piece.rank != request.rank) return;
        lines.Take(piece.rank, piece.bytes);
      });
  lines.End();
  if (!written.ok()) return written;
  const EndDetails& details = run.Details(attempt);
  uint64_t left_out = request.standard_error ? details.stderr_left_out
                                             : details.stdout_left_out;
  if (left_out != 0) {
    fprintf(stderr,
            "cram: sub-job %s: %s were left out, for the limit of output "
            "(--cram-output-limit); its start and its end are here\n",
            absl::StrCat(*request.index).c_str(), FormatSize(left_out).c_str());
  }
  return read;
}

}  // namespace

void DefineOutputCommand(CLI::App* command, OutputRequest* request) {
  command
      ->add_option("RUN", request->run,
                   "run directory, or id of the job, of the run or of the "
                   "sub-job (12.0_17)")
      ->required();
  command
      ->add_option("INDEX", request->index,
                   "of the sub-job, unless its id was given")
      ->check(CheckWholeNumber);
  command->add_flag("--stderr", request->standard_error,
                    "its standard error instead of its standard output");
  command
      ->add_option("--attempt", request->attempt,
                   "of this attempt, counted from 0 (default: the last)")
      ->type_name("K")
      ->check(CheckWholeNumber);
  command
      ->add_option("--rank", request->rank,
                   "of this rank alone (default: of all, line by line)")
      ->type_name("R")
      ->check(CheckWholeNumber);
  command->add_flag("-l,--label", request->label,
                    "the number of its rank before each line");
}

absl::Status PrintOutput(OutputRequest request) {
  absl::Status named = NameSubJob(&request);
  if (!named.ok()) return named;
  absl::StatusOr<RunDirectory> directory = FindRun(request.run);
  if (!directory.ok()) return directory.status();
  absl::StatusOr<std::unique_ptr<Run>> run = Run::Load(*directory);
  if (!run.ok()) return run.status();
  std::string context = absl::StrCat("sub-job ", *request.index);
  absl::StatusOr<const Attempt*> attempt = FindAttempt(**run, request);
  if (!attempt.ok()) return WithContext(context, attempt.status());
  ManifestLookup manifest(**run);
  const SubJob* subjob = manifest.Get(*request.index);
  absl::Status status;
  if (subjob != nullptr) {
    status = CheckPacked(*subjob, request);
    // All is its, and nothing says so.
    if (subjob->ranks == 1) request.rank.reset();
  }
  if (status.ok()) status = Copy(**run, **attempt, request);
  return WithContext(context, status);
}

}  // namespace cram
