#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "pack/manifest/batch_script.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

BatchScript Read(absl::string_view text) {
  absl::StatusOr<BatchScript> script =
      BatchScript::Parse(absl::StrCat("#!/bin/sh\n", text), "j.sh");
  EXPECT_TRUE(script.ok()) << script.status();
  return script.value_or(BatchScript());
}

std::string Error(absl::string_view text) {
  absl::StatusOr<BatchScript> script =
      BatchScript::Parse(absl::StrCat("#!/bin/sh\n", text), "j.sh");
  return std::string(script.status().message());
}

TEST(BatchScript, ReadsOptionsInEveryFormThatSbatchTakes) {
  BatchScript script = Read(
      "#SBATCH -J name -o out.%a --error=err\n"
      "#SBATCH --input in -D /work   # where\n"
      "#SBATCH\t-n4 -c 2 --mem=4G\n"
      "# a comment\n"
      "\n"
      "#SBATCH --arr 1-3 --time=1:00\n");
  EXPECT_EQ(script.job_name, "name");
  EXPECT_EQ(script.output, "out.%a");
  EXPECT_EQ(script.error, "err");
  EXPECT_EQ(script.input, "in");
  EXPECT_EQ(script.chdir, "/work");
  EXPECT_EQ(script.tasks, 4U);
  EXPECT_EQ(script.cpus_per_task, 2U);
  EXPECT_EQ(script.cpus(), 8U);
  EXPECT_EQ(script.memory_bytes, uint64_t{4} << 30);
  EXPECT_EQ(script.array, "1-3");
  EXPECT_EQ(script.time_limit_ms, 60000U);
  EXPECT_THAT(script.ignored, IsEmpty());
}

TEST(BatchScript, EndsAtTheFirstCommand) {
  BatchScript script = Read("#SBATCH -J a\n  echo\n#SBATCH -J b\n");
  EXPECT_EQ(script.job_name, "a");
  EXPECT_EQ(Read("##SBATCH -J a\n #SBATCH -J b\n").job_name, "");
}

TEST(BatchScript, LaterOptionsReplaceEarlierOnes) {
  EXPECT_EQ(Read("#SBATCH -J a\n#SBATCH --job-name=b\n").job_name, "b");
  BatchScript script = Read("#SBATCH --mem=1G\n#SBATCH --mem-per-cpu=100\n");
  EXPECT_EQ(script.memory_bytes, 0U);
  EXPECT_EQ(script.memory_per_cpu, uint64_t{100} << 20);
}

TEST(BatchScript, SplitsWordsAsSbatchDoes) {
  EXPECT_EQ(Read("#SBATCH --job-name=\"a 'b' \\\"c\\\"\"\n").job_name,
            "a 'b' \"c\"");
  EXPECT_EQ(Read("#SBATCH -J a#b -o c\n").job_name, "a");
  EXPECT_EQ(Read("#SBATCH -J a#b -o c\n").output, "");
  EXPECT_EQ(Read("#SBATCH -J a\\#b\n").job_name, "a#b");
}

TEST(BatchScript, NamesWhatMeansNothingToASubJob) {
  EXPECT_THAT(Read("#SBATCH -p short --mail-type ALL --mail-user=x -p long\n"
                   "#SBATCH --no-such thing --exclusive -Z\n")
                  .ignored,
              ElementsAre("-p", "--mail-type", "--mail-user", "--no-such",
                          "--exclusive", "-Z"));
}

TEST(BatchScript, ExportsWhatIsAssigned) {
  BatchScript script = Read("#SBATCH --export=ALL,A=1,B=x=y,C\n");
  EXPECT_THAT(script.exported, ElementsAre(Pair("A", "1"), Pair("B", "x=y")));
  EXPECT_THAT(script.ignored, IsEmpty());
  EXPECT_THAT(Read("#SBATCH --export=NONE\n").ignored,
              ElementsAre("--export without ALL"));
}

TEST(BatchScript, NoLimitIsNoLimit) {
  for (const char* time : {"0", "UNLIMITED", "infinite"}) {
    EXPECT_EQ(Read(absl::StrCat("#SBATCH -t 5 -t ", time, "\n")).time_limit_ms,
              0U);
  }
  EXPECT_THAT(Read("#SBATCH --mem=0\n").ignored, ElementsAre("--mem=0"));
}

TEST(BatchScript, TasksPerNodeAreTasks) {
  EXPECT_EQ(Read("#SBATCH -N1 --ntasks-per-node=8\n").cpus(), 8U);
  EXPECT_EQ(Read("#SBATCH -n 2 --ntasks-per-node=8\n").cpus(), 2U);
  EXPECT_EQ(Read("").cpus(), 0U);
}

TEST(BatchScript, ErrorsSayTheLine) {
  EXPECT_EQ(Error("#SBATCH -N 2\n"),
            "j.sh:2: -N: a sub-job runs on one node, not on 2");
  EXPECT_EQ(Error("\n#SBATCH --nodes=2-4\n"),
            "j.sh:3: --nodes: a sub-job runs on one node, not on 2");
  EXPECT_EQ(Error("#SBATCH -c none\n"),
            "j.sh:2: -c: 'none' is not a whole number of at least 1");
  EXPECT_EQ(Error("#SBATCH --output\n"), "j.sh:2: --output lacks its value");
  EXPECT_EQ(Error("#SBATCH -n\n"), "j.sh:2: -n lacks its value");
  EXPECT_EQ(Error("#SBATCH n=4\n"), "j.sh:2: 'n=4' is no option");
  EXPECT_EQ(Error("#SBATCH -J \"a\n"),
            "j.sh:2: unbalanced quote: no second \"");
  EXPECT_EQ(Error("#SBATCH hetjob\n"),
            "j.sh:2: a heterogeneous job cannot be a sub-job");
  EXPECT_THAT(Error("#SBATCH --mem=lots\n"),
              HasSubstr("j.sh:2: --mem: 'lots'"));
  EXPECT_THAT(Error("#SBATCH -n 4000000000 -c 4000000000\n"),
              HasSubstr("more CPUs than any node has"));
}

}  // namespace
}  // namespace cram
