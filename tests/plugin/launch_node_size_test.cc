#include <gtest/gtest.h>

#include "pack/base/size.h"
#include "spank/launch/node_size.h"

namespace cram {
namespace {

TEST(AllocationSize, TakesTheLargestNode) {
  EXPECT_EQ(AllocationSize("2(x4),16,8(x2)", "", "").cpus, 16u);
  EXPECT_EQ(AllocationSize("2", "", "").cpus, 2u);
  EXPECT_EQ(AllocationSize("", "", "").cpus, 0u);
  EXPECT_EQ(AllocationSize("2(x4),16,8(x2)", "", "").all_cpus, 40u);
}

TEST(AllocationSize, KnowsMemoryByNodeOrByCpu) {
  EXPECT_EQ(AllocationSize("4", "1000", "").memory_bytes, 1000 * kMiB);
  EXPECT_EQ(AllocationSize("4", "", "250").memory_bytes, 1000 * kMiB);
  EXPECT_EQ(AllocationSize("4", "0", "").memory_bytes, 0u);
  EXPECT_EQ(AllocationSize("4", "", "").memory_bytes, 0u);
}

TEST(LargestOf, ReadsEachLineOfSinfo) {
  const NodeSize largest =
      LargestOf("2 4000 3\n64 2000 1\nCLUSTER: far away\n");
  EXPECT_EQ(largest.all_cpus, 70u);
  EXPECT_EQ(largest.cpus, 64u);
  EXPECT_EQ(largest.memory_bytes, 4000 * kMiB);
}

TEST(LargestOf, TakesOneMegabyteForUnknown) {
  EXPECT_EQ(LargestOf("2 1 1\n").memory_bytes, 0u);
  EXPECT_EQ(LargestOf("").cpus, 0u);
}

TEST(FindNodeSize, RefusesNothingWithoutSinfo) {
  const NodeSize size = FindNodeSize(false, "/nonexistent/sinfo");
  EXPECT_EQ(size.cpus, 0u);
  EXPECT_EQ(size.memory_bytes, 0u);
}

}  // namespace
}  // namespace cram
