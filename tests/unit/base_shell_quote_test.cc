#include <gtest/gtest.h>
#include <stdio.h>

#include "pack/base/shell_quote.h"

namespace cram {
namespace {

TEST(ShellQuote, LeavesPlainWordsAlone) {
  EXPECT_EQ(ShellQuote("/bin/run-1.0"), "/bin/run-1.0");
  EXPECT_EQ(ShellQuote("--seed=7"), "--seed=7");
}

TEST(ShellQuote, QuotesTheRest) {
  EXPECT_EQ(ShellQuote(""), "''");
  EXPECT_EQ(ShellQuote("a b"), "'a b'");
  EXPECT_EQ(ShellQuote("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuote("$HOME"), "'$HOME'");
  EXPECT_EQ(ShellJoin({"echo", "a b", ""}), "echo 'a b' ''");
  EXPECT_EQ(ShellJoin({"A=1", "B=2"}), "'A=1' B=2");
}

TEST(ShellQuote, AShellReadsItBack) {
  const std::string word = "a'b\"c $x `y` \\ *?[]{}~!#&|;<>()\n\té";
  std::string command = "printf %s " + ShellQuote(word);
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  char buffer[256];
  size_t n = fread(buffer, 1, sizeof buffer, pipe);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_EQ(std::string(buffer, n), word);
}

}  // namespace
}  // namespace cram
