// What is said between the agent, cram-ranks and the ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "spank/ranks/rank_command.h"
#include "spank/ranks/rank_environment.h"
#include "spank/ranks/report.h"

namespace cram {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

TEST(RankReport, ComesBackAsItWasWritten) {
  RankReport report;
  report.rank = 3;
  report.failed_step = "run ./a model";
  report.error = 2;
  report.lost_part = 1;
  report.port = 4711;
  RankReport read = RankReport::Parse(report.ToText());
  EXPECT_EQ(read.rank, 3u);
  EXPECT_EQ(read.failed_step, "run ./a model");
  EXPECT_EQ(read.error, 2);
  EXPECT_EQ(read.lost_part, 1u);
  EXPECT_EQ(read.port, 4711);
}

TEST(RankReport, OfOtherWordsNothingIsTaken) {
  RankReport read = RankReport::Parse("rank -1\nerrno 99999\nstep\n\xff\n");
  EXPECT_FALSE(read.rank);
  EXPECT_EQ(read.failed_step, "");
  EXPECT_EQ(read.error, 0);
}

TEST(RankCommand, IsForSeveralRanksAndForThoseThatAskForMpi) {
  SubJob subjob;
  EXPECT_FALSE(NeedsRanks(subjob));
  subjob.mpi = Mpi::kNone;
  EXPECT_FALSE(NeedsRanks(subjob));
  subjob.ranks = 2;
  EXPECT_TRUE(NeedsRanks(subjob));
  subjob.ranks = 1;
  subjob.mpi = Mpi::kAuto;
  EXPECT_TRUE(NeedsRanks(subjob));
}

TEST(RankCommand, SaysWhereTheOtherRanksPrint) {
  SubJob subjob;
  subjob.index = 7;
  subjob.ranks = 2;
  subjob.argv = {"./a", "-b"};
  EXPECT_THAT(
      RankCommand({"/x/cram-ranks", "w", "/s"}, subjob, OutputMode::kPacked),
      ElementsAre("/x/cram-ranks", "--ranks=2", "--mpi=", "--name=w",
                  "--shared-memory=/s", "--", "./a", "-b"));
  EXPECT_THAT(
      RankCommand({"r", "w", "", {5, 7}, {6, 8}}, subjob, OutputMode::kPacked),
      AllOf(Contains("--stdout-fds=5,7"), Contains("--stderr-fds=6,8")));
  EXPECT_THAT(RankCommand({"r", "w", ""}, subjob, OutputMode::kAll),
              Contains("--output-stem=cram.7"));
  EXPECT_THAT(RankCommand({"r", "w", ""}, subjob, OutputMode::kRank0),
              Contains("--rank0-output"));
  subjob.stdout_path = "out";
  EXPECT_THAT(RankCommand({"r", "w", ""}, subjob, OutputMode::kRank0),
              Not(Contains("--rank0-output")));
}

TEST(RankEnvironment, TellsTheRanksPlaceInSlurmsWords) {
  const char* const subjob[] = {"SLURM_JOB_ID=9", "SLURM_PROCID=0", "A=b",
                                nullptr};
  RankEnvironment environment(subjob, GangPlace::OneNode(4), 2);
  EXPECT_EQ(environment.Get("SLURM_PROCID"), "2");
  EXPECT_EQ(environment.Get("SLURM_LOCALID"), "2");
  EXPECT_EQ(environment.Get("SLURM_NTASKS"), "4");
  EXPECT_EQ(environment.Get("SLURM_GTIDS"), "0,1,2,3");
  EXPECT_EQ(environment.Get("OMPI_COMM_WORLD_RANK"), "2");
  EXPECT_EQ(environment.Get("CRAM_RANKS"), "4");
  EXPECT_EQ(environment.Get("A"), "b");
}

TEST(RankEnvironment, SuggestsNothingOverWhatTheUserSet) {
  const char* const subjob[] = {"UCX_TLS=all", nullptr};
  RankEnvironment environment(subjob, GangPlace::OneNode(2), 0);
  environment.Suggest({{"UCX_TLS", "sm"}, {"OMPI_MCA_pml", "ob1"}});
  EXPECT_EQ(environment.Get("UCX_TLS"), "all");
  EXPECT_EQ(environment.Get("OMPI_MCA_pml"), "ob1");
}

TEST(RankEnvironment, TellsARankOfSeveralNodesWhereItIs) {
  const char* const subjob[] = {"SLURM_JOB_ID=9", "CRAM_GANG=secret", nullptr};
  GangPlace place;
  place.parts = {{"n0", 2}, {"n1", 2}, {"n4", 1}};
  place.part = 1;
  RankEnvironment environment(subjob, place, 3);
  EXPECT_EQ(environment.Get("SLURM_PROCID"), "3");
  EXPECT_EQ(environment.Get("SLURM_LOCALID"), "1");
  EXPECT_EQ(environment.Get("SLURM_NODEID"), "1");
  EXPECT_EQ(environment.Get("SLURM_NNODES"), "3");
  EXPECT_EQ(environment.Get("SLURM_NTASKS"), "5");
  EXPECT_EQ(environment.Get("SLURM_GTIDS"), "2,3");
  EXPECT_EQ(environment.Get("SLURM_TASKS_PER_NODE"), "2(x2),1");
  EXPECT_EQ(environment.Get("SLURM_STEP_NODELIST"), "n0,n1,n4");
  EXPECT_EQ(environment.Get("OMPI_COMM_WORLD_LOCAL_SIZE"), "2");
  EXPECT_EQ(environment.Get("CRAM_GANG"), "");
}

TEST(RankEnvironment, OutsideOfSlurmItInventsNoSlurm) {
  const char* const subjob[] = {"A=b", nullptr};
  RankEnvironment environment(subjob, GangPlace::OneNode(2), 0);
  EXPECT_EQ(environment.Get("SLURM_PROCID"), "");
  EXPECT_EQ(environment.Get("CRAM_RANK"), "0");
}

}  // namespace
}  // namespace cram
