#include <gmock/gmock.h>

#include "pack/manifest/condition.h"

namespace cram {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kNames = {"a", "b"};

// "yes", "no", or the error, of what is compared with these values.
std::string Holds(absl::string_view text, const std::string& a,
                  const std::string& b = "") {
  absl::StatusOr<Condition> condition = Condition::Parse(text, kNames);
  if (!condition.ok()) return std::string(condition.status().message());
  absl::StatusOr<bool> holds = condition->Holds({a, b});
  if (!holds.ok()) return std::string(holds.status().message());
  return *holds ? "yes" : "no";
}

TEST(Condition, ComparesTwoParameters) {
  for (const auto& [text, less, equal, more] :
       std::vector<std::array<std::string, 4>>{{"a<b", "yes", "no", "no"},
                                               {"a<=b", "yes", "yes", "no"},
                                               {"a==b", "no", "yes", "no"},
                                               {"a!=b", "yes", "no", "yes"},
                                               {"a>=b", "no", "yes", "yes"},
                                               {"a>b", "no", "no", "yes"}}) {
    EXPECT_EQ(Holds(text, "9", "10"), less) << text;
    EXPECT_EQ(Holds(text, "0.50", "0.5"), equal) << text;
    EXPECT_EQ(Holds(text, "1", "-2"), more) << text;
  }
}

TEST(Condition, ComparesAParameterWithWhatIsNone) {
  EXPECT_EQ(Holds(" a >= 2.5 ", "2.50"), "yes");
  EXPECT_EQ(Holds("3<a", "3"), "no");
  EXPECT_EQ(Holds("b!=fast", "", "slow"), "yes");
  EXPECT_EQ(Holds("b==fast", "", "fast"), "yes");
}

TEST(Condition, IsExactWhereDoublesAreNot) {
  EXPECT_EQ(Holds("a<b", "9007199254740992", "9007199254740993"), "yes");
  EXPECT_EQ(Holds("a<b", "1e300", "1e301"), "yes");
  EXPECT_EQ(Holds("a==b", "0.1", "0.10000000000000001"), "no");
}

TEST(Condition, HasNoOrderOfTexts) {
  EXPECT_EQ(Holds("a<b", "slow", "2"),
            "'a<b': 'slow' and '2' are not both numbers; only == and != take "
            "texts");
  EXPECT_THAT(Holds("a<b", "nan", "2"), HasSubstr("not both numbers"));
}

TEST(Condition, SaysWhatIsWrong) {
  for (const char* text : {"", "a", "a=b", "a<", "<b", "a!b", "< "}) {
    EXPECT_THAT(Holds(text, "1", "1"), HasSubstr("is not a comparison"))
        << text;
  }
  for (const char* text :
       {"a!=1 && a!=2", "a!=1||b!=1", "a<b<3", "a<>1", "a!=\"x\"", "a=='x'"}) {
    EXPECT_THAT(Holds(text, "1", "1"), HasSubstr("is more than a parameter"))
        << text;
  }
  EXPECT_EQ(Holds("a==--n=1", "--n=1"), "yes");
  EXPECT_EQ(Holds("x<1", "1"),
            "'x<1': no side of it is a parameter; known: a, b");
}

}  // namespace
}  // namespace cram
