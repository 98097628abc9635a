// What a user may say of a run, apart from the manifest: the --cram-* options
// of srun, which are the options of `cram run` and of cram-agent without the
// prefix. One table, so that every program knows the same ones.
#pragma once

#include <signal.h>
#include <stdint.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pack/base/mem_mode.h"
#include "pack/base/retry_codes.h"
#include "pack/base/runtime_knobs.h"
#include "pack/base/size.h"

namespace cram {

// A line of the table: "mem", "SIZE|share|auto", "the most memory ...". No
// metavar: a flag.
struct RunOption {
  absl::string_view name, metavar, help;
  bool is_flag() const { return metavar.empty(); }
};
inline constexpr std::array<RunOption, 16> kRunOptions = {{
    {"mem", "SIZE|share|auto",
     "cap of each sub-job, over what the manifest says; share: the node's "
     "budget / slots; auto: learned from measured peaks"},
    {"mem-mode", "MODE",
     "cgroup (the cap alone) or rlimit (RLIMIT_DATA below it, too), over what "
     "the manifest says"},
    {"tell", "NAMES",
     "which language runtimes are told of the cap and the CPUs: all "
     "(default), none, or [-]NAME,..."},
    {"slots", "N", "at most N sub-jobs at once on a node"},
    {"time", "TIME", "time limit of each sub-job, over what the manifest says"},
    {"retry", "N[:on=CODES][:except=CODES]",
     "run a sub-job that did not complete up to N more times; of exit codes "
     "and signals (75,SIGSEGV) only those, or all but those"},
    {"oom-retry", "FACTOR[:MAX]",
     "run a sub-job that reached its cap again with FACTOR times the cap, up "
     "to MAX (default: the node's budget); not counted by retry"},
    {"max-failures", "N|P%",
     "stop the run when more than N (or P percent of all) sub-jobs failed"},
    {"output", "MODE",
     "packed (default), rank0, all, none, system, or a file name with "
     "{placeholders}"},
    {"output-limit", "SIZE[:kill]",
     "of packed output keep the start and the end of a stream that is longer "
     "(default 16M, 0: all of it); kill: end its sub-job as well"},
    {"dir", "DIR", "where the run directory is made (default: here)"},
    {"resume", "DIR",
     "go on with an earlier run: what it completed is not run again"},
    {"signal", "SIG[@TIME]",
     "what running sub-jobs get, and how long before the job ends (default: "
     "TERM@30s)"},
    {"view", "", "show sub-jobs their cap and their CPUs as the machine's"},
    {"progress", "", "show progress on standard error"},
    {"release", "", "give nodes that have nothing left to do back to Slurm"},
}};

// Of the notice that sub-jobs get of the job's end, the last seconds are for
// killing those that stay, and for records: less is no notice.
inline constexpr absl::Duration kLeastNotice = absl::Seconds(15);

// Where a sub-job's standard output and error go.
enum class OutputMode { kPacked, kRank0, kAll, kNone, kSystem, kTemplate };

struct RunOptions {
  uint64_t mem_bytes = 0;  // 0: not said
  bool mem_share = false;  // budget / slots, whatever the manifest says
  bool mem_auto = false;   // learned; implies that an own cap is run again
  std::optional<MemMode> mem_mode;
  KnobSet tell = KnobSet().set();
  uint32_t slots = 0;  // 0: as many as CPUs and memory allow
  absl::Duration time_limit = absl::InfiniteDuration();  // infinite: not said
  uint32_t retry = 0;
  std::optional<RetryCodes> retry_codes;  // none: as the sub-job says
  double oom_factor = 0;                  // above 1; 0: not said
  uint64_t oom_max_bytes = 0;             // 0: the node's budget
  std::optional<uint64_t> max_failures;   // a count, or
  std::optional<double> max_failures_pc;  // percent of all sub-jobs
  OutputMode output = OutputMode::kPacked;
  std::string output_template;        // with kTemplate
  uint64_t output_limit = 16 * kMiB;  // of a stream; 0: none
  bool output_limit_kills = false;
  int end_signal = SIGTERM;                       // before the job ends,
  absl::Duration end_notice = absl::Seconds(30);  // so long; >= kLeastNotice
  std::string dir;     // absolute; empty: the current directory
  std::string resume;  // as FindRun takes it; empty: none
  bool view = false;
  bool progress = false;
  bool release = false;

  // `name` as in the table. Errors name option and value. A flag takes "".
  absl::Status Set(absl::string_view name, absl::string_view value);

  // The most failures that the run goes on with, of `subjobs`.
  uint64_t FailuresAllowed(uint64_t subjobs) const;
};

}  // namespace cram
