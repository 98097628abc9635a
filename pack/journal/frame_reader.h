// Reads the frames of a file one after another, in bounded memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"
#include "pack/journal/frame.h"

namespace cram {

// A file that is being written meanwhile is normal: at its present end Next()
// says so, and a later Next() goes on with what was appended since. Holds
// 1 MiB, or twice the largest frame.
class FrameReader {
 public:
  // Starts at the first frame, or at the one that begins at `offset`. `path`
  // and `kind` are for the errors and the file's header.
  static absl::StatusOr<std::unique_ptr<FrameReader>> Open(
      const std::string& path, const FileKind& kind,
      uint64_t offset = kFileHeaderBytes);

  // The next payload, good until the next call. Nothing at the end, at a torn
  // or damaged frame, and on an error: see status().
  std::optional<absl::string_view> Next();

  // Cannot be read, not such a file, of a newer major version.
  const absl::Status& status() const { return status_; }
  // The file offset behind the last good frame.
  uint64_t position() const { return parser_.position(); }
  // Bytes remain behind it, and whether they can only be damage.
  bool torn() const { return header_torn_ || parser_.torn(); }
  bool damaged() const { return parser_.damaged(); }

 private:
  FrameReader(UniqueFd fd, std::string path, const FileKind& kind,
              uint64_t offset)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        kind_(kind),
        parser_("", offset) {}

  bool CheckHeader();
  bool Fill();

  UniqueFd fd_;
  std::string path_;
  FileKind kind_;
  absl::Status status_;
  bool header_checked_ = false;
  bool header_torn_ = false;
  std::string buffer_;
  FrameParser parser_;
};

}  // namespace cram
