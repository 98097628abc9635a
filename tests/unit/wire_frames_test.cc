#include <gtest/gtest.h>

#include <random>

#include "spank/wire/frames.h"
#include "spank/wire/index_ranges.h"

namespace cram {
namespace {

wire::Message Recall(uint64_t count) {
  wire::Message message;
  message.mutable_recall()->set_count(count);
  return message;
}

// The next message's count; 0 when there is none yet.
uint64_t NextCount(MessageReader* reader) {
  absl::StatusOr<std::optional<wire::Message>> message = reader->Next();
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() && *message ? (*message)->recall().count() : 0;
}

TEST(Frames, AreReadBackInOrder) {
  std::string bytes;
  for (uint64_t count : {1, 2, 3}) AppendMessage(Recall(count), &bytes);
  MessageReader reader;
  reader.Feed(bytes);
  for (uint64_t count : {1, 2, 3, 0, 0}) EXPECT_EQ(NextCount(&reader), count);
}

TEST(Frames, MayArriveByteByByte) {
  std::string bytes;
  AppendMessage(Recall(77), &bytes);
  AppendMessage(Recall(78), &bytes);
  MessageReader reader;
  std::vector<uint64_t> counts;
  for (char byte : bytes) {
    reader.Feed(absl::string_view(&byte, 1));
    while (uint64_t count = NextCount(&reader)) counts.push_back(count);
  }
  EXPECT_EQ(counts, (std::vector<uint64_t>{77, 78}));
}

TEST(Frames, MayBeEmptyMessages) {
  MessageReader reader;
  reader.Feed(absl::string_view("\0\0\0\0", 4));
  absl::StatusOr<std::optional<wire::Message>> message = reader.Next();
  ASSERT_TRUE(message.ok());
  ASSERT_TRUE(message->has_value());
  EXPECT_EQ((*message)->kind_case(), wire::Message::KIND_NOT_SET);
}

TEST(Frames, OfAbsurdLengthAreAnErrorAtOnce) {
  MessageReader reader;
  reader.Feed("\xff\xff\xff\x7f");
  EXPECT_FALSE(reader.Next().ok());
}

TEST(Frames, MayBeAsLongAsTheLimitAndNoLonger) {
  auto feed_length = [](uint32_t length) {
    MessageReader reader;
    std::string header;
    for (int shift = 0; shift < 32; shift += 8) {
      header.push_back(static_cast<char>(length >> shift));
    }
    reader.Feed(header);
    return reader.Next().ok();
  };
  EXPECT_TRUE(feed_length(kMaxMessageBytes));
  EXPECT_FALSE(feed_length(kMaxMessageBytes + 1));
}

TEST(Frames, OfMalformedMessagesAreAnError) {
  MessageReader reader;
  reader.Feed(absl::string_view("\x02\0\0\0\xff\xff", 6));
  EXPECT_FALSE(reader.Next().ok());
}

TEST(Frames, OfRandomBytesNeverHarm) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    MessageReader reader;
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    // Short lengths, so that random payloads are parsed as well.
    if (bytes.size() > 4 && round % 2 == 0) {
      bytes[0] = static_cast<char>(random() % 16);
      bytes[1] = bytes[2] = bytes[3] = 0;
    }
    reader.Feed(bytes);
    for (int i = 0; i < 64; ++i) {
      absl::StatusOr<std::optional<wire::Message>> message = reader.Next();
      if (!message.ok() || !message->has_value()) break;
    }
  }
}

TEST(WireRanges, ComeBackAsTheyWere) {
  IndexSet set = *IndexSet::Parse("0,5-9,100-200");
  wire::Ranges ranges;
  ToWire(set, &ranges);
  EXPECT_EQ(FromWire(ranges, 201), set);
}

TEST(WireRanges, LoseWhatIsMalformed) {
  wire::Ranges ranges;
  // Backwards, empty, beyond the end, partly beyond the end, odd.
  for (uint64_t bound : {9, 3, 4, 4, 50, 60, 18, 30, 1}) {
    ranges.add_bounds(bound);
  }
  EXPECT_EQ(FromWire(ranges, 20).ToString(), "18-19");
}

}  // namespace
}  // namespace cram
