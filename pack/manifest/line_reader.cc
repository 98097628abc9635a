#include "pack/manifest/line_reader.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/manifest/layout.h"

namespace cram {

absl::StatusOr<LineReader> LineReader::Open(const std::string& path) {
  absl::StatusOr<BufferedReader> file = BufferedReader::Open(path);
  if (!file.ok()) return file.status();
  return LineReader(*std::move(file));
}

absl::Status LineReader::Error(absl::string_view message) const {
  return absl::InvalidArgumentError(
      absl::StrCat(name(), ":", line_, ": ", message));
}

absl::StatusOr<bool> LineReader::Next(std::string* line) {
  line->clear();
  ++line_;
  bool complete = false;
  while (!complete) {
    absl::StatusOr<absl::string_view> piece = file_.Peek();
    if (!piece.ok()) return piece.status();
    if (piece->empty()) break;
    size_t newline = piece->find('\n');
    complete = newline != absl::string_view::npos;
    absl::string_view part = piece->substr(0, newline);
    line->append(part.data(), part.size());
    file_.Take(part.size() + (complete ? 1 : 0));
    if (line->size() > kMaxUnpackedBytes) return Error("too long a line");
  }
  if (!complete && line->empty()) return false;
  if (line->find('\0') != std::string::npos) return Error("a NUL byte");
  if (!line->empty() && line->back() == '\r') line->pop_back();
  if (line_ == 1 && absl::StartsWith(*line, "\xef\xbb\xbf")) line->erase(0, 3);
  return true;
}

}  // namespace cram
