#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "pack/manifest/told.h"

namespace cram {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using Variables = std::map<std::string, std::string>;

// For a program that inherits NODE_OPTIONS and GOMEMLIMIT.
Variables Told(const SubJob& subjob) {
  Variables told;
  for (const ToldKnob& knob : TellSubJob(
           subjob, 232 * kMiB, 1, KnobSet().set(),
           [](absl::string_view name) -> std::optional<absl::string_view> {
             if (name == "NODE_OPTIONS") return "--inherited";
             if (name == "GOMEMLIMIT") return "9MiB";
             return std::nullopt;
           })) {
    told[std::string(kRuntimeKnobs[knob.knob].variable)] = knob.value;
  }
  return told;
}

TEST(TellSubJob, LeavesAloneWhatIsInherited) {
  Variables told = Told({});
  EXPECT_EQ(told["NODE_OPTIONS"], "--inherited --max-old-space-size=150");
  EXPECT_THAT(told, Not(Contains(Key("GOMEMLIMIT"))));
}

TEST(TellSubJob, LeavesAloneWhatTheManifestSaysLast) {
  SubJob subjob;
  subjob.env = {{"NODE_OPTIONS", "--first"},
                {"NODE_OPTIONS", "--last"},
                {"PYPY_GC_MAX", std::nullopt},
                {"PYPY_GC_MAX", "9M"}};
  Variables told = Told(subjob);
  EXPECT_EQ(told["NODE_OPTIONS"], "--last --max-old-space-size=150");
  EXPECT_THAT(told, Not(Contains(Key("PYPY_GC_MAX"))));
}

TEST(TellSubJob, DoesNotTellWhatTheManifestRemoves) {
  SubJob subjob;
  subjob.env = {{"NODE_OPTIONS", std::nullopt},
                {"R_MAX_VSIZE", "1G"},
                {"R_MAX_VSIZE", std::nullopt},
                {"GOMEMLIMIT", std::nullopt}};
  Variables told = Told(subjob);
  for (const char* name : {"NODE_OPTIONS", "R_MAX_VSIZE", "GOMEMLIMIT"}) {
    EXPECT_THAT(told, Not(Contains(Key(name)))) << name;
  }
}

}  // namespace
}  // namespace cram
