#include "pack/journal/frame.h"

#include <zlib.h>

#include "absl/strings/str_cat.h"
#include "pack/base/little_endian.h"

namespace cram {
namespace {

uint32_t Crc32(absl::string_view bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

}  // namespace

std::string EncodeFileHeader(const FileKind& kind) {
  std::string header(kind.magic, 8);
  AppendLittleEndian(kind.major, 2, &header);
  AppendLittleEndian(kind.minor, 2, &header);
  header.append(4, '\0');
  return header;
}

absl::Status CheckFileHeader(absl::string_view bytes, const FileKind& kind) {
  if (bytes.size() < kFileHeaderBytes ||
      bytes.substr(0, 8) != absl::string_view(kind.magic, 8)) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a ", kind.magic, " file"));
  }
  uint64_t major = ReadLittleEndian(bytes.substr(8, 2));
  if (major > kind.major) {
    return absl::InvalidArgumentError(
        absl::StrCat("version ", major,
                     " is newer than this program, which reads ", kind.major));
  }
  return absl::OkStatus();
}

void AppendFrame(absl::string_view payload, std::string* out) {
  AppendLittleEndian(payload.size(), 4, out);
  AppendLittleEndian(Crc32(payload), 4, out);
  out->append(payload.data(), payload.size());
}

std::optional<absl::string_view> FrameParser::Next() {
  if (rest_.size() < kFrameHeaderBytes) return std::nullopt;
  uint64_t length = ReadLittleEndian(rest_.substr(0, 4));
  uint64_t crc = ReadLittleEndian(rest_.substr(4, 4));
  damaged_ = length == 0 || length > kMaxPayloadBytes;
  if (damaged_ || length > rest_.size() - kFrameHeaderBytes) {
    return std::nullopt;
  }
  absl::string_view payload = rest_.substr(kFrameHeaderBytes, length);
  damaged_ = Crc32(payload) != crc;
  if (damaged_) return std::nullopt;
  rest_.remove_prefix(kFrameHeaderBytes + length);
  position_ += kFrameHeaderBytes + length;
  return payload;
}

}  // namespace cram
