// The lines of a text file, counted.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"

namespace cram {

// Reads files of any length with constant memory. A line ends in "\n" or
// "\r\n"; the last may end in nothing. A byte order mark at the start is
// skipped.
class LineReader {
 public:
  // "-" is standard input.
  static absl::StatusOr<LineReader> Open(const std::string& path);

  // Reads on a descriptor; `name` is for errors.
  LineReader(UniqueFd fd, std::string name)
      : fd_(std::move(fd)), name_(std::move(name)) {}

  // False at the end of file. Errors, with name and line: cannot be read, a
  // NUL byte, a line too long for any manifest.
  absl::StatusOr<bool> Next(std::string* line);

  // The number of the line that Next gave, from 1.
  uint64_t line() const { return line_; }

  // As errors call it.
  const std::string& name() const { return name_; }

  // `message` with the place: "runs.txt:3: message".
  absl::Status Error(absl::string_view message) const;

 private:
  absl::Status Fill();

  UniqueFd fd_;
  std::string name_;
  std::string buffer_;
  size_t at_ = 0;  // in buffer_
  bool end_ = false;
  uint64_t line_ = 0;
};

}  // namespace cram
