// An attempt as its slot saw it, and its two records.
#pragma once

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "pack/base/exit_status.h"
#include "pack/base/outcome.h"
#include "pack/base/run_options.h"
#include "pack/base/runtime_knobs.h"
#include "pack/journal/journal.pb.h"
#include "pack/manifest/subjob.h"
#include "spank/agent/agent/verdict.h"
#include "spank/agent/caps/caps.h"
#include "spank/agent/output/collector.h"
#include "spank/agent/share/work.h"
#include "spank/ranks/gang_place.h"
#include "spank/ranks/report.h"

namespace cram {

// An attempt that is to be made: read from the manifest, and what it needs.
struct Candidate {
  SubJob subjob;
  Tried tried;  // .attempts: its number
  uint32_t cpus = 1;
  uint64_t cap_bytes = 0;
  // It runs on several nodes. In a slot it is the part of one: its place there,
  // and the name of the world.
  bool wide = false;
  std::optional<GangPlace> gang;
  std::string gang_name;
};

// What the options say, or else the manifest; infinite: nobody does.
absl::Duration TimeLimit(const RunOptions& options, const SubJob& subjob);

struct Attempt {
  Candidate candidate;
  uint32_t slot = 0;
  absl::Time start, end;
  pid_t leader = 0;               // its first process, reaped or not
  KnobSet told;                   // see Started.told
  uint64_t data_limit_bytes = 0;  // RLIMIT_DATA; 0: none set
  EndReason ended_for = EndReason::kNone;
  bool outside = false;  // its leader was found where its cap does not hold
  // Of the leader, once it was reaped; the usage is that of all that the leader
  // and its descendants have reaped, too.
  ExitStatus exit;
  rusage usage = {};
  RankReport ranks;  // of one with several
};

// The most that the largest of the processes had in memory at once. 0: not
// known, it was no more than we have. Before it exec'd it was in our memory,
// which the kernel counts as its own.
uint64_t LargestProcessBytes(const rusage& usage);

// Of an attempt that took no time.
Ended EndedAtOnce(uint64_t index, uint32_t attempt, Cause cause);

Started StartedRecord(const Attempt& attempt);

// Complete but for will_retry. After the attempt's last process: `cap` after
// its last KillAll, and `collector`, none where nothing is packed, is ended
// here. `output_limit_kills`: that it printed too much is a reason to end it.
Ended EndedRecord(const Attempt& attempt, SlotCap* cap, Collector* collector,
                  bool output_limit_kills);

}  // namespace cram
