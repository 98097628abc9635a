#include "spank/view/view_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cram {
namespace {

TEST(ViewLibrary, ThatIsNotInstalledIsNamed) {
  absl::StatusOr<std::string> found =
      FindViewLibrary("/nowhere/libexec/cram/cram-agent");
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(std::string(found.status().message()),
              testing::AllOf(testing::HasSubstr("--view"),
                             testing::HasSubstr("/libcram-view.so"),
                             testing::HasSubstr("No such file")));
}

TEST(ViewLibrary, ComesAfterWhatTheUserPreloads) {
  EXPECT_EQ(PreloadWith("", "/v.so"), "/v.so");
  EXPECT_EQ(PreloadWith("a.so b.so", "/v.so"), "a.so b.so:/v.so");
}

}  // namespace
}  // namespace cram
