// Processes that are in their cgroup2 from their first moment on.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "spank/agent/runner/spawn.h"
#include "tests/unit/spawn_fixture.h"

namespace cram {
namespace {

// A cgroup2 of the test's own, where one can be made.
class SpawningInCgroup : public Spawning {
 protected:
  void SetUp() override {
    for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      struct statfs kind;
      if (statfs(mount, &kind) == 0 && kind.f_type == CGROUP2_SUPER_MAGIC) {
        name_ = absl::StrCat("/cram_test_", getpid());
        mount_ = mount;
        path_ = mount + name_;
      }
    }
    if (path_.empty() || mkdir(path_.c_str(), 0755) != 0) {
      path_.clear();
      GTEST_SKIP() << "no cgroup2 here in which we may make a cgroup";
    }
    cgroup_.reset(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    procs_ = *OpenFile(path_ + "/cgroup.procs", O_WRONLY);
    request_.cgroup_fd = cgroup_.get();
    request_.cgroup_procs_fd = procs_.get();
  }
  ~SpawningInCgroup() override {
    if (!path_.empty()) {
      EXPECT_EQ(rmdir(path_.c_str()), 0) << strerror(errno);
    }
  }

  // Whether a process is where it belongs.
  bool IsThere() {
    EXPECT_EQ(Run({"grep", "^0::", "/proc/self/cgroup"}).code, 0);
    return Printed() == "0::" + name_ + "\n";
  }
  // That clone3(2) does not answer, as in many containers.
  static void RefuseClone3(int error) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K,
                 SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    sock_fprog program = {4, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
  }

  std::string name_, mount_, path_;
  UniqueFd cgroup_, procs_;
};

TEST_F(SpawningInCgroup, BeginsThere) {
  EXPECT_TRUE(IsThere());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Run({"true"}).code, 0);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_F(SpawningInCgroup, NeedsNoWrite) {
  request_.cgroup_procs_fd = in_.get();
  EXPECT_TRUE(IsThere());
}
#endif

TEST_F(SpawningInCgroup, RunsWhereItIsToWhateverTheCpuset) {
  absl::StatusOr<UniqueFd> control =
      OpenFile(mount_ + "/cgroup.subtree_control", O_WRONLY);
  if (!control.ok() || write(control->get(), "+cpuset", 7) != 7) {
    GTEST_SKIP() << "no cpuset controller for cgroup2 here";
  }
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &cpus)) ++cpu;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  request_.cpus = &cpus;
  EXPECT_EQ(Run({"nproc"}).code, 0);
  EXPECT_EQ(Printed(), "1\n");
}

TEST_F(SpawningInCgroup, GivesErrorsBack) {
  SpawnResult result = Start({"/not/there"});
  EXPECT_EQ(result.failed_step, "execve");
  EXPECT_EQ(result.error, ENOENT);
  ExpectNoChild();
}

TEST_F(SpawningInCgroup, EntersByItselfWhereClone3IsRefused) {
  for (int error : {ENOSYS, EPERM}) {
    ASSERT_EQ(ftruncate(out_.get(), 0), 0);
    pid_t agent = fork();
    if (agent == 0) {
      RefuseClone3(error);
      lseek(out_.get(), 0, SEEK_SET);
      _exit(IsThere() && Run({"true"}).code == 0 ? 0 : 1);
    }
    EXPECT_EQ(Wait(agent).code, 0) << error;
  }
}

TEST_F(SpawningInCgroup, EntersByItselfWhereThatIsNoCgroup) {
  request_.cgroup_fd = in_.get();
  EXPECT_TRUE(IsThere());
}

}  // namespace
}  // namespace cram
