// Messages in a byte stream: a uint32 length, little-endian, then the message.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "spank/wire/wire.pb.h"

namespace cram {

// Agents of one run speak the same version, or part at the hello.
inline constexpr uint32_t kProtocolVersion = 3;

// Nobody has more to say than this; a larger length is an error.
inline constexpr size_t kMaxMessageBytes = 1 << 20;

void AppendMessage(const wire::Message& message, std::string* out);

// Collects bytes and gives out messages. After an error there is no more
// sense in the stream: close it.
class MessageReader {
 public:
  void Feed(absl::string_view bytes) {
    buffer_.append(bytes.data(), bytes.size());
  }
  // Nothing: the next message has not arrived whole.
  absl::StatusOr<std::optional<wire::Message>> Next();

 private:
  std::string buffer_;
  size_t taken_ = 0;  // of buffer_
};

}  // namespace cram
