// JSON Lines: an object a line, each of which is a sub-job.
#pragma once

#include <stdint.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/manifest/line_reader.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

struct JsonlRow {
  std::vector<std::string> values;   // in the order of columns()
  std::vector<std::string> command;  // argv, when rows have commands
  SubJobTemplate own;                // the other properties, taken as they are
};

// The keys argv, cwd, env, stdin, stdout, stderr, name, ranks, cpus, mem,
// mem_mode, time, mpi and retry_codes are properties of the sub-job; every
// other is a column, whose value is a text, a number (in the digits that it has
// there), true or false. The first object says which columns there are and
// whether rows have an argv; the others have the same, in any order. Blank
// lines are skipped.
class JsonlReader {
 public:
  // "-" is standard input. Reads the first object. Errors: as Next; a key that
  // no parameter can have as its name; no object at all.
  static absl::StatusOr<JsonlReader> Open(const std::string& path);
  JsonlReader(JsonlReader&&) noexcept;
  ~JsonlReader();

  const std::vector<std::string>& columns() const;
  bool has_commands() const;

  // False at the end of file. Errors, with the line: no JSON, no object, other
  // keys than the first, a key twice, values that make no sense.
  absl::StatusOr<bool> Next(JsonlRow* row);

  // `message` with the file and the line of the last row.
  absl::Status Error(absl::string_view message) const;

 private:
  class Parser;
  explicit JsonlReader(LineReader lines);
  absl::StatusOr<bool> ReadRow(JsonlRow* row);

  LineReader lines_;
  std::unique_ptr<Parser> parser_;
  std::string line_;
  JsonlRow first_;
  bool first_is_next_ = true;
};

}  // namespace cram
