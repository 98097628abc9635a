#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "pack/base/size.h"
#include "sbin/report/attempt_output.h"
#include "sbin/report/json.h"
#include "sbin/report/summary.h"
#include "sbin/report/why.h"
#include "sbin/report/why_groups.h"
#include "tests/unit/report_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

uint64_t Count(const Summary& summary, State state) {
  return summary.states[static_cast<size_t>(state)];
}

class ViewsTest : public ReportTest {
 protected:
  std::string WhyOf(uint64_t index) { return Why(LastRow(index), Context()); }
};

TEST_F(ViewsTest, SummaryCountsEverySubJobOnce) {
  LoadExample();
  Summary summary = Summarize(*run_, kRunBegin);
  EXPECT_EQ(Count(summary, State::kCompleted), 2u);
  EXPECT_EQ(Count(summary, State::kFailed), 3u);
  EXPECT_EQ(Count(summary, State::kRunning), 1u);
  EXPECT_EQ(Count(summary, State::kPending), 1u);
  uint64_t all = 0;
  for (uint64_t count : summary.states) all += count;
  EXPECT_EQ(all, run_->subjobs());
  EXPECT_EQ(summary.attempts, 10u);
  EXPECT_EQ(summary.ended_attempts, 9u);
  EXPECT_EQ(summary.nodes[0].attempts, 8u);
  EXPECT_EQ(summary.cpu_us, 9u * 1500000);
  EXPECT_GT(summary.Utilisation(), 0);
}

TEST_F(ViewsTest, SummaryQuantilesAreOfWhatRanAndEnded) {
  {
    ExampleNode n0(directory_, 0, 1, 101);
    for (uint64_t i = 0; i <= 100; ++i) {
      Ended ended = ExampleNode::Make(100 - i, Cause::kCompleted,
                                      static_cast<int64_t>(i));
      ended.set_peak_bytes((i + 1) * 4096);
      n0.End(ended);
    }
    n0.Flush();
  }
  Load();
  Summary summary = Summarize(*run_, kRunBegin);
  EXPECT_EQ(summary.measured, 101u);
  EXPECT_EQ(summary.elapsed_ns.least, 0);
  EXPECT_EQ(summary.elapsed_ns.half, 50 * kSecondNs);
  EXPECT_EQ(summary.elapsed_ns.most_90, 90 * kSecondNs);
  EXPECT_EQ(summary.elapsed_ns.most_99, 99 * kSecondNs);
  EXPECT_EQ(summary.elapsed_ns.most, 100 * kSecondNs);
  EXPECT_EQ(summary.peak_bytes.most, 101 * 4096);
}

TEST_F(ViewsTest, SummaryOfARunWhereNothingStartedYet) {
  {
    ExampleNode n0(directory_, 0, 1, 7);
    n0.Flush();
  }
  Load();
  Summary summary = Summarize(*run_, kRunBegin);
  EXPECT_EQ(Count(summary, State::kPending), 7u);
  EXPECT_THAT(SummaryText(*run_, summary), Not(HasSubstr("Elapsed")));
}

TEST_F(ViewsTest, SummarySaysWhatEnforcesCapsOnEachNode) {
  LoadExample();
  std::string text = SummaryText(*run_, Summarize(*run_, kRunBegin));
  EXPECT_THAT(text, HasSubstr("cgroup/v1\n"));
  EXPECT_THAT(text, HasSubstr("watchdog\n"));
  EXPECT_THAT(text, HasSubstr("OUT_OF_MEMORY           1   10.0%\n"));
  EXPECT_THAT(text, HasSubstr("own cap                         1\n"));
}

TEST_F(ViewsTest, WhyNamesCapPeakPlaceAndWhatToDo) {
  LoadExample();
  EXPECT_EQ(
      WhyOf(3),
      "12.0_3 OUT_OF_MEMORY: it reached its memory cap of 200M and was killed "
      "on node n0, slot 1, at 2026-11-21T20:12:11, after 00:00:03 (attempt 0). "
      "Peak memory 200M, cap 200M.\n"
      "  killed: pid 4003 with 199M: ./hog a\\012b\n"
      "  stderr: taking 2000 MB\n"
      "  Run it again with --cram-mem=400M (the peak was 200M, where it was "
      "stopped) or --cram-oom-retry=2, or make the run smaller.\n");
}

// A run with one sub-job that ended so.
class OneEnd : public ViewsTest {
 protected:
  std::string WhyOfThe(Ended ended, absl::string_view err = "") {
    {
      ExampleNode n0(directory_, 0, 1, 1);
      n0.End(std::move(ended), "", err);
      n0.Flush();
    }
    Load();
    return WhyOf(0);
  }
};

