#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spank/launch/arguments.h"

namespace cram {
namespace {

using ::testing::ElementsAre;

// srun's first word is argv[0]; the command begins at `command`.
LaunchRequest Request(std::vector<std::string> argv, size_t command) {
  LaunchRequest request;
  request.program = "/usr/bin/" + argv[0];
  request.argv = std::move(argv);
  request.command = command;
  request.has_manifest = true;
  request.manifest = "/home/u/sweep.pb";
  return request;
}

TEST(BuildSrunArguments, RunsTheAgentWhenThereIsNoCommand) {
  LaunchRequest request = Request({"srun", "-N4", "--cram=sweep.pb"}, 3);
  EXPECT_THAT(
      BuildSrunArguments(request, "/usr/libexec/cram/cram-agent", "sweep"),
      ElementsAre("srun", "--no-kill", "--job-name=sweep", "-N4",
                  "--cram=/home/u/sweep.pb", "--mpi=none", "--cpu-bind=none",
                  "--wait=0", "--kill-on-bad-exit=0", "--disable-status",
                  "--input=none", "/usr/libexec/cram/cram-agent",
                  "--manifest=/home/u/sweep.pb"));
}

TEST(BuildSrunArguments, PassesTheUsersCommandAfterADoubleDash) {
  LaunchRequest request =
      Request({"srun", "--cram", "m.pb", "--", "echo", "--cram=x", "a b"}, 4);
  EXPECT_THAT(BuildSrunArguments(request, "/a", ""),
              ElementsAre("srun", "--no-kill", "--cram=/home/u/sweep.pb",
                          "--mpi=none", "--cpu-bind=none", "--wait=0",
                          "--kill-on-bad-exit=0", "--disable-status",
                          "--input=none", "/a", "--manifest=/home/u/sweep.pb",
                          "--", "echo", "--cram=x", "a b"));
}

TEST(BuildSrunArguments, GivesTheAgentTheOptionsWithoutTheirPrefix) {
  LaunchRequest request = Request(
      {"srun", "--cram-mem=2G", "--cram=m.pb", "--cram-progress", "-n1"}, 5);
  request.options = {{"mem", "2G"}, {"progress", ""}};
  EXPECT_THAT(BuildSrunArguments(request, "/a", ""),
              ElementsAre("srun", "--no-kill", "-n1", "--cram=/home/u/sweep.pb",
                          "--mpi=none", "--cpu-bind=none", "--wait=0",
                          "--kill-on-bad-exit=0", "--disable-status",
                          "--input=none", "/a", "--manifest=/home/u/sweep.pb",
                          "--mem=2G", "--progress"));
}

TEST(BuildSbatchArguments, MovesCramOptionsIntoTheBatchScript) {
  LaunchRequest request = Request(
      {"sbatch", "-N", "4", "--cram", "m.pb", "--cram-mem", "2G", "-t", "9"},
      9);
  request.options = {{"mem", "2G"}};
  EXPECT_THAT(BuildSbatchArguments(request, "/usr/bin/srun", "sweep"),
              ElementsAre("sbatch", "--job-name=sweep", "-N", "4", "-t", "9",
                          "--wrap=exec /usr/bin/srun --cram=/home/u/sweep.pb "
                          "--cram-mem=2G"));
}

TEST(BuildSbatchArguments, TakesAbbreviatedOptionsAway) {
  LaunchRequest request = Request({"sbatch", "--cram=m.pb", "--cram-pr",
                                   "--cram-me", "2G", "--cram-ma=5%", "-n1"},
                                  7);
  EXPECT_THAT(
      BuildSbatchArguments(request, "srun", ""),
      ElementsAre("sbatch", "-n1", "--wrap=exec srun --cram=/home/u/sweep.pb"));
}

TEST(BuildSbatchArguments, QuotesForTheShell) {
  LaunchRequest request = Request({"sbatch", "--cram=x"}, 2);
  request.manifest = "/home/u/it's mine.pb";
  EXPECT_THAT(BuildSbatchArguments(request, "srun", "").back(),
              testing::AllOf(testing::StartsWith("--wrap=exec srun '--cram="),
                             testing::HasSubstr("mine.pb'")));
}

TEST(JobNameFor, IsTheFileNameWithoutItsEnding) {
  EXPECT_EQ(JobNameFor("/x/y.z/sweep.pb"), "sweep");
  EXPECT_EQ(JobNameFor("/x/sweep"), "sweep");
  EXPECT_EQ(JobNameFor("/x/.hidden"), ".hidden");
  EXPECT_EQ(JobNameFor("sweep.v2.pb"), "sweep.v2");
}

}  // namespace
}  // namespace cram
