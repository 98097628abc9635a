#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spank/launch/request.h"

namespace cram {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

LaunchRequest Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "cram-launch");
  absl::StatusOr<LaunchRequest> request = ParseRequest(words);
  EXPECT_TRUE(request.ok()) << request.status();
  return *std::move(request);
}

std::string Refusal(const LaunchRequest& request) {
  return std::string(CheckUse(request, false, false).message());
}

TEST(ParseRequest, SplitsOptionsFromTheCommand) {
  LaunchRequest request = Parse({"/usr/bin/srun", "4", "cram=m.pb",
                                 "cram-mem=a=b", "cram-progress=", "--", "srun",
                                 "-n1", "--cram=m.pb", "--", "echo", "--"});
  EXPECT_EQ(request.program_name(), "srun");
  EXPECT_EQ(request.manifest, "m.pb");
  EXPECT_THAT(request.options,
              ElementsAre(Pair("mem", "a=b"), Pair("progress", "")));
  EXPECT_THAT(request.OptionWords(), ElementsAre("-n1", "--cram=m.pb"));
  EXPECT_THAT(request.Command(), ElementsAre("echo", "--"));
  EXPECT_EQ(Refusal(request), "");
}

TEST(LaunchRequest, FindsAnOptionByNameAbbreviationOrLetter) {
  LaunchRequest request = Parse({"srun", "4", "cram=m", "--", "srun", "-Mfar",
                                 "--mult=x", "--cram=m", "-n1", "--wrap"});
  EXPECT_TRUE(request.HasOption("clusters", 'M'));
  EXPECT_TRUE(request.HasOption("multi-prog"));
  EXPECT_FALSE(request.HasOption("ntasks", 'n'));  // of the command
  EXPECT_FALSE(request.HasOption("wrap"));
}

TEST(ParseRequest, RefusesAPersonsCommandLine) {
  for (std::vector<std::string> words :
       {std::vector<std::string>{"cram-launch"},
        {"cram-launch", "--help"},
        {"cram-launch", "srun", "x", "--", "srun"},
        {"cram-launch", "srun", "0", "--", "srun"},
        {"cram-launch", "srun", "2", "--", "srun"},
        {"cram-launch", "srun", "1", "mem=1", "--", "srun"},
        {"cram-launch", "srun", "1", "cram=m.pb", "srun"}}) {
    EXPECT_THAT(std::string(ParseRequest(words).status().message()),
                HasSubstr("srun --cram=FILE"));
  }
}

TEST(CheckUse, RefusesOptionsWithoutAManifest) {
  EXPECT_EQ(Refusal(Parse({"srun", "2", "cram-mem=1G", "--", "srun",
                           "--cram-mem=1G", "true"})),
            "--cram-mem needs --cram=FILE");
  EXPECT_EQ(Refusal(Parse({"srun", "2", "cram=", "--", "srun", "--cram="})),
            "--cram needs a file name");
}

TEST(CheckUse, RefusesHeterogeneousJobs) {
  LaunchRequest request =
      Parse({"srun", "2", "cram=m", "--", "srun", "--cram=m", "a", ":", "b"});
  EXPECT_THAT(Refusal(request), HasSubstr("heterogeneous"));
  request = Parse({"srun", "2", "cram=m", "--", "srun", "--cram=m", "a"});
  EXPECT_EQ(Refusal(request), "");
  EXPECT_THAT(std::string(CheckUse(request, true, false).message()),
              HasSubstr("heterogeneous"));
  // srun alone makes one of it.
  EXPECT_THAT(Refusal(Parse({"srun", "3", "cram=m", "--", "srun",
                             "--het-group=0,1", "--cram=m"})),
              HasSubstr("heterogeneous"));
}

TEST(CheckUse, RefusesMultiProgEvenAbbreviated) {
  EXPECT_THAT(Refusal(Parse({"srun", "3", "cram=m", "--", "srun", "--multi",
                             "--cram=m", "conf"})),
              HasSubstr("--multi-prog"));
  EXPECT_EQ(Refusal(Parse({"srun", "2", "cram=m", "--", "srun", "--cram=m",
                           "prog", "--multi-prog"})),
            "");
}

TEST(CheckUse, RefusesSalloc) {
  EXPECT_THAT(
      Refusal(Parse({"salloc", "2", "cram=m", "--", "salloc", "--cram=m"})),
      HasSubstr("salloc takes no --cram options"));
}

TEST(CheckUse, RefusesSbatchWithAScriptOfAnyKind) {
  const char* const refusal = "makes its own script";
  LaunchRequest request =
      Parse({"sbatch", "2", "cram=m", "--", "sbatch", "--cram=m"});
  EXPECT_EQ(Refusal(request), "");
  EXPECT_THAT(std::string(CheckUse(request, false, true).message()),
              HasSubstr(refusal));
  EXPECT_THAT(Refusal(Parse({"sbatch", "2", "cram=m", "--", "sbatch",
                             "--cram=m", "job.sh"})),
              HasSubstr(refusal));
  EXPECT_THAT(Refusal(Parse({"sbatch", "3", "cram=m", "--", "sbatch",
                             "--cram=m", "--wrap=true"})),
              HasSubstr(refusal));
  EXPECT_THAT(
      Refusal(Parse({"sbatch", "1", "cram=m", "--", "sbatch", "job.sh"})),
      HasSubstr("#SBATCH"));
}

}  // namespace
}  // namespace cram