TEST_F(OneEnd, OfARuntimeMemoryErrorIsSaidToBeAHint) {
  Ended ended = ExampleNode::Make(0, Cause::kRuntimeMemoryError, 2);
  ended.set_exit_code(1);
  ended.set_memory_message("MemoryError");
  ended.set_peak_bytes(180 * kMiB);
  std::string why = WhyOfThe(ended, "MemoryError\n");
  EXPECT_THAT(why, HasSubstr("FAILED: it ended with exit code 1, and seems to "
                             "have got no more memory (its standard error says "
                             "\"MemoryError\"), on node n0"));
  EXPECT_THAT(why, HasSubstr("Run it again with --cram-mem=400M"));
}

TEST_F(OneEnd, FarBelowItsCapIsNotBlamedOnTheCap) {
  Ended ended = ExampleNode::Make(0, Cause::kRuntimeMemoryError, 2);
  ended.set_exit_code(1);
  ended.set_memory_message("MemoryError");
  EXPECT_THAT(WhyOfThe(ended, "MemoryError\n"), HasSubstr("ulimit -v"));
}

TEST_F(OneEnd, AtTheNodesLimitSaysWhatToAskFor) {
  std::string why = WhyOfThe(ExampleNode::Make(0, Cause::kNodeBudget, 2));
  EXPECT_THAT(why, HasSubstr("Ask Slurm for more than 1G on a node (--mem), or "
                             "run fewer at once: --cram-slots=1."));
}

TEST_F(OneEnd, AtItsTimeLimitNamesTwiceTheTime) {
  EXPECT_THAT(WhyOfThe(ExampleNode::Make(0, Cause::kTimeLimit, 90)),
              HasSubstr("--cram-time=00:03:00 (it had run for 00:01:30)"));
}

TEST_F(OneEnd, ThatWasSlowedByItsCapNeedsMemoryRatherThanTime) {
  Ended ended = ExampleNode::Make(0, Cause::kTimeLimit, 90);
  ended.set_cap_bytes(200 * kMiB);
  ended.set_peak_bytes(200 * kMiB);
  ended.set_major_faults(90 * 100);
  std::string why = WhyOfThe(ended);
  EXPECT_THAT(why, HasSubstr("waited for 9000 pages"));
  EXPECT_THAT(why, HasSubstr("--cram-mem=400M"));
  EXPECT_THAT(why, Not(HasSubstr("--cram-time=")));
}

TEST_F(OneEnd, ThatReadMuchBelowItsCapNeedsTime) {
  Ended ended = ExampleNode::Make(0, Cause::kTimeLimit, 90);
  ended.set_cap_bytes(200 * kMiB);
  ended.set_peak_bytes(100 * kMiB);
  ended.set_major_faults(90 * 100);
  EXPECT_THAT(WhyOfThe(ended), HasSubstr("--cram-time=00:03:00"));
}

TEST_F(OneEnd, SaysWhatWasLeftOutOfItsOutput) {
  Ended ended = ExampleNode::Make(0, Cause::kExitCode, 2);
  ended.set_exit_code(127);
  ended.set_stderr_left_out(22 * kGiB);
  std::string why = WhyOfThe(ended, "sh: modl: not found\n");
  EXPECT_THAT(why, HasSubstr("Of its standard error 22G were left out."));
  EXPECT_THAT(why, HasSubstr("127: a shell did not find the command."));
}

TEST_F(OneEnd, WithoutPackedErrorsDoesNotKnowOfMemoryErrors) {
  Ended ended = ExampleNode::Make(0, Cause::kExitCode, 2);
  ended.set_exit_code(1);
  WhyOfThe(ended);
  unlink(directory_.output(0).c_str());
  EXPECT_THAT(WhyOf(0), HasSubstr("runtime ran out of memory is not known"));
}

TEST_F(ViewsTest, LikeEndsAreShownOnceAndCounted) {
  {
    ExampleNode n0(directory_, 0, 1, 2001);
    for (uint64_t i = 0; i < 2000; ++i) {
      n0.End(ExampleNode::Make(i, Cause::kOwnCap, 1));
    }
    n0.End(ExampleNode::Make(2000, Cause::kTimeLimit, 1));
    n0.Flush();
  }
  Load();
  WhyGroups groups;
  int shown = 0;
  for (uint64_t i = 0; i <= 2000; ++i) {
    shown += groups.Shows(LastRow(i), *run_) ? 1 : 0;
  }
  EXPECT_EQ(shown, 6);
  EXPECT_EQ(groups.Rest(*run_),
            "12.0 OUT_OF_MEMORY, own cap: 1995 more: 5-1999\n"
            "  Each of them: cramacct -j 12.0 --why -i INDEXES\n");
}

