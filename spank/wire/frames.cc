#include "spank/wire/frames.h"

#include "absl/strings/str_cat.h"

namespace cram {
namespace {

constexpr size_t kLengthBytes = 4;

uint32_t Length(absl::string_view bytes) {
  uint32_t length = 0;
  for (size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

}  // namespace

void AppendMessage(const wire::Message& message, std::string* out) {
  std::string payload = message.SerializeAsString();
  for (size_t i = 0; i < kLengthBytes; ++i) {
    out->push_back(static_cast<char>(payload.size() >> (8 * i) & 0xff));
  }
  out->append(payload);
}

absl::StatusOr<std::optional<wire::Message>> MessageReader::Next() {
  absl::string_view rest = absl::string_view(buffer_).substr(taken_);
  if (rest.size() >= kLengthBytes) {
    uint32_t length = Length(rest);
    if (length > kMaxMessageBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("a message of ", length, " bytes"));
    }
    if (rest.size() - kLengthBytes >= length) {
      wire::Message message;
      if (!message.ParseFromArray(rest.data() + kLengthBytes,
                                  static_cast<int>(length))) {
        return absl::InvalidArgumentError("a malformed message");
      }
      taken_ += kLengthBytes + length;
      return message;
    }
  }
  buffer_.erase(0, taken_);
  taken_ = 0;
  return std::nullopt;
}

}  // namespace cram
