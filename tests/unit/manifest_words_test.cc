#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pack/manifest/words.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Split(absl::string_view line) {
  absl::StatusOr<std::vector<std::string>> words = SplitWords(line);
  EXPECT_TRUE(words.ok()) << words.status();
  return words.ok() ? *words : std::vector<std::string>{"error"};
}

std::string WordsError(absl::string_view line) {
  return std::string(SplitWords(line).status().message());
}

TEST(Words, AreSeparatedByBlanks) {
  EXPECT_THAT(Split("  run\t-x  1 "), ElementsAre("run", "-x", "1"));
}

TEST(Words, BlankLinesAndCommentsHaveNone) {
  EXPECT_THAT(Split(""), IsEmpty());
  EXPECT_THAT(Split(" \t"), IsEmpty());
  EXPECT_THAT(Split(" # run it's"), IsEmpty());
}

TEST(Words, ACommentBeginsAWord) {
  EXPECT_THAT(Split("run a#b #c d"), ElementsAre("run", "a#b"));
  EXPECT_THAT(Split("run '#'"), ElementsAre("run", "#"));
}

TEST(Words, SingleQuotesKeepEverything) {
  EXPECT_THAT(Split("'a \\ \"$x' ''"), ElementsAre("a \\ \"$x", ""));
}

TEST(Words, DoubleQuotesLetBackslashesWork) {
  EXPECT_THAT(Split(R"("a \"b\" \$c \\ \n 'd'")"),
              ElementsAre(R"(a "b" $c \ \n 'd')"));
}

TEST(Words, QuotesJoinTheirWord) {
  EXPECT_THAT(Split(R"(a'b c'"d"\ e)"), ElementsAre("ab cd e"));
}

TEST(Words, NothingIsExpanded) {
  EXPECT_THAT(Split("~ $HOME *.txt {a,b} `x`"),
              ElementsAre("~", "$HOME", "*.txt", "{a,b}", "`x`"));
}

TEST(Words, AQuoteNeedsItsEnd) {
  EXPECT_EQ(WordsError("run 'a"), "unbalanced quote: no second '");
  EXPECT_EQ(WordsError("run \"a\\\""), "unbalanced quote: no second \"");
  EXPECT_EQ(WordsError("run a\\"), "ends in a backslash");
}

TEST(Words, OperatorsAreForShells) {
  for (const char* line : {"a | b", "a > b", "a <b", "a; b", "a&", "(a)"}) {
    EXPECT_THAT(WordsError(line), HasSubstr("--shell")) << line;
  }
  EXPECT_THAT(Split("a '|' \\> \"&\""), ElementsAre("a", "|", ">", "&"));
}

TEST(Words, VariablesBeforeACommandAreForShells) {
  EXPECT_THAT(WordsError(" A=1 run"), HasSubstr("--shell"));
  EXPECT_THAT(WordsError("_a2='x y' run"), HasSubstr("--shell"));
  EXPECT_THAT(Split("env A=1 run"), ElementsAre("env", "A=1", "run"));
  EXPECT_THAT(Split("'A'=1 run"), ElementsAre("A=1", "run"));
  EXPECT_THAT(Split("./a=1 2=3"), ElementsAre("./a=1", "2=3"));
  EXPECT_THAT(Split("2=3"), ElementsAre("2=3"));
  EXPECT_THAT(Split("=3"), ElementsAre("=3"));
}

}  // namespace
}  // namespace cram
