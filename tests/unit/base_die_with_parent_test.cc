#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pack/base/die_with_parent.h"
#include "pack/base/fd.h"

namespace cram {
namespace {

TEST(DieWithParent, EndsAChildWhoseParentEndedFirst) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  UniqueFd listen(ends[0]), speak(ends[1]);
  pid_t parent = fork();
  if (parent == 0) {
    pid_t self = getpid();
    if (fork() != 0) _exit(0);
    while (getppid() == self) usleep(1000);
    DieWithParent(self);
    (void)!write(speak.get(), "x", 1);
    _exit(0);
  }
  speak.reset();
  waitpid(parent, nullptr, 0);
  char byte;
  EXPECT_EQ(read(listen.get(), &byte, 1), 0);
}

}  // namespace
}  // namespace cram
