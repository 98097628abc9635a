// A small run in which everything happens, written as agents write it.
#pragma once

#include <stdint.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "pack/base/outcome.h"
#include "pack/base/run_directory.h"
#include "pack/journal/journal_writer.h"
#include "pack/journal/output_writer.h"

namespace cram {

inline constexpr int64_t kSecondNs = 1000000000;
// 2026-11-21T20:12:05 UTC.
inline constexpr int64_t kRunBegin = 1795291925 * kSecondNs;

// One node of run 12.0: its journal and its packed output. Ends the program
// when they cannot be written.
class ExampleNode {
 public:
  ExampleNode(const RunDirectory& run, uint32_t id, uint32_t nodes,
              uint64_t subjobs);

  // A record for End(): sub-job i starts i seconds after the run.
  static Ended Make(uint64_t index, Cause cause, int64_t seconds);

  void Start(uint64_t index, uint32_t attempt, int64_t time_ns);
  // Started record, output, Ended record.
  void End(Ended ended, absl::string_view out = "", absl::string_view err = "");
  void Print(OutputStream stream, absl::string_view bytes, Ended* ended);
  void Stand(const Standing& standing);
  void Close(int64_t time_ns);
  void Flush();

 private:
  std::unique_ptr<JournalWriter> journal_;
  std::unique_ptr<OutputWriter> output_;
};

// Ten sub-jobs on n0 (caps by cgroup/v1, closed) and n1 (by the watchdog, not
// closed): 0 completed, 1 exit code 3, 2 SIGSEGV, 3 own cap, 4 own cap and then
// completed on n1, 5 time limit, 6 cancelled, 7 could not start, 8 running on
// n1, 9 pending.
void WriteExampleRun(const RunDirectory& run);

}  // namespace cram
