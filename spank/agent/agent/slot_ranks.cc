#include "spank/agent/agent/slot_ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "spank/ranks/rank_command.h"

namespace cram {

SlotRanks::SlotRanks(Loop* loop, uint32_t slot, std::string program,
                     const std::string& shared_memory)
    : loop_(loop),
      slot_(slot),
      program_(std::move(program)),
      has_directory_(!shared_memory.empty()),
      directory_(shared_memory, slot) {}

SlotRanks::~SlotRanks() { loop_->Unwatch(report_.get()); }

absl::Status SlotRanks::Prepare(const Candidate& candidate, OutputMode mode,
                                const Streams& streams, SlotOutput* output) {
  RankFacts facts;
  facts.program = program_;
  facts.name = candidate.gang
                   ? candidate.gang_name
                   : absl::StrCat("cram-", candidate.subjob.index, "-", slot_);
  reported_.clear();
  kept_fds_.clear();
  if (has_directory_) {
    absl::Status status = directory_.Prepare();
    if (!status.ok()) return status;
    facts.shared_memory = directory_.path();
  }
  absl::StatusOr<std::vector<int>> out =
      PipesOf(candidate, OutputStream::kStdout, streams.out, output);
  if (!out.ok()) return out.status();
  absl::StatusOr<std::vector<int>> err =
      PipesOf(candidate, OutputStream::kStderr, streams.err, output);
  if (!err.ok()) return err.status();
  for (const std::vector<int>* fds : {&*out, &*err}) {
    kept_fds_.insert(kept_fds_.end(), fds->begin(), fds->end());
  }
  facts.stdout_fds = *std::move(out);
  facts.stderr_fds = *std::move(err);
  command_ = RankCommand(facts, candidate.subjob, mode);
  return OpenReport();
}

// None: it prints elsewhere, which `fd` tells, or is alone.
absl::StatusOr<std::vector<int>> SlotRanks::PipesOf(const Candidate& candidate,
                                                    OutputStream stream, int fd,
                                                    SlotOutput* output) {
  if (output == nullptr || candidate.subjob.ranks == 1 ||
      fd != output->collector()->write_fd(Collector::PipeOf(stream))) {
    return std::vector<int>();
  }
  return candidate.gang ? output->AddRanks(stream, candidate.gang->first_rank(),
                                           candidate.gang->ranks_here())
                        : output->AddRanks(stream, 0, candidate.subjob.ranks);
}

absl::Status SlotRanks::OpenReport() {
  if (report_.valid()) return absl::OkStatus();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return ErrnoStatus("pipe", "", errno);
  }
  report_.reset(ends[0]);
  report_end_.reset(ends[1]);
  return absl::OkStatus();
}

void SlotRanks::WhenItListens(std::function<void(uint16_t port)> listens) {
  (void)loop_->Watch(report_.get(), EPOLLIN,
                     [this, listens = std::move(listens)](uint32_t) {
                       ReadReport();
                       uint16_t port = RankReport::Parse(reported_).port;
                       if (port == 0) return;
                       loop_->Unwatch(report_.get());
                       listens(port);
                     });
}

// False: there is no more of it now.
bool SlotRanks::ReadReport() {
  char text[8192];
  ssize_t bytes = read(report_.get(), text, sizeof text);
  if (bytes <= 0) return false;
  if (reported_.size() < kLongestRankReport) {
    reported_.append(text, static_cast<size_t>(bytes));
  }
  return true;
}

RankReport SlotRanks::End() {
  loop_->Unwatch(report_.get());
  if (has_directory_) directory_.Empty();
  // None of it is for the next attempt.
  while (ReadReport()) {
  }
  return RankReport::Parse(reported_);
}

}  // namespace cram
