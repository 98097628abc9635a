#include "spank/wire/frames.h"

#include "absl/strings/str_cat.h"
#include "pack/base/little_endian.h"

namespace cram {
namespace {

constexpr size_t kLengthBytes = 4;

}  // namespace

void AppendMessage(const wire::Message& message, std::string* out) {
  std::string payload = message.SerializeAsString();
  AppendLittleEndian(payload.size(), kLengthBytes, out);
  out->append(payload);
}

absl::StatusOr<std::optional<wire::Message>> MessageReader::Next() {
  absl::string_view rest = absl::string_view(buffer_).substr(taken_);
  if (rest.size() >= kLengthBytes) {
    uint64_t length = ReadLittleEndian(rest.substr(0, kLengthBytes));
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
