// What an agent and its role share of a run. Built by Agent, which owns it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "pack/base/clock.h"
#include "pack/base/run_directory.h"
#include "pack/manifest/reader.h"
#include "spank/agent/agent/options.h"
#include "spank/agent/agent/patience.h"
#include "spank/agent/agent/step.h"
#include "spank/agent/loop/loop.h"
#include "spank/agent/share/order.h"
#include "spank/agent/share/tree.h"
#include "spank/agent/share/work.h"
#include "spank/wire/wire.pb.h"

namespace cram {

// Exit statuses of an agent, and so of srun.
inline constexpr int kAllCompleted = 0;
inline constexpr int kSomeFailed = 1;
inline constexpr int kBadUse = 2;
inline constexpr int kStoppedEarly = 3;
// To the keeper alone: others may have been given what it had.
inline constexpr int kGivenUp = 4;

// Why a run was stopped that could have gone on.
inline constexpr absl::string_view kJobTimeLimit = "the job's time limit";

// How the user goes on with what a run did not complete.
std::string ToGoOn(const Step& step, const RunDirectory& directory);

struct Run {
  AgentOptions options;
  Step step;
  RunDirectory directory{""};
  std::string temporary_directory;  // the keeper removes it
  Tree tree{1};
  Patience patience;
  std::unique_ptr<Loop> loop;
  std::unique_ptr<ManifestReader> manifest;  // while more is being added,
  uint64_t subjobs = 0;                      // it may have fewer than these
  uint32_t fingerprint =
      0;  // of the manifest at the start, as all agents saw it
  Beginning start;
  std::string caps;          // what enforces them here
  std::string view_library;  // preloaded into sub-jobs; empty: none is
  // Which sub-job stands at which place. What a Work says are places, on the
  // wire as well; all else here are indexes.
  Order order;
  // Set, before the role is made, in a run without first shares (one that goes
  // on with an earlier one): every node asks for its part. Here the root says
  // what there is to do at all; what the others have in it is not looked at.
  std::optional<IndexSet> left;
  IndexSet left_first;  // of it, at the root: what the others wait for
  // This agent came so late that it asks for its first share like for any
  // other.
  bool late = false;
  // In a run of several nodes: of several ranks, and so in no first share, as
  // the first agent may have to look for several nodes for them; and of those
  // at the first agent the ones that are wider than its own node.
  IndexSet of_ranks, wide;
  uint64_t completed_before = 0;  // with `left`, at the root: what there is not
  // The run directory's manifest has grown.
  std::function<void(const wire::Added&)> added;
  std::function<void()> changed;  // asks for a look at whether all is done

  // One line on standard error, which srun shows to the user.
  void Say(const std::string& line) const;
};

}  // namespace cram
