// The lines of a text file, counted.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/buffered_reader.h"
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
      : LineReader(BufferedReader(std::move(fd), std::move(name))) {}

  // False at the end of file. Errors, with name and line: cannot be read, a
  // NUL byte, a line too long for any manifest.
  absl::StatusOr<bool> Next(std::string* line);

  // The number of the line that Next gave, from 1.
  uint64_t line() const { return line_; }

  // As errors call it.
  const std::string& name() const { return file_.name(); }

  // `message` with the place: "runs.txt:3: message".
  absl::Status Error(absl::string_view message) const;

 private:
  explicit LineReader(BufferedReader file) : file_(std::move(file)) {}

  BufferedReader file_;
  uint64_t line_ = 0;
};

}  // namespace cram
