#include "spank/agent/agent/waiter.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace cram {
namespace {

// Slurm starts the tasks of a node together; the first opens its door before
// it does anything else.
constexpr int kAttempts = 300;
constexpr useconds_t kBetweenAttemptsUs = 100000;

struct Address {
  sockaddr_un name = {};
  socklen_t size = 0;
};

Address DoorOf(const Step& step) {
  Address address;
  address.name.sun_family = AF_UNIX;
  std::string name =
      absl::StrCat("cram-", getuid(), "-", step.run_id, "-", step.node_name);
  name.resize(std::min(name.size(), sizeof address.name.sun_path - 1));
  // A leading zero byte: the abstract namespace, unix(7).
  memcpy(address.name.sun_path + 1, name.data(), name.size());
  address.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return address;
}

}  // namespace

UniqueFd OpenDoor(const Step& step) {
  UniqueFd door(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Address address = DoorOf(step);
  if (bind(door.get(), reinterpret_cast<sockaddr*>(&address.name),
           address.size) != 0 ||
      listen(door.get(), SOMAXCONN) != 0) {
    door.reset();
  }
  return door;
}

void WaitAtDoor(const Step& step) {
  // Slurm signals every task; it is the agent that ends the step.
  for (int ignored : {SIGTERM, SIGINT, SIGHUP}) signal(ignored, SIG_IGN);
  Address address = DoorOf(step);
  for (int i = 0; i < kAttempts; ++i) {
    UniqueFd visitor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(visitor.get(), reinterpret_cast<sockaddr*>(&address.name),
                address.size) == 0) {
      // Nobody ever answers: this ends when the door's holder does. A
      // connection that is still queued there ends as well.
      char byte;
      while (read(visitor.get(), &byte, 1) < 0 && errno == EINTR) {
      }
      return;
    }
    usleep(kBetweenAttemptsUs);
  }
}

}  // namespace cram
