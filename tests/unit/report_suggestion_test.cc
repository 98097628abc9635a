#include <gmock/gmock.h>

#include "pack/base/size.h"
#include "sbin/report/suggestion.h"
#include "tests/unit/report_fixture.h"

namespace cram {
namespace {

using testing::HasSubstr;

// Nodes of the example have two CPUs and 1G.
class SuggestionTest : public ReportTest {
 protected:
  // One node; a sub-job for each peak, in MiB, that ended so.
  void Write(const std::vector<std::pair<uint64_t, Cause>>& peaks) {
    ExampleNode node(directory_, 0, 1, peaks.size());
    for (size_t i = 0; i < peaks.size(); ++i) {
      Ended ended = ExampleNode::Make(i, peaks[i].second, 1);
      ended.set_peak_bytes(peaks[i].first * kMiB);
      ended.set_cap_bytes(kGiB);
      node.End(ended);
    }
    node.Flush();
  }
  Advice Advised() {
    absl::StatusOr<Advice> advice = Advise(Load());
    EXPECT_TRUE(advice.ok()) << advice.status();
    return advice.ok() ? *advice : Advice();
  }
};

TEST_F(SuggestionTest, HoldsTheLargestThatCompleted) {
  Write({{100, Cause::kCompleted},
         {200, Cause::kCompleted},
         {900, Cause::kExitCode}});
  Advice advice = Advised();
  EXPECT_EQ(advice.measured, 2u);
  EXPECT_EQ(advice.peak_bytes.most, static_cast<int64_t>(200 * kMiB));
  ASSERT_EQ(advice.settings.size(), 1u);
  EXPECT_EQ(advice.settings[0].Options(), "--cram-mem=256M --cram-slots=2");
}

TEST_F(SuggestionTest, OffersMoreSlotsForAFewSecondAttempts) {
  std::vector<std::pair<uint64_t, Cause>> peaks(19, {100, Cause::kCompleted});
  peaks.emplace_back(700, Cause::kCompleted);
  Write(peaks);
  Advice advice = Advised();
  ASSERT_EQ(advice.settings.size(), 2u);
  EXPECT_EQ(advice.settings[0].Options(), "--cram-mem=880M --cram-slots=1");
  EXPECT_EQ(advice.settings[1].Options(),
            "--cram-mem=128M --cram-slots=2 --cram-oom-retry=2");
  EXPECT_EQ(advice.settings[1].would_reach, 1u);
  EXPECT_THAT(AdviceText(*run_, advice),
              HasSubstr("# 1 of 20 would have reached this cap:\n--cram-mem="));
}

TEST_F(SuggestionTest, LetsCapsGrowWhenSomeWereStoppedByTheirs) {
  Write({{100, Cause::kCompleted}, {1024, Cause::kOwnCap}});
  Advice advice = Advised();
  EXPECT_EQ(advice.stopped_by_cap, 1u);
  EXPECT_EQ(advice.settings.at(0).Options(),
            "--cram-mem=128M --cram-slots=2 --cram-oom-retry=2");
}

TEST_F(SuggestionTest, SaysWhenNothingWasMeasured) {
  Write({{100, Cause::kExitCode}, {0, Cause::kCompleted}});
  EXPECT_THAT(std::string(Advise(Load()).status().message()),
              HasSubstr("run 12.0: no sub-job has completed with a peak"));
}

}  // namespace
}  // namespace cram