TEST_F(ViewsTest, JsonWhyHasVictimLinesAndAdvice) {
  LoadExample();
  auto row = nlohmann::json::parse(JsonWhyRow(LastRow(3), Context()));
  EXPECT_EQ(row["victim"]["pid"], 4003);
  EXPECT_EQ(row["victim"]["bytes"], 199 << 20);
  EXPECT_EQ(row["stderr_lines"][0], "taking 2000 MB");
  EXPECT_EQ(row["advice"].get<std::string>().substr(0, 32),
            "Run it again with --cram-mem=400");
}

TEST_F(ViewsTest, WhyNamesTheErrorOfWhatCouldNotStart) {
  LoadExample();
  EXPECT_THAT(WhyOf(7), HasSubstr("it could not start: chdir /nowhere: No such "
                                  "file or directory, on node n0"));
}

TEST_F(ViewsTest, WhyNamesSignalsAndShowsStderrWithoutItsControls) {
  LoadExample();
  EXPECT_THAT(WhyOf(2), HasSubstr("ended by SIGSEGV (core dumped)"));
  EXPECT_THAT(WhyOf(1), HasSubstr("ended with exit code 3"));
  EXPECT_THAT(WhyOf(1), HasSubstr("  stderr: no such \\033[1mmodel\n"));
}

TEST_F(ViewsTest, WhySpeaksOfLostAndUnstartedSubJobs) {
  LoadEndedExample();
  EXPECT_THAT(WhyOf(8), HasSubstr("NODE_FAIL: it was lost with its node"));
  EXPECT_EQ(WhyOf(9),
            "12.0_9 PENDING: it has not started, and the run has ended.\n");
}

TEST_F(ViewsTest, LastErrorLinesAreTheLastOnes) {
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise += "line " + std::to_string(i) + "\n";
  {
    ExampleNode n0(directory_, 0, 1, 1);
    n0.End(ExampleNode::Make(0, Cause::kExitCode, 1), "", noise + "end");
    n0.Flush();
  }
  Load();
  EXPECT_THAT(LastErrorLines(*run_, *run_->Last(0), 3),
              ElementsAre("line 4998", "line 4999", "end"));
}

TEST_F(ViewsTest, OutputIsFoundForEveryAttempt) {
  LoadExample();
  auto read = [this](const Attempt& attempt, OutputStream stream) {
    std::string bytes;
    absl::Status status = ReadAttemptOutput(
        *run_, attempt, stream, [&bytes](const OutputPiece& piece) {
          bytes.append(piece.bytes.data(), piece.bytes.size());
        });
    return status.ok() ? bytes : std::string(status.message());
  };
  EXPECT_EQ(read(*run_->Last(0), OutputStream::kStdout), "hello\n");
  EXPECT_EQ(read(*run_->Last(0), OutputStream::kStderr), "");
  EXPECT_EQ(read(*run_->Last(4), OutputStream::kStdout), "second try\n");
  EXPECT_EQ(read(*run_->Last(4)->previous, OutputStream::kStdout),
            "first try\n");
  EXPECT_EQ(read(*run_->Last(8), OutputStream::kStdout), "so far\n");
  unlink(directory_.output(0).c_str());
  EXPECT_THAT(read(*run_->Last(0), OutputStream::kStdout),
              HasSubstr("its output was not packed"));
  EXPECT_THAT(LastErrorLines(*run_, *run_->Last(1), 5), IsEmpty());
}

TEST_F(ViewsTest, JsonHoldsWhatTheTableHolds) {
  LoadExample();
  auto head_to_tail =
      nlohmann::json::parse(JsonHead(*run_) + JsonRow(LastRow(3), Context()) +
                            "," + JsonRow(LastRow(9), Context()) + JsonTail());
  EXPECT_EQ(head_to_tail["run"]["id"], "12.0");
  EXPECT_EQ(head_to_tail["run"]["nodes"][1]["caps"], "watchdog");
  const auto& hog = head_to_tail["subjobs"][0];
  EXPECT_EQ(hog["state"], "OUT_OF_MEMORY");
  EXPECT_EQ(hog["cause"], "own cap");
  EXPECT_EQ(hog["signal"], 9);
  EXPECT_EQ(hog["peak_bytes"], 200 << 20);
  EXPECT_EQ(hog["start"], 1795291928.0);
  EXPECT_EQ(hog["elapsed"], 3.0);
  EXPECT_EQ(head_to_tail["subjobs"][1].size(), 3u);  // index, job_id, state
}

TEST_F(ViewsTest, JsonSummaryCountsByStateAndCause) {
  LoadExample();
  auto json =
      nlohmann::json::parse(SummaryJson(*run_, Summarize(*run_, kRunBegin)));
  EXPECT_EQ(json["states"]["FAILED"], 3);
  EXPECT_EQ(json["causes"]["own cap"], 1);
  EXPECT_EQ(json["nodes"][0]["states"]["COMPLETED"], 1);
  EXPECT_EQ(json["elapsed_seconds"]["most"], 90061.0);
}

}  // namespace
}  // namespace cram
