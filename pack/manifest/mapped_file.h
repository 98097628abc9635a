// A whole file as a string_view.
#pragma once

#include <stdint.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// A read-only mapping: pages come in when they are touched. The file may be
// replaced (renamed over) while it is mapped, but not truncated. Not
// thread-safe.
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

  // To be told how many bytes somebody has gone through: lets pages go again
  // when they are some megabytes, so that a large file takes no more memory
  // than that. Views stay good.
  void Touched(uint64_t bytes) const;

  // That of so many bytes from the start.
  uint32_t Checksum(uint64_t bytes) const;

 private:
  explicit MappedFile(absl::string_view bytes) : bytes_(bytes) {}

  absl::string_view bytes_;
  mutable uint64_t touched_ = 0;
};

}  // namespace cram
