// What one slot keeps for sub-jobs with ranks: the command that starts them,
// where they print, what it reports, and their shared memory.
#pragma once

#include <stdint.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/base/fd.h"
#include "pack/base/run_options.h"
#include "spank/agent/agent/attempt.h"
#include "spank/agent/agent/attempt_directory.h"
#include "spank/agent/agent/slot_output.h"
#include "spank/agent/loop/loop.h"
#include "spank/agent/output/streams.h"
#include "spank/ranks/report.h"

namespace cram {

class SlotRanks {
 public:
  // `program`: cram-ranks. `shared_memory`: their directories are made below
  // it; empty: anywhere.
  SlotRanks(Loop* loop, uint32_t slot, std::string program,
            const std::string& shared_memory);
  ~SlotRanks();
  SlotRanks(const SlotRanks&) = delete;
  SlotRanks& operator=(const SlotRanks&) = delete;

  // Before each launch. Where `streams` leads into `output` (none: nothing is
  // packed) each rank gets pipes of its own.
  absl::Status Prepare(const Candidate& candidate, OutputMode mode,
                       const Streams& streams, SlotOutput* output);

  // For the launch: the words, and which of our descriptors they use.
  const std::vector<std::string>& command() const { return command_; }
  const std::vector<int>& kept_fds() const { return kept_fds_; }
  int report_fd() const { return report_end_.get(); }

  // Once, when the first part of a sub-job on several nodes says where the
  // others find it.
  void WhenItListens(std::function<void(uint16_t port)> listens);
  // After the last process.
  RankReport End();

 private:
  absl::StatusOr<std::vector<int>> PipesOf(const Candidate& candidate,
                                           OutputStream stream, int fd,
                                           SlotOutput* output);
  absl::Status OpenReport();
  bool ReadReport();

  Loop* loop_;
  uint32_t slot_;
  std::string program_;
  bool has_directory_;
  AttemptDirectory directory_;
  std::vector<std::string> command_;
  std::vector<int> kept_fds_;
  UniqueFd report_, report_end_;  // made when first needed
  std::string reported_;
};

}  // namespace cram
