#include <gtest/gtest.h>

#include "pack/base/escape_controls.h"

namespace cram {
namespace {

TEST(EscapeControls, MakesOneLineOfAnyText) {
  EXPECT_EQ(EscapeControls("plain é"), "plain é");
  EXPECT_EQ(EscapeControls("a\nb\tc\033[1m"), "a\\nb\\tc\\033[1m");
}

}  // namespace
}  // namespace cram
