#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spank/agent/caps/process_table.h"

namespace cram {
namespace {

// A leader whose child is in a session of its own: only who its parent is
// connects them. `child` is it; both end with this object.
class LeaderAndChild {
 public:
  LeaderAndChild() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    leader = fork();
    if (leader == 0) {
      setsid();
      pid_t pid = fork();
      if (pid == 0) {
        setsid();
        pid = getpid();
        (void)write(ends[1], &pid, sizeof pid);
      }
      for (;;) pause();
    }
    EXPECT_EQ(read(ends[0], &child, sizeof child), ssize_t{sizeof child});
    close(ends[0]);
    close(ends[1]);
  }
  ~LeaderAndChild() {
    kill(child, SIGKILL);
    kill(leader, SIGKILL);
    waitpid(leader, nullptr, 0);
  }

  pid_t leader = 0, child = 0;
};

TEST(ProcessTable, KnowsAChildThatLeftTheSession) {
  LeaderAndChild life;
  ProcessTable table;
  table.AddLeader(life.leader, ProcessTable::MarkOf(0));
  table.Refresh(absl::ZeroDuration());
  EXPECT_THAT(table.Members(life.leader),
              testing::UnorderedElementsAre(life.leader, life.child));
}

// Between its start and that we are told of it, somebody else's look at /proc
// may come.
TEST(ProcessTable, KnowsAChildThatWasSeenBeforeItsLeaderWasKnown) {
  LeaderAndChild life;
  ProcessTable table;
  table.Refresh(absl::ZeroDuration());
  EXPECT_TRUE(table.Members(life.leader).empty());
  table.AddLeader(life.leader, ProcessTable::MarkOf(0));
  table.Refresh(absl::ZeroDuration());
  EXPECT_THAT(table.Members(life.leader),
              testing::UnorderedElementsAre(life.leader, life.child));
  table.RemoveLeader(life.leader);
  table.Refresh(absl::ZeroDuration());
  EXPECT_TRUE(table.Members(life.leader).empty());
}

}  // namespace
}  // namespace cram
