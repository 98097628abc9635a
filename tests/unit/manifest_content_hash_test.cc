#include <gtest/gtest.h>

#include "pack/manifest/content_hash.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

SubJob Full() {
  SubJob subjob;
  subjob.argv = {"run", "--seed=7", "a b"};
  subjob.cwd = "/data";
  subjob.env = {{"B", "2"}, {"A", "1"}, {"GONE", std::nullopt}};
  subjob.stdin_path = "in";
  subjob.ranks = 4;
  subjob.cpus = 2;
  subjob.memory_bytes = 200 << 20;
  subjob.time_limit = absl::Seconds(90);
  return subjob;
}

// Worked out in cram-manifest(5). These must never change: a resumed run would
// not know what is done.
TEST(ContentHash, NeverChanges) {
  SubJob echo;
  echo.argv = {"echo", "3"};
  echo.memory_bytes = 200 << 20;
  EXPECT_EQ(ContentText(echo),
            "4:argv,1:2,4:echo,1:3,12:memory_bytes,9:209715200,");
  EXPECT_EQ(FormatHash(ContentHash(echo)), "65ed72441a597529");
  EXPECT_EQ(ContentText(Full()),
            "4:argv,1:3,3:run,8:--seed=7,3:a b,3:cwd,5:/data,"
            "3:env,1:3,3:A=1,3:B=2,4:GONE,5:stdin,2:in,5:ranks,1:4,"
            "4:cpus,1:2,12:memory_bytes,9:209715200,"
            "13:time_limit_ms,5:90000,");
  EXPECT_EQ(FormatHash(ContentHash(Full())), "dd876def98758bda");
  EXPECT_EQ(FormatHash(ContentHash(SubJob())), "4dfbce6f634306be");
}

TEST(ContentHash, IsOfWhatASubJobDoes) {
  uint64_t hash = ContentHash(Full());
  auto differs = [&](auto change) {
    SubJob other = Full();
    change(&other);
    return ContentHash(other) != hash;
  };
  EXPECT_TRUE(differs([](SubJob* s) { s->argv[1] = "--seed=8"; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->argv = {"run", "--seed=7 a b"}; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->cwd = ""; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->env[0].value = "3"; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->env[0].value.reset(); }));
  EXPECT_TRUE(differs([](SubJob* s) { s->env[2].value = ""; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->stdin_path = ""; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->ranks = 1; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->cpus = 1; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->memory_bytes = 1; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->mem_mode = MemMode::kRlimit; }));
  EXPECT_TRUE(differs([](SubJob* s) { s->time_limit = absl::Seconds(91); }));
  EXPECT_TRUE(differs([](SubJob* s) {
    s->params = {{"x", "1"}};
    s->hidden_params = {0};
  }));
}

TEST(ContentHash, IsNotOfItsPlaceNameOrOutput) {
  SubJob other = Full();
  other.index = 1000;
  other.name = "name";
  other.stdout_path = "out";
  other.stderr_path = "err";
  other.params = {{"seed", "7"}};
  EXPECT_EQ(ContentHash(other), ContentHash(Full()));
}

TEST(ContentHash, IsOfTheEnvironmentThatResults) {
  SubJob other = Full();
  other.env = {{"A", "0"}, {"GONE", std::nullopt}, {"B", "2"}, {"A", "1"}};
  EXPECT_EQ(ContentHash(other), ContentHash(Full()));
  other.env.push_back({"A", std::nullopt});
  EXPECT_NE(ContentHash(other), ContentHash(Full()));
}

class ContentHashOfManifests : public ManifestTest {
 protected:
  uint64_t Hash(uint64_t index) {
    absl::StatusOr<SubJob> subjob = Open()->Get(index);
    EXPECT_TRUE(subjob.ok()) << subjob.status();
    return ContentHash(*subjob);
  }

  uint64_t HashOfSweep(const SubJobTemplate& source) {
    Sweep sweep;
    AddRange(&sweep, "n", 1, 1, 9);
    std::unique_ptr<ManifestWriter> writer = Writer();
    EXPECT_TRUE(writer->AddTemplate(source).ok());
    EXPECT_TRUE(writer->AddSweep(0, sweep).ok());
    EXPECT_TRUE(writer->Finish().ok());
    return Hash(2);
  }

  uint64_t HashOfRow(const SubJobTemplate& source,
                     std::vector<std::string> columns,
                     const std::vector<absl::string_view>& values,
                     const std::vector<std::string>& command = {}) {
    std::unique_ptr<ManifestWriter> writer = Writer();
    EXPECT_TRUE(writer->AddTemplate(source).ok());
    EXPECT_TRUE(
        writer->StartRows(0, std::move(columns), !command.empty()).ok());
    EXPECT_TRUE(writer->AddRow(values, command).ok());
    EXPECT_TRUE(writer->Finish().ok());
    return Hash(0);
  }
};

TEST_F(ContentHashOfManifests, IsTheSameHoweverItWasPacked) {
  uint64_t hash = HashOfSweep(Command({"run", "{n:02d}"}));
  EXPECT_EQ(HashOfRow(Command({"run", "{n:02d}"}), {"n"}, {"3"}), hash);
  EXPECT_EQ(HashOfRow(Command({"run", "{text}"}), {"text"}, {"03"}), hash);
  EXPECT_EQ(HashOfRow(SubJobTemplate(), {}, {}, {"run", "03"}), hash);
  EXPECT_NE(HashOfRow(SubJobTemplate(), {}, {}, {"run", "3"}), hash);
}

TEST_F(ContentHashOfManifests, DoesNotDependOnTheOrderOfColumns) {
  SubJobTemplate both = Command({"run", "{a}", "{b}"});
  EXPECT_EQ(HashOfRow(both, {"a", "b"}, {"1", "2"}),
            HashOfRow(both, {"b", "a"}, {"2", "1"}));
  SubJobTemplate none = Command({"run"});
  EXPECT_EQ(HashOfRow(none, {"a", "b"}, {"1", "2"}),
            HashOfRow(none, {"b", "a"}, {"2", "1"}));
}

TEST_F(ContentHashOfManifests, TellsParametersThatOnlyTheEnvironmentHas) {
  SubJobTemplate none = Command({"run"});
  EXPECT_NE(HashOfRow(none, {"n"}, {"1"}), HashOfRow(none, {"n"}, {"2"}));
  SubJobTemplate output = Command({"run"});
  output.set_stdout("{n}");
  output.set_name("{n}");
  EXPECT_EQ(HashOfRow(output, {"n"}, {"1"}), HashOfRow(none, {"n"}, {"1"}));
  SubJobTemplate directory = Command({"run"});
  directory.set_cwd("{n}");
  SubJobTemplate fixed = Command({"run"});
  fixed.set_cwd("1");
  EXPECT_EQ(HashOfRow(directory, {"n"}, {"1"}), HashOfRow(fixed, {}, {}));
}

}  // namespace
}  // namespace cram
