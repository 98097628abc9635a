#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pack/manifest/wire.h"

namespace cram {
namespace {

TEST(Wire, ReadsWhatItWrites) {
  std::string bytes;
  AppendVarintField(1, 300, &bytes);
  AppendBytesField(2, "text", &bytes);
  AppendFixed32Field(3, 0xdeadbeef, &bytes);
  AppendFixed64Field(4, UINT64_MAX - 1, &bytes);
  AppendVarintField(5000, UINT64_MAX, &bytes);
  WireReader reader(bytes);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.field(), 1u);
  EXPECT_EQ(reader.number(), 300u);
  ASSERT_TRUE(reader.Next());
  EXPECT_TRUE(reader.has_bytes());
  EXPECT_EQ(reader.bytes(), "text");
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.number(), 0xdeadbeefu);
  EXPECT_FALSE(reader.has_bytes());
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.number(), UINT64_MAX - 1);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.field(), 5000u);
  EXPECT_EQ(reader.number(), UINT64_MAX);
  EXPECT_FALSE(reader.Next());
  EXPECT_TRUE(reader.ok());
}

TEST(Wire, VisitsTheBytesOfOneFieldOfAnyLength) {
  std::string bytes;
  std::vector<std::string> texts = {"a", "", std::string(127, 'b'),
                                    std::string(128, 'c'), "d"};
  for (const std::string& text : texts) {
    AppendBytesField(3, text, &bytes);
    AppendVarintField(2, 7, &bytes);
    AppendBytesField(4, "another", &bytes);
  }
  std::vector<std::string> visited;
  auto visit = [&visited](absl::string_view text) {
    visited.emplace_back(text);
    return visited.size() < 6;
  };
  EXPECT_TRUE(ForEachBytes(3, bytes, visit));
  EXPECT_EQ(visited, texts);
  EXPECT_FALSE(ForEachBytes(3, bytes, visit)) << "told to stop";
  EXPECT_FALSE(ForEachBytes(3, "\x1a\x05oops", visit)) << "damaged";
}

TEST(Wire, LeavesZerosOut) {
  std::string bytes;
  AppendVarintField(1, 0, &bytes);
  EXPECT_EQ(bytes, "");
}

TEST(Wire, StopsAtDamage) {
  const std::string damaged[] = {
      std::string("\x00", 1),  // field 0
      "\x08",                  // no value
      "\x12\x05"
      "abc",  // fewer bytes than it says
      "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  // far fewer
      "\x0d"
      "abc",                                               // half a fixed32
      "\x0b",                                              // a group
      "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  // beyond 64 bits
  };
  for (const std::string& bytes : damaged) {
    WireReader reader(bytes);
    EXPECT_FALSE(reader.Next());
    EXPECT_FALSE(reader.ok());
  }
}

}  // namespace
}  // namespace cram
