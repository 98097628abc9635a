#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "pack/base/mem_mode.h"
#include "pack/base/runtime_knobs.h"

namespace cram {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using Variables = std::map<std::string, std::string>;

const KnobSet kAll = KnobSet().set();

Variables Tell(uint64_t cap, uint32_t cpus, const Variables& user = {},
               KnobSet selection = kAll) {
  Variables told;
  for (const ToldKnob& knob : TellRuntimes(
           cap, cpus, selection,
           [&](absl::string_view name) -> std::optional<absl::string_view> {
             auto variable = user.find(std::string(name));
             if (variable == user.end()) return std::nullopt;
             return absl::string_view(variable->second);
           })) {
    told[std::string(kRuntimeKnobs[knob.knob].variable)] = knob.value;
  }
  return told;
}

TEST(RuntimeKnobs, AreToldInEachRuntimesOwnUnits) {
  Variables told = Tell(1 * kGiB, 4);
  EXPECT_EQ(told["PYPY_GC_MAX"], std::to_string(768 * kMiB));
  EXPECT_EQ(told["PYPY_GC_MAX_DELTA"], "128849018");
  EXPECT_EQ(told["PYPY_GC_INCREMENT_STEP"], "1073741824");
  EXPECT_EQ(told["PYPY_GC_NURSERY"], "4194304");
  EXPECT_EQ(told["JAVA_TOOL_OPTIONS"], "-Xmx744m");
  EXPECT_EQ(told["NODE_OPTIONS"], "--max-old-space-size=744");
  EXPECT_EQ(told["GOMEMLIMIT"], "966367641");
  EXPECT_EQ(told["DOTNET_GCHeapHardLimit"], "2E800000");
  EXPECT_EQ(told["R_MAX_VSIZE"], "855638016");
  EXPECT_EQ(told["JULIA_HEAP_SIZE_HINT"], "966367641");
  EXPECT_EQ(told["JULIA_CPU_THREADS"], "4");
  EXPECT_EQ(told["PYTHON_CPU_COUNT"], "4");
  EXPECT_EQ(told["OMP_NUM_THREADS"], "4");
  EXPECT_EQ(told["MALLOC_ARENA_MAX"], "8");
}

TEST(RuntimeKnobs, StayBelowAnyCap) {
  for (uint64_t cap : {2 * kMiB, 63 * kMiB, 64 * kMiB, 65 * kMiB, 128 * kMiB,
                       64 * kGiB, uint64_t{1} << 62}) {
    Variables told = Tell(cap, 1);
    for (const char* name : {"PYPY_GC_MAX", "GOMEMLIMIT", "R_MAX_VSIZE"}) {
      uint64_t bytes = std::stoull(told[name]);
      EXPECT_LE(bytes, cap / 10 * 9 + 9) << name;
      EXPECT_GE(bytes, cap / 3) << name;
    }
  }
}

TEST(RuntimeKnobs, LeaveAloneWhatTheUserSet) {
  for (const RuntimeKnob& knob : kRuntimeKnobs) {
    if (!knob.options.empty()) continue;
    std::string name(knob.variable);
    EXPECT_THAT(Tell(kGiB, 1, {{name, ""}}), Not(Contains(Key(name))));
  }
  EXPECT_THAT(Tell(kGiB, 1, {{"COMPlus_GCHeapHardLimit", "1"}}),
              Not(Contains(Key("DOTNET_GCHeapHardLimit"))));
}

TEST(RuntimeKnobs, GoBehindOtherOptions) {
  Variables told = Tell(kGiB, 1,
                        {{"NODE_OPTIONS", "--no-warnings"},
                         {"JAVA_TOOL_OPTIONS", "-Dx=-Xmx -Xms1m"}});
  EXPECT_EQ(told["NODE_OPTIONS"], "--no-warnings --max-old-space-size=744");
  EXPECT_EQ(told["JAVA_TOOL_OPTIONS"], "-Dx=-Xmx -Xms1m -Xmx744m");
  EXPECT_EQ(Tell(kGiB, 1, {{"NODE_OPTIONS", ""}})["NODE_OPTIONS"],
            "--max-old-space-size=744");
}

TEST(RuntimeKnobs, LeaveAloneTheUsersVeryOption) {
  for (const char* options :
       {"--max-old-space-size=9", "--a --max_old_space_size=9 --b",
        "'--max-old-space-size-percentage=9'"}) {
    EXPECT_THAT(Tell(kGiB, 1, {{"NODE_OPTIONS", options}}),
                Not(Contains(Key("NODE_OPTIONS"))));
  }
  for (const char* name :
       {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}) {
    for (const char* option : {"-Xmx9m", "-ea -XX:MaxRAMPercentage=9"}) {
      EXPECT_THAT(Tell(kGiB, 1, {{name, option}}),
                  Not(Contains(Key("JAVA_TOOL_OPTIONS"))));
    }
  }
}

TEST(RuntimeKnobs, SaySoWhereANumberIsNotKnown) {
  Variables told = Tell(0, 0);
  EXPECT_EQ(told["JAVA_TOOL_OPTIONS"], "-Xmx<75% of cap - 32M>m");
  EXPECT_EQ(told["GOMEMLIMIT"], "<90% of cap>");
  EXPECT_EQ(told["OMP_NUM_THREADS"], "<100% of CPUs>");
}

TEST(RuntimeKnobs, NeverLimitOpenMpForGood) {
  EXPECT_THAT(Tell(kGiB, 1), Not(Contains(Key("OMP_THREAD_LIMIT"))));
}

Variables Chosen(absl::string_view text) {
  absl::StatusOr<KnobSet> knobs = ParseKnobs(text);
  EXPECT_TRUE(knobs.ok()) << text;
  return knobs.ok() ? Tell(kGiB, 1, {}, *knobs) : Variables();
}

TEST(RuntimeKnobs, AreChosenByRuntimeOrVariable) {
  EXPECT_EQ(Chosen("all").size(), kRuntimeKnobs.size());
  EXPECT_THAT(Chosen("none"), IsEmpty());
  EXPECT_EQ(Chosen("pypy").size(), 4u);
  EXPECT_EQ(Chosen("pypy,go").size(), 5u);
  EXPECT_EQ(Chosen("PYPY_GC_MAX,-go").size(), 1u);
  EXPECT_EQ(Chosen("-pypy").size(), kRuntimeKnobs.size() - 4);
  EXPECT_EQ(Chosen("-pypy,PYPY_GC_MAX").size(), kRuntimeKnobs.size() - 3);
  EXPECT_EQ(Chosen("all,-java,-node").size(), kRuntimeKnobs.size() - 2);
}

TEST(RuntimeKnobs, AnUnknownNameListsTheKnown) {
  for (const char* text : {"", "perl", "pypy,", "-all", "-none", "--go"}) {
    EXPECT_THAT(std::string(ParseKnobs(text).status().message()),
                HasSubstr("known: all, none, pypy, java, node, "))
        << text;
  }
}

TEST(RuntimeKnobs, AreOneAVariable) {
  std::set<std::string> names;
  for (const RuntimeKnob& knob : kRuntimeKnobs) {
    EXPECT_TRUE(names.emplace(knob.variable).second) << knob.variable;
    EXPECT_TRUE(IsKnobVariable(knob.variable));
    EXPECT_EQ(KnobsOf(knob.variable).count(), 1u);
  }
  EXPECT_TRUE(IsKnobVariable("_JAVA_OPTIONS"));
  EXPECT_FALSE(IsKnobVariable("PATH"));
}

TEST(MemMode, IsOneOfTwoWords) {
  EXPECT_EQ(*ParseMemMode("cgroup"), MemMode::kCgroup);
  EXPECT_EQ(*ParseMemMode("rlimit"), MemMode::kRlimit);
  EXPECT_EQ(ParseMemMode("soft").status().message(),
            "'soft' is neither cgroup nor rlimit");
}

}  // namespace
}  // namespace cram
