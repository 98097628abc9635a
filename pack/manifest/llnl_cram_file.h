// Reads the files of LLNL's Cram.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/buffered_reader.h"

namespace cram {

// A job of such a file, as it stands there.
struct LlnlCramJob {
  uint32_t processes = 0;
  std::string directory;
  // The first word may be kLlnlCramNoProgram.
  std::vector<std::string> arguments;
  // Changes to the environment of the first job, whose own are changes to
  // none, and so all that it has.
  std::vector<std::string> removed;
  std::vector<std::pair<std::string, std::string>> changed;
};

// The job runs the program that it is started with, whatever that is.
inline constexpr char kLlnlCramNoProgram[] = "<exe>";

// Reads files of any size with the memory of one record. Version 2, the only
// one that was published: everything is big-endian; magic "cram", version,
// numbers of jobs and processes, size of the largest record (each a uint32),
// then the records, each of them behind its size.
class LlnlCramReader {
 public:
  // "-" is standard input. Errors: no such file, another version, no jobs.
  static absl::StatusOr<LlnlCramReader> Open(const std::string& path);

  // False behind the last job. Errors, with the byte where they are: truncated;
  // lengths that do not fit; a NUL; not as many jobs and processes as the
  // header says.
  absl::StatusOr<bool> Next(LlnlCramJob* job);

  // `message` with the file and the number of the last job, from 0.
  absl::Status Error(absl::string_view message) const;

 private:
  explicit LlnlCramReader(BufferedReader file) : file_(std::move(file)) {}
  absl::Status ErrorAt(uint64_t offset, absl::string_view message) const;
  absl::Status ReadHeader();
  // The next `size` bytes into record_.
  absl::Status ReadRecord(size_t size);
  absl::Status ReadNumber(uint32_t* number);
  absl::Status CheckEnd();

  BufferedReader file_;
  uint64_t offset_ = 0;  // in the file
  std::string record_;

  uint32_t jobs_ = 0;
  uint32_t processes_ = 0;
  uint32_t largest_ = 0;
  uint32_t read_jobs_ = 0;
  uint64_t read_processes_ = 0;
};

}  // namespace cram
