// The launches of one slot, one at a time: what each reads while it is under
// way, and the ends of children that come before its own word.
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pack/base/runtime_knobs.h"
#include "spank/agent/agent/attempt.h"
#include "spank/agent/agent/slot_ranks.h"
#include "spank/agent/loop/loop.h"
#include "spank/agent/output/streams.h"
#include "spank/agent/runner/launcher.h"
#include "spank/agent/truth/environment.h"

namespace cram {

class SlotLaunch {
 public:
  struct End {
    int wait_status = 0;
    rusage usage = {};
  };
  struct Result {
    SpawnResult process;
    std::optional<End> end;  // it has been reaped already
  };

  // `loop` outlives it; `environment` is copied. `perhaps_done` is called from
  // the loop: Take() may have something.
  static absl::StatusOr<std::unique_ptr<SlotLaunch>> Create(
      Loop* loop, const Environment& environment,
      std::function<void()> perhaps_done);
  ~SlotLaunch();
  SlotLaunch(const SlotLaunch&) = delete;
  SlotLaunch& operator=(const SlotLaunch&) = delete;

  // Only while none is under way. `ranks` has the command of an attempt that
  // has ranks, else none. `request` says what is to be had of the slot: cgroup
  // and open files. That, `ranks` and the attempt's sub-job stay as they are
  // until Take() has its result.
  void Begin(const Attempt& attempt, const AttemptFacts& facts, Streams streams,
             const SlotRanks* ranks, SpawnRequest request,
             const cpu_set_t& cpus);
  // What the process is told.
  KnobSet told() const { return environment_.told(); }

  bool under_way() const { return under_way_; }
  // The process, from its first moment on, while it is under way; 0: not there
  // yet, or no more.
  pid_t child() const;
  // Its result, once. Nothing while it is under way: `perhaps_done` follows.
  std::optional<Result> Take();

  // While it is under way a child of ours was reaped: whether it is known to be
  // the process. If so, Take() has something at once.
  bool Reaped(pid_t pid, const End& end);

 private:
  SlotLaunch(Loop* loop, const Environment& environment,
             std::function<void()> perhaps_done);
  const rlimit* DataLimited(uint64_t limit_bytes);

  Loop* loop_;
  std::function<void()> perhaps_done_;
  bool under_way_ = false;
  // By their pids: its child's end, and those of children that nobody knew
  // before that said its own.
  std::map<pid_t, End> early_ends_;
  Loop::TimerId timer_ = 0;
  // What the launcher reads.
  Environment environment_;
  Streams streams_;
  std::vector<std::string> programs_;
  std::vector<char*> argv_;
  rlimit data_ = {};
  std::unique_ptr<Launcher> launcher_;
};

}  // namespace cram
