// Messages are the same however the stream is cut into pieces. Input: seven
// bytes of lengths of pieces, then the stream.
#include <algorithm>
#include <iterator>

#include "spank/wire/frames.h"
#include "spank/wire/index_ranges.h"
#include "tests/fuzz/target.h"

namespace cram {
namespace {

// Takes what is there; false after an error.
bool Take(MessageReader* reader, std::string* messages) {
  while (true) {
    absl::StatusOr<std::optional<wire::Message>> next = reader->Next();
    if (!next.ok()) return false;
    if (!*next) return true;
    const wire::Message& message = **next;
    AppendMessage(message, messages);
    for (const wire::Ranges* ranges : {&message.grant().work().indexes(),
                                       &message.return_().work().indexes()}) {
      constexpr uint64_t kLimit = 1000;
      IndexSet set = FromWire(*ranges, kLimit);
      REQUIRE(set.empty() || std::prev(set.ranges().end())->second <= kLimit);
    }
  }
}

}  // namespace
}  // namespace cram

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLengths = 7;
  if (size < kLengths) return 0;
  absl::string_view stream = cram::TextOf(data + kLengths, size - kLengths);
  cram::MessageReader at_once, in_pieces;
  std::string expected, messages;
  at_once.Feed(stream);
  bool expect_good = cram::Take(&at_once, &expected);
  bool good = true;
  for (size_t i = 0; good && !stream.empty(); ++i) {
    size_t length = std::min<size_t>(data[i % kLengths] + 1, stream.size());
    in_pieces.Feed(stream.substr(0, length));
    stream.remove_prefix(length);
    good = cram::Take(&in_pieces, &messages);
  }
  REQUIRE(good == expect_good);
  REQUIRE(messages == expected);
  return 0;
}
