#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/caps/budget.h"
#include "spank/agent/caps/cgroup_mounts.h"
#include "spank/agent/caps/control_file.h"
#include "spank/agent/caps/file_charges.h"
#include "spank/agent/caps/process_table.h"
#include "spank/agent/caps/resident.h"
#include "spank/agent/caps/watchdog.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

TEST(MemoryCgroup, IsFoundInV1) {
  MemoryCgroup found = ParseMemoryCgroup(
      "11:devices:/slurm/uid_1000/job_7\n"
      "5:memory:/slurm_n0/uid_1000/job_7/step_0/task_0\n"
      "1:name=systemd:/system.slice/slurmd.service\n",
      "25 30 0:22 / /sys/fs/cgroup ro,nosuid shared:8 - tmpfs tmpfs ro\n"
      "33 25 0:28 / /sys/fs/cgroup/memory rw,nosuid shared:15 - cgroup cgroup "
      "rw,memory\n"
      "34 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:16 - cgroup cgroup "
      "rw,cpu,cpuacct\n");
  EXPECT_EQ(found.v1,
            "/sys/fs/cgroup/memory/slurm_n0/uid_1000/job_7/step_0/task_0");
  EXPECT_EQ(found.v1_mount, "/sys/fs/cgroup/memory");
  EXPECT_EQ(found.v2, "");
}

TEST(MemoryCgroup, IsFoundInV2) {
  MemoryCgroup found = ParseMemoryCgroup(
      "0::/user.slice/user-1000.slice/session-2.scope\n",
      "35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - "
      "cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n");
  EXPECT_EQ(found.v1, "");
  EXPECT_EQ(found.v2,
            "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope");
  EXPECT_EQ(found.v2_mount, "/sys/fs/cgroup");
}

