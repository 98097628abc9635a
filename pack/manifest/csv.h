// Comma-separated values, as RFC 4180 has them.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/manifest/line_reader.h"

namespace cram {

// The first row names the columns; every other has as many fields. A field in
// double quotes may hold commas, newlines and doubled quotes. Blanks belong to
// their field, but for those around a column's name. Empty lines are skipped.
class CsvReader {
 public:
  // Errors: no header, a column without name, a name that no parameter can
  // have, or one twice.
  static absl::StatusOr<CsvReader> Open(const std::string& path);

  const std::vector<std::string>& columns() const { return columns_; }

  // False at the end of file. Errors, with the line: a row of another length,
  // a quote without its end or in the middle of a field.
  absl::StatusOr<bool> Next(std::vector<std::string>* fields);

  // `message` with the file and the line where the last row began.
  absl::Status Error(absl::string_view message) const;

 private:
  explicit CsvReader(LineReader lines) : lines_(std::move(lines)) {}
  absl::Status ReadHeader();
  absl::StatusOr<bool> ReadRow(std::vector<std::string>* fields);
  absl::Status ReadQuoted(std::string* field);

  LineReader lines_;
  std::vector<std::string> columns_;
  std::string line_;
  size_t at_ = 0;          // in line_
  uint64_t row_line_ = 0;  // where the last row began
};

}  // namespace cram
