// What is said between the agent, cram-ranks and the ranks.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "pack/base/mpi_settings.h"
#include "spank/ranks/rank_command.h"
#include "spank/ranks/rank_environment.h"
#include "spank/ranks/report.h"

namespace cram {
namespace {

TEST(RankReport, ComesBackAsItWasWritten) {
  RankReport report;
  report.rank = 3;
  report.failed_step = "run ./a model";
  report.error = 2;
  report.lost_part = 1;
  report.port = 4711;
  report.pids = {17, 4};
  RankReport read = RankReport::Parse(report.ToText());
  EXPECT_EQ(read.rank, 3u);
  EXPECT_EQ(read.failed_step, "run ./a model");
  EXPECT_EQ(read.error, 2);
  EXPECT_EQ(read.lost_part, 1u);
  EXPECT_EQ(read.port, 4711);
  EXPECT_EQ(read.pids, report.pids);
}

TEST(RankReport, OfOtherWordsNothingIsTaken) {
  RankReport read = RankReport::Parse(
      "rank -1\nerrno 99999\nstep\n\xff\npids 1,-2\nport 70000\n");
  EXPECT_FALSE(read.rank);
  EXPECT_TRUE(read.pids.empty());
  EXPECT_EQ(read.port, 0);
  EXPECT_EQ(read.failed_step, "");
  EXPECT_EQ(read.error, 0);
}

TEST(RankCommand, IsForSeveralRanksAndForThoseThatAskForMpi) {
  const struct {
    uint32_t ranks;
    Mpi mpi;
    bool needs;
  } cases[] = {{1, Mpi::kUnsaid, false},
               {1, Mpi::kNone, false},
               {1, Mpi::kAuto, true},
               {2, Mpi::kUnsaid, true},
               {2, Mpi::kNone, true}};
  for (const auto& one : cases) {
    SubJob subjob;
    subjob.ranks = one.ranks;
    subjob.mpi = one.mpi;
    EXPECT_EQ(NeedsRanks(subjob), one.needs)
        << one.ranks << " " << MpiText(one.mpi);
  }
}

TEST(RankCommand, SaysWhatTheRanksAreTo) {
  const struct {
    RankFacts facts;
    std::string stdout_path;
    OutputMode output;
    std::string words;
  } cases[] = {
      {{"r", "w", "/s"}, "", OutputMode::kPacked, "--shared-memory=/s "},
      {{"r", "w", "", {5, 7}, {6, 8}},
       "",
       OutputMode::kPacked,
       "--stdout-fds=5,7 --stderr-fds=6,8 "},
      {{"r", "w", ""}, "", OutputMode::kAll, "--output-stem=cram.7 "},
      {{"r", "w", ""}, "", OutputMode::kRank0, "--rank0-output "},
      {{"r", "w", ""}, "out", OutputMode::kRank0, ""},
  };
  for (const auto& one : cases) {
    SubJob subjob;
    subjob.index = 7;
    subjob.ranks = 2;
    subjob.argv = {"./a", "-b"};
    subjob.stdout_path = one.stdout_path;
    EXPECT_EQ(absl::StrJoin(RankCommand(one.facts, subjob, one.output), " "),
              "r --ranks=2 --mpi= --name=w " + one.words + "-- ./a -b");
  }
}

using Variables = std::vector<std::pair<std::string, std::string>>;

GangPlace ThreeNodes() {
  GangPlace place;
  place.parts = {{"n0", 2}, {"n1", 2}, {"n4", 1}};
  place.part = 1;
  return place;
}

TEST(RankEnvironment, TellsTheRanksPlace) {
  const struct {
    std::string where;
    std::vector<const char*> subjob;
    GangPlace place;
    uint32_t rank;
    Variables told;
  } cases[] = {
      {"in a step",
       {"SLURM_JOB_ID=9", "SLURM_PROCID=0", "A=b", nullptr},
       GangPlace::OneNode(4),
       2,
       {{"SLURM_PROCID", "2"},
        {"SLURM_LOCALID", "2"},
        {"SLURM_NTASKS", "4"},
        {"SLURM_GTIDS", "0,1,2,3"},
        {"OMPI_COMM_WORLD_RANK", "2"},
        {"CRAM_RANKS", "4"},
        {"A", "b"}}},
      {"on several nodes",
       {"SLURM_JOB_ID=9", "CRAM_GANG=secret", nullptr},
       ThreeNodes(),
       3,
       {{"SLURM_PROCID", "3"},
        {"SLURM_LOCALID", "1"},
        {"SLURM_NODEID", "1"},
        {"SLURM_NNODES", "3"},
        {"SLURM_NTASKS", "5"},
        {"SLURM_GTIDS", "2,3"},
        {"SLURM_TASKS_PER_NODE", "2(x2),1"},
        {"SLURM_STEP_NODELIST", "n0,n1,n4"},
        {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
        {"CRAM_GANG", ""}}},
      {"outside of Slurm",
       {"A=b", nullptr},
       GangPlace::OneNode(2),
       0,
       {{"SLURM_PROCID", ""}, {"CRAM_RANK", "0"}}},
  };
  for (const auto& one : cases) {
    RankEnvironment environment(one.subjob.data(), one.place, one.rank);
    for (const auto& [name, value] : one.told) {
      EXPECT_EQ(environment.Get(name), value) << name << " " << one.where;
    }
  }
}

TEST(RankEnvironment, SuggestsNothingOverWhatTheUserSet) {
  const char* const subjob[] = {"UCX_TLS=all", nullptr};
  RankEnvironment environment(subjob, GangPlace::OneNode(2), 0);
  environment.Suggest({{"UCX_TLS", "sm"}, {"OMPI_MCA_pml", "ob1"}});
  EXPECT_EQ(environment.Get("UCX_TLS"), "all");
  EXPECT_EQ(environment.Get("OMPI_MCA_pml"), "ob1");
}

TEST(RankEnvironment, SuggestsNothingThatGoesAgainstWhatTheUserSet) {
  const std::vector<MpiSetting> settings = {{"UCX_TLS", "sm"},
                                            {"UCX_MODULES", "cma", "UCX_TLS"}};
  const char* const subjob[] = {"UCX_TLS=rc", nullptr};
  RankEnvironment told(subjob, GangPlace::OneNode(2), 0);
  told.Suggest(settings);
  EXPECT_EQ(told.Get("UCX_MODULES"), "");
  RankEnvironment untold(subjob + 1, GangPlace::OneNode(2), 0);
  untold.Suggest(settings);
  EXPECT_EQ(untold.Get("UCX_TLS"), "sm");
  EXPECT_EQ(untold.Get("UCX_MODULES"), "cma");
}

}  // namespace
}  // namespace cram