TEST(MemoryCgroup, OfAHybridIsThatOfV1) {
  MemoryCgroup found = ParseMemoryCgroup(
      "4:memory:/system.slice/slurmd.service\n0::/system.slice/"
      "slurmd.service\n",
      "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(found.v1, "/sys/fs/cgroup/memory/system.slice/slurmd.service");
  EXPECT_EQ(found.v2, "/sys/fs/cgroup/unified/system.slice/slurmd.service");
}

TEST(MemoryCgroup, IsTheMountsOwnRootInAContainer) {
  // Docker shows the container's own cgroup as the root of the mount.
  MemoryCgroup found = ParseMemoryCgroup(
      "7:memory:/docker/4f2c\n",
      "510 500 0:33 /docker/4f2c /sys/fs/cgroup/memory ro - cgroup cgroup "
      "rw,memory\n");
  EXPECT_EQ(found.v1, "/sys/fs/cgroup/memory");
  MemoryCgroup below = ParseMemoryCgroup(
      "7:memory:/docker/4f2c/slot\n",
      "510 500 0:33 /docker/4f2c /sys/fs/cgroup/memory ro - cgroup cgroup "
      "rw,memory\n");
  EXPECT_EQ(below.v1, "/sys/fs/cgroup/memory/slot");
}

TEST(MemoryCgroup, OutsideOfTheMountIsNone) {
  const char* mounts =
      "510 500 0:33 /docker/4f2c /sys/fs/cgroup/memory ro - cgroup cgroup "
      "rw,memory\n";
  EXPECT_EQ(ParseMemoryCgroup("7:memory:/system.slice\n", mounts).v1, "");
  // Another container, of which the id begins alike.
  EXPECT_EQ(ParseMemoryCgroup("7:memory:/docker/4f2c77/x\n", mounts).v1, "");
}

TEST(MemoryCgroup, OfTheRootIsTheMount) {
  EXPECT_EQ(ParseMemoryCgroup("4:memory:/\n",
                              "36 31 0:33 / /cg/memory rw - cgroup c memory\n")
                .v1,
            "/cg/memory");
}

TEST(MemoryCgroup, IsNoneWithoutAControllerOrAMount) {
  EXPECT_EQ(ParseMemoryCgroup("4:memory:/x\n", "").v1, "");
  EXPECT_EQ(ParseMemoryCgroup("", "").v2, "");
  EXPECT_EQ(ParseMemoryCgroup(
                "4:cpuset,memory2:/x\n",
                "36 31 0:33 / /cg rw - cgroup cgroup rw,cpuset,memory2\n")
                .v1,
            "");
  EXPECT_EQ(ParseMemoryCgroup("::\n:\nmemory\n4:memory\n", "- - -\n - \n").v1,
            "");
}

constexpr char kMemoryEvents[] =
    "low 0\nhigh 0\nmax 1713\noom 2\noom_kill 4\noom_group_kill 1\n";

TEST(KeyedNumber, IsThatOfTheWholeKey) {
  EXPECT_EQ(KeyedNumber(kMemoryEvents, "oom"), 2U);
  EXPECT_EQ(KeyedNumber(kMemoryEvents, "oom_kill"), 4U);
  EXPECT_EQ(KeyedNumber(kMemoryEvents, "oom_group_kill"), 1U);
  EXPECT_EQ(KeyedNumber(kMemoryEvents, "kill"), 0U);
  EXPECT_EQ(
      KeyedNumber("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n", "oom_kill"),
      7U);
}

TEST(KeyedNumber, OfWhatIsNotThereIsZero) {
  for (const char* text : {"", "\n", "oom", "oom ", "oom x", "oom -1", "oom 1x",
                           "oom 99999999999999999999", "x oom 3"}) {
    EXPECT_EQ(KeyedNumber(text, "oom"), 0U) << text;
  }
}

TEST(ProcessIds, AreThoseOfWholeLines) {
  EXPECT_EQ(ProcessIds("12\n7\n4194304\n"),
            (std::vector<pid_t>{12, 7, 4194304}));
  EXPECT_EQ(ProcessIds("12\n41"), std::vector<pid_t>{12});
  EXPECT_TRUE(ProcessIds("").empty());
  EXPECT_TRUE(ProcessIds("41").empty());
}

TEST(ProcessIds, AreNeverOurGroupNorEverybody) {
  EXPECT_EQ(ProcessIds("0\n-1\nx\n99999999999\n5\n"), std::vector<pid_t>{5});
}

TEST(Reserve, IsAShareOfTheLimitWithinBounds) {
  EXPECT_EQ(ReserveFor(64 * kGiB), kGiB);
  EXPECT_EQ(ReserveFor(16 * kGiB), 512 * kMiB);
  EXPECT_EQ(ReserveFor(512 * kMiB), 32 * kMiB);
  EXPECT_EQ(ReserveFor(64 * kMiB), 16 * kMiB);
  EXPECT_EQ(ReserveFor(0), 0U);
}

// A tree of directories that looks like a hierarchy.
class FakeHierarchy : public testing::Test {
 protected:
  void Limit(const std::string& below, const std::string& file,
             const std::string& text) {
    std::filesystem::create_directories(root() + below);
    ASSERT_TRUE(ReplaceFile(root() + below + "/" + file, text).ok());
  }
  std::string root() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

TEST_F(FakeHierarchy, TheTightestLimitAboveIsTheBudget) {
  Limit("", "memory.limit_in_bytes", "9223372036854771712\n");
  Limit("/job", "memory.limit_in_bytes", "4294967296\n");
  Limit("/job/step", "memory.limit_in_bytes", "8589934592\n");
  Budget budget = *FindBudget({root() + "/job/step", root(), "", ""}, 0);
  EXPECT_EQ(budget.limit_bytes, 4 * kGiB);
  EXPECT_EQ(budget.bytes(), 4 * kGiB - 128 * kMiB);
  EXPECT_EQ(budget.source, "cgroup limit");
}

TEST_F(FakeHierarchy, V2WritesNoLimitAsAWord) {
  Limit("/job", "memory.max", "1073741824\n");
  Limit("/job/step", "memory.max", "max\n");
  Budget budget = *FindBudget({"", "", root() + "/job/step", root()}, 0);
  EXPECT_EQ(budget.limit_bytes, kGiB);
}

TEST_F(FakeHierarchy, SlurmsAllocationCountsWhenItIsTighter) {
  Limit("", "memory.limit_in_bytes", "4294967296\n");
  MemoryCgroup cgroup{root(), root(), "", ""};
  EXPECT_EQ(FindBudget(cgroup, kGiB)->limit_bytes, kGiB);
  EXPECT_EQ(FindBudget(cgroup, kGiB)->source, "Slurm's allocation");
  EXPECT_EQ(FindBudget(cgroup, 8 * kGiB)->limit_bytes, 4 * kGiB);
}

TEST_F(FakeHierarchy, WithoutAnyLimitItIsTheAvailableMemory) {
  Limit("", "memory.limit_in_bytes", "9223372036854771712\n");
  Budget budget = *FindBudget({root(), root(), "", ""}, 0);
  EXPECT_EQ(budget.source, "available memory");
  EXPECT_GT(budget.bytes(), 0U);
  EXPECT_LT(budget.limit_bytes, static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                                    sysconf(_SC_PAGESIZE));
}

TEST(ProcessStat, IsReadWhateverTheName) {
  for (const char* name : {"sh", "a b", ") R 1 1 1", "((", ")", "", "x\ny"}) {
    std::string line =
        "42 (" + std::string(name) + ") S 7 42 9 0 -1 4194304 1 2 3";
    std::optional<ProcessStat> stat = ParseProcessStat(line);
    ASSERT_TRUE(stat) << line;
    EXPECT_EQ(stat->parent, 7);
    EXPECT_EQ(stat->session, 9);
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->minor_faults, 1u);
    EXPECT_FALSE(stat->exiting);
  }
  EXPECT_TRUE(ParseProcessStat("42 (x) D 7 42 9 0 -1 4228356 1")->exiting);
}

TEST(MemoryLine, IsOfTheMemoryController) {
  EXPECT_EQ(MemoryLine("9:pids:/a\n4:cpu,memory:/b/c\n0::/d\n"),
            "4:cpu,memory:/b/c");
  EXPECT_EQ(MemoryLine("9:pids:/a\n1:name=memory:/x\n0::/d:e\n"), "0::/d:e");
  EXPECT_EQ(MemoryLine("garbage\n"), "");
}

TEST(MappedBytes, AreThoseOfACgroupAndAllBelow) {
  EXPECT_EQ(MappedBytes("mapped_file 1\ntotal_mapped_file 8192\n"), 8192u);
  EXPECT_EQ(MappedBytes("anon 1\nfile_mapped 4096\n"), 4096u);
  EXPECT_EQ(MappedBytes(""), 0u);
}

TEST(ProcessStat, OfTheDeadIsNothing) {
  EXPECT_FALSE(ParseProcessStat("42 (x) Z 7 42 9 0 -1"));
  EXPECT_FALSE(ParseProcessStat("42 (x) X 7 42 9 0 -1"));
}

TEST(ProcessStat, MalformedIsNothing) {
  for (const char* text :
       {"", "42", "42 (x", "42 (x)", "42 (x) ", "42 (x) S", "42 (x) S 7 42",
        "42 (x) S a b c d", "42 (x) SS 7 42 9"}) {
    EXPECT_FALSE(ParseProcessStat(text)) << text;
  }
}

TEST(Resident, IsWhatIsAnonymousSwappedOrShared) {
  Resident resident = ParseResident(
      "Name:\tRssAnon: 9 kB\nVmHWM:\t 9999 kB\nRssAnon:\t    1000 kB\n"
      "RssFile:\t 500 kB\nRssShmem:\t      30 kB\nVmSwap:\t     200 kB\n");
  EXPECT_EQ(resident.anonymous, 1200 * kKiB);
  EXPECT_EQ(resident.shared, 30 * kKiB);
}

TEST(Resident, OfSmapsIsWhatIsItsShare) {
  Resident resident = ParseResident(
      "55 7f [rollup]\nRss:   9999 kB\nPss:  9999 kB\nPss_Anon:     100 kB\n"
      "Pss_File:   99 kB\nPss_Shmem:      3 kB\nSwap:     77 kB\n"
      "SwapPss:      20 kB\n");
  EXPECT_EQ(resident.anonymous, 120 * kKiB);
  EXPECT_EQ(resident.shared, 3 * kKiB);
}

TEST(Resident, OfWhatIsMalformedIsNothing) {
  for (const char* text : {"", "RssAnon:", "RssAnon:\t-1 kB", "RssAnon: 5 MB",
                           "RssShmem:\t99999999999999999999999 kB"}) {
    EXPECT_EQ(ParseResident(text).With(0), 0u) << text;
  }
}

TEST(NextLook, IsBeforeTheCapCanBeReached) {
  for (uint64_t cap : {10 * kMiB, 200 * kMiB, 64 * kGiB}) {
    absl::Duration last = absl::InfiniteDuration();
    for (uint64_t used = 0; used <= cap; used += cap / 50) {
      absl::Duration look = NextLook(used, cap);
      EXPECT_LE(look, last);
      EXPECT_GE(look, absl::Milliseconds(1));
      EXPECT_LE(look, absl::Milliseconds(200));
      // At 4 GiB/s it is at most a few milliseconds late.
      EXPECT_LE(absl::ToDoubleSeconds(look) * 4 * kGiB,
                static_cast<double>(cap - used) + 16 * kMiB);
      last = look;
    }
  }
  EXPECT_EQ(NextLook(2 * kGiB, kGiB), NextLook(kGiB, kGiB));
}

}  // namespace
}  // namespace cram
