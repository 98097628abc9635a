#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <map>
#include <string>

#include "spank/agent/truth/cpus.h"
#include "spank/agent/truth/environment.h"

namespace cram {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;

using Variables = std::map<std::string, std::string>;

// What Build() makes, by name; a name that is there twice is an error.
Variables Told(Environment* environment, const SubJob& subjob,
               const AttemptFacts& facts = {}) {
  Variables variables;
  for (char* const* at = environment->Build(subjob, facts); *at != nullptr;
       ++at) {
    std::string variable = *at;
    size_t equals = variable.find('=');
    EXPECT_NE(equals, std::string::npos) << variable;
    bool added =
        variables
            .emplace(variable.substr(0, equals), variable.substr(equals + 1))
            .second;
    EXPECT_TRUE(added) << variable << " is there twice";
  }
  return variables;
}

Environment Inheriting(std::vector<const char*> variables,
                       const std::string& view_library = "") {
  variables.push_back(nullptr);
  return Environment(variables.data(), {1000, "/runs/cram-1.0", "n7",
                                        KnobSet().set(), view_library});
}

TEST(Environment, TellsWhatTheSubJobIs) {
  Environment environment = Inheriting({"HOME=/root"});
  SubJob subjob;
  subjob.index = 17;
  Variables told =
      Told(&environment, subjob, {2, 3, 1, 4, 5 << 20, "/tmp/17.2", ""});
  EXPECT_EQ(told["CRAM_INDEX"], "17");
  EXPECT_EQ(told["CRAM_SUBJOBS"], "1000");
  EXPECT_EQ(told["CRAM_ATTEMPT"], "2");
  EXPECT_EQ(told["CRAM_SLOT"], "3");
  EXPECT_EQ(told["CRAM_RUN_DIR"], "/runs/cram-1.0");
  EXPECT_EQ(told["CRAM_NODE"], "n7");
  EXPECT_EQ(told["CRAM_MEM_BYTES"], "5242880");
  EXPECT_EQ(told["TMPDIR"], "/tmp/17.2");
  EXPECT_EQ(told["OMP_NUM_THREADS"], "4");
  EXPECT_EQ(told["HOME"], "/root");
}

TEST(Environment, AViewIsPreloadedBehindWhatTheUserPreloads) {
  const AttemptFacts facts = {
      0, 0, 1, 1, 1 << 20, "/tmp/0.0", "/cgroup/slot_0"};
  Environment alone = Inheriting({"HOME=/root"}, "/view.so");
  Variables told = Told(&alone, SubJob(), facts);
  EXPECT_EQ(told["LD_PRELOAD"], "/view.so");
  EXPECT_EQ(told["CRAM_MEM_CGROUP"], "/cgroup/slot_0");
  Environment behind = Inheriting({"LD_PRELOAD=/own.so"}, "/view.so");
  EXPECT_EQ(Told(&behind, SubJob())["LD_PRELOAD"], "/own.so:/view.so");
  SubJob subjob;
  subjob.env = {{"LD_PRELOAD", "/its.so"}};
  EXPECT_EQ(Told(&behind, subjob)["LD_PRELOAD"], "/its.so:/view.so");
  subjob.env = {{"LD_PRELOAD", ""}};
  EXPECT_EQ(Told(&behind, subjob)["LD_PRELOAD"], "");
}

TEST(Environment, WithoutAViewPreloadsAreTheUsers) {
  const AttemptFacts facts = {
      0, 0, 1, 1, 1 << 20, "/tmp/0.0", "/cgroup/slot_0"};
  Environment environment = Inheriting({"LD_PRELOAD=/own.so"});
  Variables told = Told(&environment, SubJob(), facts);
  EXPECT_EQ(told["LD_PRELOAD"], "/own.so");
  EXPECT_THAT(told, Not(Contains(Key("CRAM_MEM_CGROUP"))));
}

TEST(Environment, DropsWhatIsAnotherWorlds) {
  Environment environment = Inheriting(
      {"PMI_FD=3", "PMIX_RANK=0", "PMI2_X=1", "SLURM_CPU_BIND=none",
       "SLURM_CPU_BIND_LIST=0x1", "SLURM_MEM_BIND=local", "SLURM_PMIXP_X=1",
       "CRAM_CGROUP=/sys/fs/cgroup/memory/x", "CRAM_AGENT=/x",
       "SLURM_SPANK_CRAM=1", "SLURM_TASK_PID=4", "SLURM_JOB_ID=9"});
  for (const auto& [name, value] : Told(&environment, {})) {
    EXPECT_THAT(name, Not(testing::StartsWith("PMI")));
    EXPECT_THAT(name, Not(testing::StartsWith("SLURM_CPU_BIND")));
    EXPECT_THAT(name, Not(testing::StartsWith("SLURM_MEM_BIND")));
    EXPECT_THAT(name, Not(testing::StartsWith("SLURM_PMI")));
    EXPECT_THAT(name, Not(testing::StartsWith("SLURM_SPANK")));
    EXPECT_NE(name, "CRAM_CGROUP");
    EXPECT_NE(name, "CRAM_AGENT");
    EXPECT_NE(name, "SLURM_TASK_PID");
  }
}

TEST(Environment, TellsTheTruthOfTasksInSlurm) {
  Environment environment = Inheriting(
      {"SLURM_JOB_ID=9", "SLURM_STEP_ID=0", "SLURM_PROCID=3", "SLURM_LOCALID=1",
       "SLURM_NODEID=2", "SLURM_NTASKS=64", "SLURM_NPROCS=64", "SLURM_NNODES=4",
       "SLURM_STEP_NUM_TASKS=64", "SLURM_STEP_NODELIST=n[0-3]",
       "SLURM_TASKS_PER_NODE=16(x4)", "SLURM_CPUS_ON_NODE=16",
       "SLURM_MEM_PER_NODE=64000", "SLURM_MEM_PER_CPU=4000",
       "SLURM_JOB_NODELIST=n[0-3]"});
  SubJob subjob;
  AttemptFacts facts;
  facts.cpus = 2;
  facts.cap_bytes = 300 << 20;
  Variables told = Told(&environment, subjob, facts);
  EXPECT_EQ(told["SLURM_PROCID"], "0");
  EXPECT_EQ(told["SLURM_LOCALID"], "0");
  EXPECT_EQ(told["SLURM_NODEID"], "0");
  EXPECT_EQ(told["SLURM_NTASKS"], "1");
  EXPECT_EQ(told["SLURM_NPROCS"], "1");
  EXPECT_EQ(told["SLURM_NNODES"], "1");
  EXPECT_EQ(told["SLURM_STEP_NUM_TASKS"], "1");
  EXPECT_EQ(told["SLURM_STEP_NODELIST"], "n7");
  EXPECT_EQ(told["SLURM_TASKS_PER_NODE"], "1");
  EXPECT_EQ(told["SLURM_CPUS_PER_TASK"], "2");
  EXPECT_EQ(told["SLURM_CPUS_ON_NODE"], "2");
  EXPECT_EQ(told["SLURM_MEM_PER_NODE"], "300");
  EXPECT_THAT(told, Not(Contains(Key("SLURM_MEM_PER_CPU"))));
  // The job's and the step's own stay.
  EXPECT_EQ(told["SLURM_JOB_ID"], "9");
  EXPECT_EQ(told["SLURM_STEP_ID"], "0");
  EXPECT_EQ(told["SLURM_JOB_NODELIST"], "n[0-3]");
}

TEST(Environment, SaysNothingOfSlurmWithoutIt) {
  Environment environment = Inheriting({"HOME=/root"});
  for (const auto& [name, value] : Told(&environment, {})) {
    EXPECT_THAT(name, Not(testing::StartsWith("SLURM_")));
  }
}

TEST(Environment, LeavesTheUsersThreadsAlone) {
  Environment environment = Inheriting({"OMP_NUM_THREADS=1"});
  AttemptFacts facts;
  facts.cpus = 8;
  EXPECT_EQ(Told(&environment, {}, facts)["OMP_NUM_THREADS"], "1");
}

TEST(Environment, TellsRuntimesOfTheCap) {
  Environment environment =
      Inheriting({"NODE_OPTIONS=--no-warnings", "PYPY_GC_MAX=1M"});
  AttemptFacts facts;
  facts.cap_bytes = 232 << 20;
  for (int again = 0; again < 2; ++again) {
    Variables told = Told(&environment, {}, facts);
    EXPECT_EQ(told["NODE_OPTIONS"], "--no-warnings --max-old-space-size=150");
    EXPECT_EQ(told["JAVA_TOOL_OPTIONS"], "-Xmx150m");
    EXPECT_EQ(told["PYPY_GC_MAX"], "1M");
    EXPECT_TRUE((environment.told() & KnobsOf("NODE_OPTIONS")).any());
    EXPECT_FALSE((environment.told() & KnobsOf("PYPY_GC_MAX")).any());
  }
  facts.cap_bytes = 432 << 20;
  EXPECT_EQ(Told(&environment, {}, facts)["JAVA_TOOL_OPTIONS"], "-Xmx300m");
}

TEST(Environment, TellsRuntimesBesideWhatTheManifestSays) {
  Environment environment = Inheriting({"NODE_OPTIONS=--no-warnings"});
  AttemptFacts facts;
  facts.cap_bytes = 232 << 20;
  SubJob subjob;
  subjob.env = {{"NODE_OPTIONS", "--trace-gc"},
                {"PYPY_GC_MAX", "7M"},
                {"GOMEMLIMIT", std::nullopt}};
  Variables told = Told(&environment, subjob, facts);
  EXPECT_EQ(told["NODE_OPTIONS"], "--trace-gc --max-old-space-size=150");
  EXPECT_EQ(told["PYPY_GC_MAX"], "7M");
  EXPECT_THAT(told, Not(Contains(Key("GOMEMLIMIT"))));
  EXPECT_FALSE((environment.told() & KnobsOf("PYPY_GC_MAX")).any());
  EXPECT_FALSE((environment.told() & KnobsOf("GOMEMLIMIT")).any());
  told = Told(&environment, {}, facts);
  EXPECT_EQ(told["NODE_OPTIONS"], "--no-warnings --max-old-space-size=150");
  EXPECT_THAT(told, Contains(Key("GOMEMLIMIT")));
}

TEST(Environment, TellsOnlyTheRuntimesThatItIsTo) {
  const char* nothing[] = {nullptr};
  Environment environment(nothing, {1, "/r", "n", KnobsOf("GOMEMLIMIT"), ""});
  AttemptFacts facts;
  facts.cap_bytes = 100 << 20;
  Variables told = Told(&environment, {}, facts);
  EXPECT_EQ(told["GOMEMLIMIT"], "94371840");
  EXPECT_THAT(told, Not(Contains(Key("OMP_NUM_THREADS"))));
  EXPECT_EQ(environment.told(), KnobsOf("GOMEMLIMIT"));
}

TEST(Environment, KnowsNoEndOfCaps) {
  Environment environment = Inheriting({});
  for (uint64_t mib = 1; mib < 1000; ++mib) {
    AttemptFacts facts;
    facts.cap_bytes = mib << 20;
    EXPECT_EQ(Told(&environment, {}, facts)["PYPY_GC_INCREMENT_STEP"],
              std::to_string(mib << 20));
  }
}

TEST(Environment, GivesParametersAsVariables) {
  Environment environment = Inheriting({});
  SubJob subjob;
  subjob.params = {{"seed", "7"}, {"lambda-0.5", "x y"}, {"a b", ""}};
  Variables told = Told(&environment, subjob);
  EXPECT_EQ(told["CRAM_PARAM_seed"], "7");
  EXPECT_EQ(told["CRAM_PARAM_lambda_0_5"], "x y");
  EXPECT_EQ(told["CRAM_PARAM_a_b"], "");
}

TEST(Environment, ParametersThatBecomeOneNameAreToldOnce) {
  Environment environment = Inheriting({});
  SubJob subjob;
  subjob.params = {{"a-b", "1"}, {"a_b", "2"}};
  EXPECT_EQ(Told(&environment, subjob)["CRAM_PARAM_a_b"], "2");
}

TEST(Environment, TheManifestHasTheLastWord) {
  Environment environment = Inheriting({"PATH=/bin", "GONE=1", "KEPT=1"});
  SubJob subjob;
  subjob.env = {{"PATH", "/opt"},          {"GONE", std::nullopt},
                {"OMP_NUM_THREADS", "3"},  {"TMPDIR", std::nullopt},
                {"CRAM_INDEX", "hidden"},  {"NEVER", std::nullopt},
                {"BACK", std::nullopt},    {"BACK", "again"},
                {"AWAY", "for a moment"},  {"AWAY", std::nullopt},
                {"EMPTY", std::string("")}};
  Variables told = Told(&environment, subjob);
  EXPECT_EQ(told["PATH"], "/opt");
  EXPECT_EQ(environment.path(), "/opt");
  EXPECT_EQ(told["OMP_NUM_THREADS"], "3");
  EXPECT_EQ(told["CRAM_INDEX"], "hidden");
  EXPECT_EQ(told["KEPT"], "1");
  EXPECT_EQ(told["BACK"], "again");
  EXPECT_THAT(told, Contains(Key("EMPTY")));
  for (const char* name : {"GONE", "TMPDIR", "NEVER", "AWAY"}) {
    EXPECT_THAT(told, Not(Contains(Key(name))));
  }
}

TEST(Environment, OneSubJobLeavesNothingToTheNext) {
  Environment environment = Inheriting({"A=inherited"});
  SubJob first;
  first.env = {{"A", "first"}, {"B", "first"}, {"PATH", std::nullopt}};
  first.params = {{"p", "1"}};
  Told(&environment, first);
  Variables told = Told(&environment, {});
  EXPECT_EQ(told["A"], "inherited");
  EXPECT_THAT(told, Not(Contains(Key("B"))));
  EXPECT_THAT(told, Not(Contains(Key("CRAM_PARAM_p"))));
}

TEST(Environment, NamesThatBeginAlikeAreDifferent) {
  Environment environment = Inheriting({"AB=1", "A=2"});
  SubJob subjob;
  subjob.env = {{"A", std::nullopt}};
  Variables told = Told(&environment, subjob);
  EXPECT_EQ(told["AB"], "1");
  EXPECT_THAT(told, Not(Contains(Key("A"))));
}

TEST(Environment, WithoutPathHasTheDefaultOne) {
  Environment environment = Inheriting({"HOME=/"});
  Told(&environment, {});
  EXPECT_EQ(environment.path(), "/bin:/usr/bin");
}

cpu_set_t Mine() {
  cpu_set_t mine;
  sched_getaffinity(0, sizeof mine, &mine);
  return mine;
}

TEST(NodeCpus, AreThoseThatTheProcessMayUse) {
  absl::StatusOr<NodeCpus> cpus = NodeCpus::Find(0, "");
  ASSERT_TRUE(cpus.ok());
  cpu_set_t mine = Mine();
  ASSERT_EQ(cpus->size(), static_cast<uint32_t>(CPU_COUNT(&mine)));
  std::vector<uint32_t> all;
  for (uint32_t i = 0; i < cpus->size(); ++i) all.push_back(i);
  cpu_set_t set = cpus->Set(all);
  EXPECT_TRUE(CPU_EQUAL(&set, &mine));
}

TEST(NodeCpus, FollowTheAffinityOfTheProcess) {
  cpu_set_t mine = Mine();
  if (CPU_COUNT(&mine) < 2) GTEST_SKIP() << "needs two CPUs";
  int last = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &mine)) last = cpu;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  absl::StatusOr<NodeCpus> cpus = NodeCpus::Find(0, nullptr);
  sched_setaffinity(0, sizeof mine, &mine);
  ASSERT_TRUE(cpus.ok());
  ASSERT_EQ(cpus->size(), 1U);
  cpu_set_t set = cpus->Set({0});
  EXPECT_TRUE(CPU_EQUAL(&set, &one));
}

TEST(NodeCpus, AreNoMoreThanTheLimitAndTheStepsFirst) {
  cpu_set_t mine = Mine();
  if (CPU_COUNT(&mine) < 2) GTEST_SKIP() << "needs two CPUs";
  absl::StatusOr<NodeCpus> first = NodeCpus::Find(1, "0");
  absl::StatusOr<NodeCpus> second = NodeCpus::Find(1, "1");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->size(), 1U);
  EXPECT_EQ(second->size(), 1U);
  EXPECT_EQ(NodeCpus::Find(100000, "")->size(),
            static_cast<uint32_t>(CPU_COUNT(&mine)));
}

TEST(NodeCpus, CoresThatAreNoListAreNoReasonToFail) {
  EXPECT_TRUE(NodeCpus::Find(1, "none of that").ok());
}

}  // namespace
}  // namespace cram
