// The end of a run, for people and for programs.
#pragma once

#include <stdint.h>

#include <array>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pack/base/index_set.h"
#include "pack/base/outcome.h"
#include "pack/base/run_directory.h"

namespace cram {

struct Summary {
  std::string run_id;
  std::string run_directory;
  uint64_t subjobs = 0;
  std::array<uint64_t, kStates> finished = {};  // by final state
  // It went on with that run, where so many of the completed ones had been run.
  std::string resumed_from;
  uint64_t completed_before = 0;
  uint32_t nodes = 0;
  uint32_t slots = 0;
  std::vector<std::string> lost_nodes;
  std::vector<std::string> benched_nodes;
  std::string to_go_on;     // said when something is left; empty: it is not
  std::string stop_reason;  // empty: it came to its end
  absl::Time start, end;
  IndexSet without_result;  // did not run, or were lost while they ran

  // 0 all completed, 1 some did not, 3 stopped early: there is something left
  // that a resume would run.
  int exit_status() const;

  // What failed on one node, and was to show on another whether that is the
  // node's fault, nobody counts until then. When the run ends before, it has
  // failed.
  void CountUntried();

  // The lines for standard error: the first without "cram: ", as Run::Say
  // puts it there, the last without a newline.
  std::string Text() const;
  std::string Json() const;
};

// Sub-jobs of which the journals have no final record, of those that were to
// be run.
absl::StatusOr<IndexSet> FindWithoutResult(const RunDirectory& run,
                                           IndexSet left);

}  // namespace cram
