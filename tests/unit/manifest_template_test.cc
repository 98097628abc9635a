#include <gtest/gtest.h>

#include "pack/manifest/template.h"

namespace cram {
namespace {

// The text for sub-job 7, or the error.
std::string Fill(absl::string_view text, const std::vector<std::string>& names,
                 const std::vector<absl::string_view>& values) {
  absl::StatusOr<Template> parsed = Template::Parse(text);
  absl::Status status = parsed.status();
  std::string out;
  if (status.ok()) status = parsed->Bind(names);
  if (status.ok()) status = parsed->Expand(7, values, &out);
  return status.ok() ? out : std::string(status.message());
}

TEST(Template, LeavesPlainTextAlone) {
  EXPECT_EQ(Fill("", {}, {}), "");
  EXPECT_EQ(Fill("a b", {}, {}), "a b");
}

TEST(Template, FillsValuesAndIndex) {
  EXPECT_EQ(Fill("{index}-{b}{a}{b}.", {"a", "b"}, {"x", "y z"}), "7-y zxy z.");
}

TEST(Template, DoubledBracesAreBraces) {
  EXPECT_EQ(Fill("{{a}} }}{{", {}, {}), "{a} }{");
  EXPECT_EQ(Fill("{{{a}}}", {"a"}, {"1"}), "{1}");
}

TEST(Template, FormatsNumbers) {
  EXPECT_EQ(Fill("{a:04d}/{index:03d}", {"a"}, {"12"}), "0012/007");
  EXPECT_EQ(Fill("{a:.3f}", {"a"}, {"0.5"}), "0.500");
}

TEST(Template, NamesTheUnknownPlaceholderAndTheKnownOnes) {
  EXPECT_EQ(Fill("{c}", {"a", "b"}, {"", ""}),
            "unknown placeholder {c}; known: {index}, {a}, {b}; "
            "write {{ for a brace");
  EXPECT_EQ(Fill("{}", {}, {}),
            "unknown placeholder {}; known: {index}; write {{ for a brace");
}

TEST(Template, RefusesSingleBraces) {
  EXPECT_EQ(Fill("a{b", {"b"}, {"1"}),
            "'a{b' has a { without its }; write {{ for a brace");
  EXPECT_EQ(Fill("a}b", {"b"}, {"1"}),
            "'a}b' has a } without its {; write }} for a brace");
}

TEST(Template, RefusesAFormatThatIsNone) {
  EXPECT_EQ(Fill("{a:q}", {"a"}, {"1"}),
            "{a:q}: 'q' is not a format; formats look like 08d, 8, .3f, .6g, "
            "e or x");
}

TEST(Template, SaysWhichValueItsFormatDoesNotTake) {
  EXPECT_EQ(Fill("{a:04d}", {"a"}, {"1.5"}),
            "{a:04d}: '1.5' is not a whole number");
}

TEST(Template, ChecksOnlyTheColumnThatItWasAskedFor) {
  absl::StatusOr<Template> parsed = Template::Parse("{a} {b:d}");
  ASSERT_TRUE(parsed.ok());
  ASSERT_TRUE(parsed->Bind({"a", "b"}).ok());
  EXPECT_TRUE(parsed->checks_values());
  EXPECT_TRUE(parsed->CheckValue(0, "text").ok());
  EXPECT_FALSE(parsed->CheckValue(1, "text").ok());
}

TEST(Template, ExpandsForASubJobAtHand) {
  SubJob subjob;
  subjob.index = 12;
  subjob.params = {{"seed", "3"}};
  EXPECT_EQ(*ExpandFor("out/{index:04d}.{seed}", subjob), "out/0012.3");
  EXPECT_FALSE(ExpandFor("{node}", subjob).ok());
}

TEST(Template, ParameterNamesAreIdentifiers) {
  for (const char* good : {"a", "_", "Seed_2"}) {
    EXPECT_TRUE(CheckParameterName(good).ok()) << good;
  }
  for (const char* bad : {"", "2a", "a b", "a-b", "index", "\xc3\xa9"}) {
    EXPECT_FALSE(CheckParameterName(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace cram
