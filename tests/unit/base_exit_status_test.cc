#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pack/base/exit_status.h"

namespace cram {
namespace {

int WaitStatusOf(void (*child)()) {
  pid_t pid = fork();
  if (pid == 0) {
    child();
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

TEST(ExitStatus, TellsAnExitCodeFromASignal) {
  ExitStatus exited = ExitStatus::FromWait(WaitStatusOf([] { _exit(137); }));
  EXPECT_EQ(exited.code, 137);
  EXPECT_EQ(exited.signal, 0);
  EXPECT_FALSE(exited.success());
  EXPECT_EQ(exited.ToString(), "137:0");

  ExitStatus killed =
      ExitStatus::FromWait(WaitStatusOf([] { raise(SIGKILL); }));
  EXPECT_EQ(killed.code, 0);
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_FALSE(killed.success());
  EXPECT_EQ(killed.ToString(), "0:9");
}

TEST(ExitStatus, IsSuccessOnlyForZero) {
  EXPECT_TRUE(ExitStatus::FromWait(WaitStatusOf([] {})).success());
  EXPECT_FALSE(ExitStatus::FromWait(WaitStatusOf([] { _exit(1); })).success());
}

TEST(ExitStatus, NamesSignals) {
  EXPECT_EQ(SignalName(SIGKILL), "SIGKILL");
  EXPECT_EQ(SignalName(SIGSEGV), "SIGSEGV");
  EXPECT_EQ(SignalName(70), "signal 70");
}

}  // namespace
}  // namespace cram
