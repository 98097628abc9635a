// The packed output of one slot: its collector, and when that is drained.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "pack/journal/output_writer.h"
#include "spank/agent/loop/loop.h"
#include "spank/agent/output/collector.h"

namespace cram {

class SlotOutput {
 public:
  // `loop` and `writer` outlive it. `limit`: see Kept. `heard` is called when
  // something was read.
  static absl::StatusOr<std::unique_ptr<SlotOutput>> Create(
      Loop* loop, OutputWriter* writer, uint64_t limit,
      std::function<void()> heard);
  ~SlotOutput();
  SlotOutput(const SlotOutput&) = delete;
  SlotOutput& operator=(const SlotOutput&) = delete;

  Collector* collector() { return collector_.get(); }

  // Of the attempt that begins.
  void Begin(uint64_t index, uint32_t attempt);
  // See Collector::AddRanks: where they are to print.
  absl::StatusOr<std::vector<int>> AddRanks(OutputStream stream,
                                            uint32_t first_rank,
                                            uint32_t ranks);

  // Whether pipes are read; when not, who prints waits.
  void Read(bool on);

 private:
  SlotOutput(Loop* loop, std::function<void()> heard)
      : loop_(loop), heard_(std::move(heard)) {}
  void Watch(size_t first_pipe);
  void Unwatch(size_t first_pipe);
  uint32_t events() const;

  Loop* loop_;
  std::function<void()> heard_;
  std::unique_ptr<Collector> collector_;
  bool reads_ = true;
};

}  // namespace cram
