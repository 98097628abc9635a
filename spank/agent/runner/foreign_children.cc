#include "spank/agent/runner/foreign_children.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "pack/base/io.h"

namespace cram {
namespace {

constexpr int kLooks = 1000;
constexpr useconds_t kBetweenLooksUs = 1000;
constexpr int kOfThisThread = __WNOTHREAD | __WALL;

bool HasChild() {
  siginfo_t child;
  int options = WEXITED | WNOHANG | WNOWAIT | kOfThisThread;
  return waitid(P_ALL, 0, &child, options) == 0 || errno != ECHILD;
}

void KillChildren() {
  absl::StatusOr<std::string> children = ReadFile("/proc/thread-self/children");
  if (!children.ok()) return;
  for (absl::string_view word : absl::StrSplit(*children, ' ')) {
    pid_t child;
    if (absl::SimpleAtoi(word, &child) && child > 0) kill(child, SIGKILL);
  }
}

}  // namespace

bool EndForeignChildren() {
  for (int i = 0; i < kLooks; ++i) {
    if (!HasChild()) return true;
    KillChildren();
    while (waitpid(-1, nullptr, WNOHANG | kOfThisThread) > 0) {
    }
    usleep(kBetweenLooksUs);
  }
  return false;
}

}  // namespace cram
