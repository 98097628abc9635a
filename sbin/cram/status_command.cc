#include "sbin/cram/status_command.h"

#include <stdio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "absl/time/clock.h"
#include "pack/base/run_directory.h"
#include "sbin/cram/print.h"
#include "sbin/report/json.h"
#include "sbin/report/status.h"

namespace cram {
namespace {

constexpr size_t kMostSlowest = 10;
// A run of a million sub-jobs takes a second to read.
constexpr const char* kWatchSeconds = "5";
// Cursor to the top, and erase what is below it: ECMA-48.
constexpr absl::string_view kClear = "\x1b[H\x1b[J";

// Whether the run goes on.
absl::StatusOr<bool> PrintOnce(const RunDirectory& directory, bool json,
                               absl::string_view before) {
  absl::StatusOr<std::unique_ptr<Run>> run = Run::Load(directory);
  if (!run.ok()) return run.status();
  int64_t now = absl::GetCurrentTimeNanos();
  RunStatus status = StatusOf(**run, now, kMostSlowest);
  ManifestLookup manifest(**run);
  ReportContext context = {**run, manifest, '\0', now};
  absl::Status printed = Print(before);
  printed.Update(
      Print(json ? StatusJson(status, context) : StatusText(status, context)));
  printed.Update(FlushPrinted());
  if (!printed.ok()) return printed;
  for (const std::string& warning : (*run)->warnings()) {
    fprintf(stderr, "cram: %s\n", warning.c_str());
  }
  return !(*run)->ended();
}

}  // namespace

void DefineStatusCommand(CLI::App* command, StatusRequest* request) {
  command->add_option("RUN", request->run,
                      "run directory, or id of the job or of the run "
                      "(default: your newest run)");
  command->add_flag("--json", request->json, "as one JSON object");
  command
      ->add_option("--watch", request->watch_seconds,
                   "again every so many seconds, until the run has ended")
      ->expected(0, 1)
      ->default_str(kWatchSeconds)
      ->check(CLI::Range(0.1, 86400.0))
      ->type_name("SECONDS");
}

absl::Status PrintStatus(const StatusRequest& request) {
  absl::StatusOr<RunDirectory> directory = FindRun(request.run);
  if (!directory.ok()) return directory.status();
  bool clear =
      request.watch_seconds > 0 && !request.json && isatty(STDOUT_FILENO) == 1;
  for (;;) {
    absl::StatusOr<bool> goes_on =
        PrintOnce(*directory, request.json, clear ? kClear : "");
    if (!goes_on.ok()) return goes_on.status();
    if (request.watch_seconds <= 0 || !*goes_on) return absl::OkStatus();
    absl::SleepFor(absl::Seconds(request.watch_seconds));
  }
}

}  // namespace cram
