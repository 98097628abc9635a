// Framing of append-only files: a header, then frames of
//   length of the payload, uint32 little-endian
//   zlib crc32 of the payload, uint32 little-endian
//   payload, at least one byte
// A crash leaves at worst a torn last frame, or zeros where a frame should be
// (which is why no frame is empty: eight zero bytes would be one). See
// cram-journal(5).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

inline constexpr size_t kFileHeaderBytes = 16;
inline constexpr size_t kFrameHeaderBytes = 8;
inline constexpr size_t kMaxPayloadBytes = 16 << 20;

// What a file is: 8 characters, and the version of its content.
struct FileKind {
  char magic[9];
  uint16_t major;
  uint16_t minor;
};
inline constexpr FileKind kJournalFile = {"cramjrnl", 1, 0};
inline constexpr FileKind kOutputFile = {"cramoutp", 1, 0};

// The 16 bytes at the start: magic, major and minor (uint16 little-endian),
// four zero bytes.
std::string EncodeFileHeader(const FileKind& kind);

// OK, or: not such a file, of a newer major version.
absl::Status CheckFileHeader(absl::string_view bytes, const FileKind& kind);

// `payload` has 1 to kMaxPayloadBytes bytes.
void AppendFrame(absl::string_view payload, std::string* out);

// Takes frames off the front of a byte string, which must outlive it.
class FrameParser {
 public:
  // `offset` is that of bytes[0] in its file, for position().
  explicit FrameParser(absl::string_view bytes, uint64_t offset = 0)
      : rest_(bytes), position_(offset) {}

  // The next payload; nothing at the end and at the first frame that is not
  // whole or whose checksum is wrong.
  std::optional<absl::string_view> Next();

  // The file offset behind the last good frame.
  uint64_t position() const { return position_; }
  // Bytes remain behind it: the tail is torn or damaged.
  bool torn() const { return !rest_.empty(); }
  // They are a frame and more bytes will not help: its length or its checksum
  // is wrong. Good until the next call of Next().
  bool damaged() const { return damaged_; }
  absl::string_view rest() const { return rest_; }

 private:
  absl::string_view rest_;
  uint64_t position_;
  bool damaged_ = false;
};

}  // namespace cram
