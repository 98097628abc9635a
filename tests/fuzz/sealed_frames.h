// Frames whose checksums are right, whatever their payload.
#pragma once

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "pack/journal/frame.h"

namespace cram {

// `bytes`, taken as a file of this kind with a checksum behind each length,
// with its header and every checksum put right.
inline std::string SealFrames(absl::string_view bytes, const FileKind& kind) {
  std::string sealed = EncodeFileHeader(kind);
  bytes.remove_prefix(std::min(bytes.size(), kFileHeaderBytes));
  while (bytes.size() > kFrameHeaderBytes) {
    // Two bytes of the length are enough for any input.
    size_t length = static_cast<unsigned char>(bytes[0]) |
                    static_cast<size_t>(static_cast<unsigned char>(bytes[1]))
                        << 8;
    bytes.remove_prefix(kFrameHeaderBytes);
    if (length == 0 || length > bytes.size()) break;
    AppendFrame(bytes.substr(0, length), &sealed);
    bytes.remove_prefix(length);
  }
  sealed.append(bytes.data(), bytes.size());
  return sealed;
}

}  // namespace cram
