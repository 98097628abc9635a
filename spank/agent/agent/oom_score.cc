#include "spank/agent/agent/oom_score.h"

#include <errno.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {
namespace {

constexpr absl::Duration kQuiet = absl::Milliseconds(100);

}  // namespace

OomScore::OomScore(Loop* loop, UniqueFd file, int score)
    : loop_(loop), file_(std::move(file)), score_(absl::StrCat(score)) {}

OomScore::~OomScore() { loop_->Cancel(timer_); }

absl::Status OomScore::Set(const std::string& score) {
  ssize_t size = static_cast<ssize_t>(score.size());
  if (write(file_.get(), score.data(), score.size()) == size) {
    return absl::OkStatus();
  }
  return ErrnoStatus("write", "oom_score_adj", errno);
}

absl::Status OomScore::LaunchBegins() {
  if (spared_) {
    absl::Status status = Set("0");
    if (!status.ok()) return status;
    spared_ = false;
  }
  ++launches_;
  return absl::OkStatus();
}

void OomScore::LaunchEnds() {
  --launches_;
  last_launch_ = loop_->now();
  if (timer_ == 0) SpareLater();
}

void OomScore::SpareLater() {
  timer_ = loop_->After(kQuiet, [this] {
    timer_ = 0;
    if (launches_ > 0 || loop_->now() - last_launch_ < kQuiet) {
      SpareLater();
      return;
    }
    // Root had set it and may forbid that it is had again; then it stays 0.
    (void)Set(score_);
    spared_ = true;
  });
}

}  // namespace cram
