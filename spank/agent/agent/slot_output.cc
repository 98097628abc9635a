#include "spank/agent/agent/slot_output.h"

#include <sys/epoll.h>

#include <utility>

namespace cram {
namespace {

// Behind those of the sub-job as a whole.
constexpr size_t kFirstOfRanks = 2;

}  // namespace

absl::StatusOr<std::unique_ptr<SlotOutput>> SlotOutput::Create(
    Loop* loop, OutputWriter* writer, uint64_t limit,
    std::function<void()> heard) {
  absl::StatusOr<std::unique_ptr<Collector>> collector =
      Collector::Create(writer, limit);
  if (!collector.ok()) return collector.status();
  std::unique_ptr<SlotOutput> output(new SlotOutput(loop, std::move(heard)));
  output->collector_ = *std::move(collector);
  output->Watch(0);
  return output;
}

SlotOutput::~SlotOutput() { Unwatch(0); }

uint32_t SlotOutput::events() const { return reads_ ? uint32_t{EPOLLIN} : 0; }

void SlotOutput::Watch(size_t first_pipe) {
  for (size_t pipe = first_pipe; pipe < collector_->pipes(); ++pipe) {
    (void)loop_->Watch(collector_->read_fd(pipe), events(),
                       [this, pipe](uint32_t) {
                         collector_->Drain(pipe);
                         heard_();
                       });
  }
}

void SlotOutput::Unwatch(size_t first_pipe) {
  for (size_t pipe = first_pipe; pipe < collector_->pipes(); ++pipe) {
    loop_->Unwatch(collector_->read_fd(pipe));
  }
}

void SlotOutput::Begin(uint64_t index, uint32_t attempt) {
  Unwatch(kFirstOfRanks);
  collector_->Begin(index, attempt);
}

absl::StatusOr<std::vector<int>> SlotOutput::AddRanks(OutputStream stream,
                                                      uint32_t first_rank,
                                                      uint32_t ranks) {
  absl::StatusOr<size_t> first =
      collector_->AddRanks(stream, first_rank, ranks);
  if (!first.ok()) return first.status();
  Watch(*first);
  std::vector<int> ends;
  for (size_t pipe = *first; pipe < collector_->pipes(); ++pipe) {
    ends.push_back(collector_->write_fd(pipe));
  }
  return ends;
}

void SlotOutput::Read(bool on) {
  reads_ = on;
  for (size_t pipe = 0; pipe < collector_->pipes(); ++pipe) {
    loop_->ChangeEvents(collector_->read_fd(pipe), events());
  }
}

}  // namespace cram
