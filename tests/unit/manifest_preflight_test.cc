#include <gmock/gmock.h>

#include "pack/manifest/preflight.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::HasSubstr;

class PreflightTest : public ManifestTest {
 protected:
  void WriteSubJobs(const SubJobTemplate& source) {
    std::unique_ptr<ManifestWriter> writer = Writer();
    Sweep sweep;
    AddRange(&sweep, "seed", 0, 1, 10);
    ASSERT_TRUE(writer->AddTemplate(source).ok());
    ASSERT_TRUE(writer->AddSweep(0, sweep).ok());
    ASSERT_TRUE(writer->Finish().ok());
  }

  std::string Refusal() {
    return std::string(
        Preflight(path_, options_, command_, node_).status().message());
  }

  RunOptions options_;
  std::vector<std::string> command_;
  NodeSize node_;
};

TEST_F(PreflightTest, PassesWhatCanRun) {
  WriteSubJobs(Command({"true"}));
  absl::StatusOr<std::unique_ptr<ManifestReader>> reader =
      Preflight(path_, options_, command_, {1, 1 << 20});
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->size(), 10u);
}

TEST_F(PreflightTest, RefusesAMissingManifest) {
  EXPECT_EQ(Refusal(), path_ + ": No such file or directory");
}

TEST_F(PreflightTest, RefusesSubJobsWithoutACommand) {
  WriteSubJobs(SubJobTemplate());
  EXPECT_THAT(Refusal(), HasSubstr("sub-job 0 names no command"));
  command_ = {"run", "{seed}"};
  EXPECT_EQ(Refusal(), "");
  command_ = {"run", "{sed}"};
  EXPECT_THAT(Refusal(), HasSubstr("unknown placeholder {sed}"));
}

TEST_F(PreflightTest, RefusesACapThatMayGrowAboveTheNodeOrCannotGrow) {
  WriteSubJobs(Command({"true"}));
  node_.memory_bytes = 8ULL << 30;
  ASSERT_TRUE(options_.Set("oom-retry", "2:8G").ok());
  EXPECT_EQ(Refusal(), "");
  ASSERT_TRUE(options_.Set("oom-retry", "2:9G").ok());
  EXPECT_EQ(Refusal(), "--oom-retry: a cap of 9G is above the node's 8G");
  ASSERT_TRUE(options_.Set("oom-retry", "2:1G").ok());
  ASSERT_TRUE(options_.Set("mem", "1G").ok());
  EXPECT_EQ(Refusal(), "--oom-retry: at most 1G is not above the cap of 1G");
}

TEST_F(PreflightTest, RefusesAnOutputNameWithAnUnknownPlaceholder) {
  WriteSubJobs(Command({"true"}));
  ASSERT_TRUE(options_.Set("output", "out.{seed}").ok());
  EXPECT_EQ(Refusal(), "");
  ASSERT_TRUE(options_.Set("output", "out.{sed}").ok());
  EXPECT_THAT(Refusal(), HasSubstr("--output: unknown placeholder {sed}"));
}

TEST_F(PreflightTest, RefusesACapAboveTheNode) {
  SubJobTemplate source = Command({"true"});
  source.set_memory_bytes(uint64_t{3} << 30);
  WriteSubJobs(source);
  EXPECT_EQ(Refusal(), "");
  node_.memory_bytes = uint64_t{2} << 30;
  EXPECT_EQ(Refusal(), path_ + ": a cap of 3G is above the node's 2G");
  ASSERT_TRUE(options_.Set("mem", "1G").ok());
  EXPECT_EQ(Refusal(), "");
  ASSERT_TRUE(options_.Set("mem", "4G").ok());
  EXPECT_EQ(Refusal(), "--mem: a cap of 4G is above the node's 2G");
  ASSERT_TRUE(options_.Set("mem", "share").ok());
  EXPECT_EQ(Refusal(), "");
}

TEST_F(PreflightTest, RefusesMoreCpusThanANodeHas) {
  SubJobTemplate source = Command({"true"});
  source.set_cpus(8);
  WriteSubJobs(source);
  EXPECT_EQ(Refusal(), "");
  node_.cpus = 4;
  EXPECT_EQ(Refusal(), path_ + ": sub-jobs of 8 CPUs; a node has 4");
}

TEST_F(PreflightTest, RefusesMoreRanksThanAllNodesHaveCpus) {
  SubJobTemplate source = Command({"true"});
  source.set_ranks(2);
  source.set_cpus(3);
  WriteSubJobs(source);
  EXPECT_EQ(Refusal(), "");
  node_.cpus = 4;
  EXPECT_EQ(Refusal(), "");
  node_.all_cpus = 4;
  EXPECT_THAT(Refusal(),
              HasSubstr("sub-jobs of 2 ranks and 6 CPUs; a node has 4"));
  node_.all_cpus = 5;
  EXPECT_THAT(Refusal(), HasSubstr("6 CPUs; all nodes together have 5"));
  node_.all_cpus = 8;
  EXPECT_EQ(Refusal(), "");
  node_.cpus = 2;
  EXPECT_THAT(Refusal(), HasSubstr("ranks of 3 CPUs; a node has 2"));
}

TEST_F(PreflightTest, RefusesDamageAnywhere) {
  WriteOneOfEach();
  command_ = {"run"};
  EXPECT_EQ(Refusal(), "");
  std::string content = Content();
  content[content.find("two words")] = 'T';
  SetContent(content);
  EXPECT_THAT(Refusal(), HasSubstr("damaged"));
}

}  // namespace
}  // namespace cram
