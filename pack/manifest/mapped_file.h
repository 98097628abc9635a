// A whole file as a string_view.
#pragma once

#include <stdint.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// A read-only mapping: pages come in when they are touched, and no others but
// by WillRead(). The kernel would bring some megabytes around every page; thus
// who wants one sub-job of a file that is on some server, or was not used for
// long, waits for that one only. The file may be replaced (renamed over) while
// it is mapped, but not truncated. Not thread-safe.
class MappedFile {
 public:
  // Errors: cannot be opened, not a regular file.
  static absl::StatusOr<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();

  absl::string_view bytes() const { return bytes_; }

  // To be told before somebody goes through `part`, which is one of bytes():
  // reads it at once, and more and more behind it for who goes on there. Counts
  // as Touched().
  void WillRead(absl::string_view part) const;

  // To be told how many bytes somebody goes through: lets pages go again when
  // they are some megabytes, so that a large file takes no more memory than
  // that. Views stay good.
  void Touched(uint64_t bytes) const;

  // That of so many bytes from the start.
  uint32_t Checksum(uint64_t bytes) const;

 private:
  explicit MappedFile(absl::string_view bytes) : bytes_(bytes) {}

  absl::string_view bytes_;
  mutable uint64_t touched_ = 0;
  // What WillRead() has read last, and how much of that at once.
  mutable uint64_t read_begin_ = 0, read_end_ = 0, at_once_ = 0;
};

}  // namespace cram
