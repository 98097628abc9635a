// Reads a file of any length piece by piece.
#pragma once

#include <stddef.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"

namespace cram {

class BufferedReader {
 public:
  // "-" is standard input.
  static absl::StatusOr<BufferedReader> Open(const std::string& path);

  // Reads on a descriptor; `name` is for errors.
  BufferedReader(UniqueFd fd, std::string name)
      : fd_(std::move(fd)), name_(std::move(name)) {}

  // As errors call it.
  const std::string& name() const { return name_; }

  // The next bytes, as many as are at hand; none at the end of file. Good until
  // the next call.
  absl::StatusOr<absl::string_view> Peek();
  // The first `size` of those are done with.
  void Take(size_t size) { at_ += size; }

 private:
  UniqueFd fd_;
  std::string name_;
  std::string buffer_;
  size_t at_ = 0;  // in buffer_
};

}  // namespace cram
