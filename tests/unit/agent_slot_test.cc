#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "absl/strings/numbers.h"
#include "pack/base/fd.h"
#include "pack/base/outcome.h"
#include "spank/agent/agent/slot.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

// No cap, but a gate: nothing is exec'd before it is opened.
class GateCaps : public Caps, public SlotCap {
 public:
  GateCaps() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    inside_.reset(ends[0]);
    outside_.reset(ends[1]);
  }
  void Close() {
    while (send(outside_.get(), "0", 1, MSG_DONTWAIT) == 1) {
    }
  }
  void Open() {
    char buffer[1 << 16];
    while (recv(inside_.get(), buffer, sizeof buffer, MSG_DONTWAIT) > 0) {
    }
  }

  absl::string_view name() const override { return "gate"; }
  absl::StatusOr<std::unique_ptr<SlotCap>> MakeSlot(uint32_t) override {
    return std::unique_ptr<SlotCap>(new GateCaps());
  }
  absl::Status Arm(uint64_t) override {
    Close();
    armed = this;
    return absl::OkStatus();
  }
  int entry_fd() const override { return outside_.get(); }
  void Started(pid_t leader) override { leader_ = leader; }
  bool OverCap() override { return false; }
  bool KillAll() override {
    if (leader_ > 0) kill(-leader_, SIGKILL);
    return true;
  }
  CapVerdict Verdict() override { return CapVerdict::kWithin; }
  uint64_t peak_bytes() override { return 0; }

  static GateCaps* armed;

 private:
  UniqueFd inside_, outside_;
  pid_t leader_ = 0;
};

GateCaps* GateCaps::armed = nullptr;

// The writing ends of pipes that this process has.
std::set<int> PipeEnds() {
  std::set<int> ends;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    int fd = -1;
    std::error_code error;
    auto target = std::filesystem::read_symlink(entry.path(), error);
    if (absl::SimpleAtoi(entry.path().filename().string(), &fd) &&
        target.string().rfind("pipe:", 0) == 0 &&
        (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
      ends.insert(fd);
    }
  }
  return ends;
}

// One slot with its loop, and what became of its attempt.
class SlotLife : public testing::Test, public Slot::Listener {
 protected:
  SlotLife() {
    loop_ = *Loop::Create();
    cpus_ = std::make_unique<NodeCpus>(*NodeCpus::Find(1, nullptr));
    static const char* const kEnvironment[] = {"PATH=/usr/bin:/bin", nullptr};
    environment_ = std::make_unique<Environment>(kEnvironment, RunFacts{});
    output_ = *OutputWriter::Create(directory_.path() + "/output");
    options_.output_limit = 10;
    options_.output_limit_kills = true;
    resources_.loop = loop_.get();
    resources_.options = &options_;
    resources_.cpus = cpus_.get();
    resources_.caps = &caps_;
    resources_.environment = environment_.get();
    resources_.output = output_.get();
    resources_.temporary_directory = directory_.path();
    getrlimit(RLIMIT_NOFILE, &resources_.open_files);
    std::set<int> before = PipeEnds();
    slot_ = *Slot::Create(0, &resources_, this);
    for (int end : PipeEnds()) {
      if (before.count(end) == 0) pipe_ends_.push_back(end);
    }
  }

  void Start(std::vector<std::string> argv) {
    Candidate candidate;
    candidate.subjob.argv = std::move(argv);
    candidate.cap_bytes = 1 << 30;
    SlotClaim claim;
    claim.cpus = {0};
    slot_->Start(std::move(candidate), claim);
  }
  // As if the sub-job had.
  void Print(absl::string_view text) {
    for (int end : pipe_ends_) (void)write(end, text.data(), text.size());
  }
  // Until the attempt has ended, or for `longest`.
  void Run(absl::Duration longest) {
    loop_->After(longest, [this] { loop_->Stop(); });
    Reap();
    loop_->Run();
  }

  Cause cause() const { return static_cast<Cause>(ended_.cause()); }

  void AttemptStarted(Slot*) override { started_ = true; }
  void CouldNotStart(Slot*, const Slot::Failure& why) override {
    ADD_FAILURE() << why.step;
  }
  void AttemptEnded(Slot*, Ended* ended) override {
    ended_ = *ended;
    loop_->Stop();
  }
  void HubListens(Slot*, uint16_t) override {}
  void OutputWaits() override {}

  void Reap() {
    int status;
    rusage usage;
    pid_t pid = wait4(-1, &status, WNOHANG, &usage);
    if (pid > 0) slot_->Reaped(pid, status, usage);
    loop_->After(absl::Milliseconds(5), [this] { Reap(); });
  }

  TemporaryDirectory directory_;
  GateCaps caps_;
  RunOptions options_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<NodeCpus> cpus_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<OutputWriter> output_;
  SlotResources resources_;
  std::unique_ptr<Slot> slot_;
  std::vector<int> pipe_ends_;
  bool started_ = false;
  Ended ended_;
};

TEST_F(SlotLife, AnOutputLimitPassedDuringTheLaunchEndsIt) {
  Start({"sleep", "100"});
  Print("more than ten bytes");
  loop_->After(absl::Milliseconds(50), [] { GateCaps::armed->Open(); });
  Run(absl::Seconds(4));
  EXPECT_TRUE(started_);
  EXPECT_EQ(cause(), Cause::kOutputBudget);
  EXPECT_EQ(ended_.signal(), static_cast<uint32_t>(SIGTERM));
}

TEST_F(SlotLife, OneThatIsCancelledDuringItsLaunchEnds) {
  Start({"sleep", "100"});
  loop_->After(absl::Milliseconds(20),
               [this] { slot_->Cancel(EndReason::kRunStopped); });
  loop_->After(absl::Milliseconds(50), [] { GateCaps::armed->Open(); });
  Run(absl::Seconds(4));
  EXPECT_EQ(cause(), Cause::kCancelled);
}

TEST_F(SlotLife, TheFirstReasonToEndItIsItsCause) {
  Start({"sleep", "100"});
  Print("more than ten bytes");
  loop_->After(absl::Milliseconds(20),
               [this] { slot_->Cancel(EndReason::kRunStopped); });
  loop_->After(absl::Milliseconds(50), [] { GateCaps::armed->Open(); });
  Run(absl::Seconds(4));
  EXPECT_EQ(cause(), Cause::kOutputBudget);
}

}  // namespace
}  // namespace cram
