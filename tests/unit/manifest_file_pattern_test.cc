#include <gtest/gtest.h>

#include "pack/manifest/file_pattern.h"
#include "pack/manifest/template.h"

namespace cram {
namespace {

// With job 42, task 7, on node n1, of user ann.
std::string Name(absl::string_view pattern) {
  absl::StatusOr<Template> text =
      Template::Parse(FilePatternText(pattern, "a {job}", "task"));
  EXPECT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(text->Bind({"task"}).ok());
  text->SetVariables(
      {{"SLURM_JOB_ID", "42"}, {"CRAM_NODE", "n1"}, {"USER", "ann"}});
  std::string out;
  EXPECT_TRUE(text->Expand(0, {"7"}, &out).ok());
  return out;
}

TEST(FilePattern, FillsInWhatSlurmFillsIn) {
  EXPECT_EQ(Name("slurm-%A_%a.out"), "slurm-42_7.out");
  EXPECT_EQ(Name("%x-%u-%N-%n-%t-%s"), "a {job}-ann-n1-0-0-batch");
  EXPECT_EQ(Name(""), "");
}

TEST(FilePattern, TakesWidths) {
  EXPECT_EQ(Name("%4a"), "0007");
  EXPECT_EQ(Name("%05A"), "00042");
  EXPECT_EQ(Name("%99a"), "0000000007");
  EXPECT_EQ(Name("%3n"), "000");
}

TEST(FilePattern, ATasksOwnJobIdIsJobAndTask) {
  EXPECT_EQ(Name("%j.log"), "42_7.log");
  EXPECT_EQ(Name("%J"), "42_7");
}

TEST(FilePattern, LeavesWhatItDoesNotKnow) {
  EXPECT_EQ(Name("100%"), "100%");
  EXPECT_EQ(Name("%%a"), "%a");
  EXPECT_EQ(Name("%q%"), "%q%");
  EXPECT_EQ(Name("%4"), "%4");
  EXPECT_EQ(Name("{task}"), "{task}");
}

TEST(FilePattern, ABackslashMeansThatNothingIsFilledIn) {
  EXPECT_EQ(Name("%A\\%a"), "%A%a");
  EXPECT_EQ(Name("a\\\\b%A"), "a\\b%A");
}

}  // namespace
}  // namespace cram
