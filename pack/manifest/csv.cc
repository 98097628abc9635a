#include "pack/manifest/csv.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pack/manifest/rows.h"

namespace cram {

absl::StatusOr<CsvReader> CsvReader::Open(const std::string& path) {
  absl::StatusOr<LineReader> lines = LineReader::Open(path);
  if (!lines.ok()) return lines.status();
  CsvReader reader(*std::move(lines));
  absl::Status status = reader.ReadHeader();
  if (!status.ok()) return status;
  return reader;
}

absl::Status CsvReader::Error(absl::string_view message) const {
  return absl::InvalidArgumentError(
      absl::StrCat(lines_.name(), ":", row_line_, ": ", message));
}

absl::Status CsvReader::ReadHeader() {
  absl::StatusOr<bool> more = ReadRow(&columns_);
  if (!more.ok()) return more.status();
  if (!*more) {
    return absl::InvalidArgumentError(absl::StrCat(
        lines_.name(), ": empty: the first row must name the columns"));
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    absl::StripAsciiWhitespace(&columns_[i]);
    if (columns_[i].empty()) {
      return Error(absl::StrCat("column ", i + 1, " has no name"));
    }
  }
  absl::Status status = CheckColumns(columns_);
  if (!status.ok()) return Error(status.message());
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::Next(std::vector<std::string>* fields) {
  absl::StatusOr<bool> more = ReadRow(fields);
  if (!more.ok() || !*more) return more;
  if (fields->size() != columns_.size()) {
    return Error(absl::StrCat(fields->size(),
                              fields->size() == 1 ? " field" : " fields",
                              ", where the header has ", columns_.size()));
  }
  return true;
}

// From behind the opening quote to behind the closing one, over as many lines
// as that takes.
absl::Status CsvReader::ReadQuoted(std::string* field) {
  for (;;) {
    size_t quote = line_.find('"', at_);
    if (quote == std::string::npos) {
      field->append(line_, at_, std::string::npos);
      absl::StatusOr<bool> more = lines_.Next(&line_);
      if (!more.ok()) return more.status();
      if (!*more) return Error("unbalanced quote: no second \"");
      field->push_back('\n');
      at_ = 0;
      continue;
    }
    field->append(line_, at_, quote - at_);
    at_ = quote + 1;
    if (at_ == line_.size() || line_[at_] != '"') return absl::OkStatus();
    field->push_back('"');
    ++at_;
  }
}

absl::StatusOr<bool> CsvReader::ReadRow(std::vector<std::string>* fields) {
  fields->clear();
  do {
    absl::StatusOr<bool> more = lines_.Next(&line_);
    if (!more.ok() || !*more) return more;
  } while (line_.empty());
  row_line_ = lines_.line();
  at_ = 0;
  for (;;) {
    std::string& field = fields->emplace_back();
    if (at_ < line_.size() && line_[at_] == '"') {
      ++at_;
      absl::Status status = ReadQuoted(&field);
      if (!status.ok()) return status;
    } else {
      size_t comma = std::min(line_.find(',', at_), line_.size());
      field.assign(line_, at_, comma - at_);
      at_ = comma;
      if (field.find('"') != std::string::npos) {
        return Error("a quote inside a field that is not quoted");
      }
    }
    if (at_ == line_.size()) return true;
    if (line_[at_] != ',') return Error("text behind a closing quote");
    ++at_;
  }
}

}  // namespace cram
