#include <gtest/gtest.h>

#include "pack/manifest/writer.h"
#include "pack/resume/content_match.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

class Match : public ::testing::Test {
 protected:
  // A manifest of `echo VALUE` for each value.
  std::unique_ptr<ManifestReader> Manifest(
      const std::string& name, const std::vector<std::string>& values) {
    std::string path = directory_.path() + "/" + name;
    auto writer = ManifestWriter::Create(path);
    EXPECT_TRUE(writer.ok());
    SubJobTemplate source;
    source.add_argv("echo");
    source.add_argv("{i}");
    auto id = (*writer)->AddTemplate(source);
    EXPECT_TRUE((*writer)->StartRows(*id, {"i"}, false).ok());
    for (const std::string& value : values) {
      EXPECT_TRUE((*writer)->AddRow({absl::string_view(value)}).ok());
    }
    EXPECT_TRUE((*writer)->Finish().ok());
    auto reader = ManifestReader::Open(path);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }

  std::vector<uint64_t> Of(const std::vector<std::string>& from,
                           const IndexSet& wanted,
                           const std::vector<std::string>& to) {
    auto match = MatchContent(Manifest("from", from).get(), wanted,
                              Manifest("to", to).get(), true);
    EXPECT_TRUE(match.ok()) << match.status();
    return *match;
  }

  TemporaryDirectory directory_;
};

TEST_F(Match, IsByContentAndNotByPlace) {
  EXPECT_EQ(Of({"a", "b", "c"}, IndexSet({0, 3}), {"c", "x", "a"}),
            (std::vector<uint64_t>{2, kNowhere, 0}));
}

TEST_F(Match, IsOfWhatIsWantedOnly) {
  IndexSet wanted;
  wanted.Add(1);
  EXPECT_EQ(Of({"a", "b", "c"}, wanted, {"c", "b", "a"}),
            (std::vector<uint64_t>{kNowhere, 1}));
}

TEST_F(Match, GivesEqualOnesAwayOnceEach) {
  EXPECT_EQ(Of({"a", "a", "a"}, IndexSet({0, 3}), {"b", "a", "a"}),
            (std::vector<uint64_t>{1, 2, kNowhere}));
  EXPECT_EQ(Of({"a"}, IndexSet({0, 1}), {"a", "a"}),
            (std::vector<uint64_t>{0}));
}

TEST_F(Match, IsEachItselfInTheSameManifest) {
  EXPECT_EQ(Of({"a", "a", "b"}, IndexSet({1, 3}), {"a", "a", "b"}),
            (std::vector<uint64_t>{kNowhere, 1, 2}));
}

TEST_F(Match, OfNothingIsNothing) {
  EXPECT_TRUE(Of({"a"}, IndexSet(), {"a"}).empty());
}

}  // namespace
}  // namespace cram
