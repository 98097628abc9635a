#include <gtest/gtest.h>

#include "pack/base/outcome.h"
#include "spank/agent/agent/gang_record.h"

namespace cram {
namespace {

Ended Part(Cause cause, uint64_t peak = 0) {
  Ended ended;
  ended.set_cause(static_cast<uint32_t>(cause));
  ended.set_peak_bytes(peak);
  ended.set_user_us(100);
  ended.set_stdout_bytes(10);
  ended.set_output_offset(peak);
  return ended;
}

class GangRecordTest : public ::testing::Test {
 protected:
  GangRecordTest() {
    end_.gang.subjob.index = 7;
    end_.gang.subjob.attempt = 2;
    end_.gang.subjob.ranks = 3;
    end_.gang.parts = {{4, 2}, {5, 1}};
    end_.parts.resize(2);
  }
  Cause Recorded(std::optional<Ended> first, std::optional<Ended> second) {
    end_.parts = {first, second};
    return static_cast<Cause>(GangRecord(end_).cause());
  }
  GangEnd end_;
};

TEST_F(GangRecordTest, AddsUpWhatItsNodesSay) {
  end_.parts = {Part(Cause::kCompleted, 300), Part(Cause::kCompleted, 500)};
  Ended record = GangRecord(end_);
  EXPECT_EQ(record.index(), 7u);
  EXPECT_EQ(record.attempt(), 2u);
  EXPECT_EQ(record.cpus(), 3u);
  EXPECT_EQ(record.peak_bytes(), 500u);
  EXPECT_EQ(record.user_us(), 200u);
  EXPECT_EQ(record.stdout_bytes(), 20u);
  ASSERT_EQ(record.parts_size(), 2);
  EXPECT_EQ(record.parts(1).node_id(), 5u);
  EXPECT_EQ(record.parts(1).output_offset(), 500u);
}

TEST_F(GangRecordTest, TheFirstPartSpeaksForAllRanks) {
  EXPECT_EQ(Recorded(Part(Cause::kTimeLimit), Part(Cause::kExitCode)),
            Cause::kTimeLimit);
  EXPECT_EQ(Recorded(Part(Cause::kCompleted), Part(Cause::kCancelled)),
            Cause::kCompleted);
}

TEST_F(GangRecordTest, MemoryGoesFirstWhereverItWas) {
  EXPECT_EQ(Recorded(Part(Cause::kExitCode), Part(Cause::kOwnCap)),
            Cause::kOwnCap);
  end_.lost_part = 1;
  EXPECT_EQ(Recorded(Part(Cause::kExitCode), Part(Cause::kOwnCap)),
            Cause::kOwnCap);
}

TEST_F(GangRecordTest, APartThatTheFirstLostTellsWhyIfItCan) {
  end_.lost_part = 1;
  EXPECT_EQ(Recorded(Part(Cause::kExitCode), Part(Cause::kSignal)),
            Cause::kSignal);
  EXPECT_EQ(Recorded(Part(Cause::kExitCode), std::nullopt), Cause::kNodeLost);
}

TEST_F(GangRecordTest, ALostNodeIsNamed) {
  end_.node_lost = true;
  EXPECT_EQ(Recorded(std::nullopt, Part(Cause::kCancelled)), Cause::kNodeLost);
}

TEST_F(GangRecordTest, WhatOneNodeCouldNotStartDidNotStart) {
  EXPECT_EQ(Recorded(Part(Cause::kCancelled), Part(Cause::kCouldNotStart)),
            Cause::kCouldNotStart);
}

TEST_F(GangRecordTest, WithoutAWordItWasCancelled) {
  end_.cancelled_by_user = true;
  EXPECT_EQ(Recorded(std::nullopt, std::nullopt), Cause::kCancelled);
  EXPECT_TRUE(GangRecord(end_).cancelled_by_user());
}

}  // namespace
}  // namespace cram
