// The children of an agent that are not there, and when one of them is lost.
#pragma once

#include <stdint.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "pack/base/index_set.h"
#include "spank/agent/agent/lost_share.h"
#include "spank/agent/agent/run.h"

namespace cram {

// Waits for those that have not come yet or whose connection broke, as long as
// the run's patience says, and no longer than until a journal says that nobody
// will come. Then it reads what there is of the journals of all who were below,
// and says who is lost. What is done about it is the listener's business.
class Absentees {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // Whether anybody may be given up at present.
    virtual bool MayGiveUp() = 0;
    // Whether `node` is, or is below, the child that is absent: else it has
    // come to us, with what it holds.
    virtual bool IsOf(uint32_t node, uint32_t child) = 0;
    // It is lost, for this reason, and will be refused from now on. Of what it
    // held `share` is to judge.
    virtual void ChildLost(uint32_t child, const std::string& reason,
                           const LostShare& share) = 0;
  };

  // Both outlive it.
  Absentees(const Run* run, Listener* listener)
      : run_(run), listener_(listener) {}
  ~Absentees() { run_->loop->Cancel(timer_); }

  // It has not come yet.
  void Expect(uint32_t child);
  // It was here, until this happened.
  void Broke(uint32_t child, const std::string& reason);
  void Came(uint32_t child);
  // It knows that it has come: it may have had no patience with a busy agent,
  // and then believes in its first share as one that has never come does.
  void Heard(uint32_t child) { unheard_.erase(child); }
  // One below it has come in its place. It may not come back: it would give up
  // the one that is with us now. Others below it have as long again to come.
  void Replaced(uint32_t child);
  // Nobody is waited for as long any more.
  void RunStops();

  bool IsAbsent(uint32_t child) const { return absent_.count(child) != 0; }
  bool WasReplaced(uint32_t child) const;
  bool WasLost(uint32_t child) const { return lost_.count(child) != 0; }

 private:
  struct Absent {
    Instant since;
    absl::Duration grace;
    std::string reason;
    bool was_here = false;
    bool replaced = false;
    LostShare share;
    // When it is given up: whose journals were not read to their ends.
    std::optional<IndexSet> unread;
  };

  void Look();
  bool HasEnded(uint32_t child, Absent* absent);
  bool ReadJournals(uint32_t child, Absent* absent);

  const Run* run_;
  Listener* listener_;
  std::map<uint32_t, Absent> absent_;
  std::set<uint32_t> unheard_;  // since they came
  std::set<uint32_t> lost_;
  Loop::TimerId timer_ = 0;
};

}  // namespace cram
