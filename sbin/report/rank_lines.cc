#include "sbin/report/rank_lines.h"

#include "absl/strings/str_cat.h"

namespace cram {

void RankLines::Take(std::optional<uint32_t> rank, absl::string_view bytes) {
  if (!rank) {
    deliver_(bytes);
    return;
  }
  Line& line = lines_[*rank];
  while (!bytes.empty()) {
    size_t end = bytes.find('\n');
    bool whole = end != absl::string_view::npos;
    size_t part = whole ? end + 1 : bytes.size();
    line.bytes.append(bytes.data(), part);
    bytes.remove_prefix(part);
    if (whole || line.bytes.size() > kLongest) Give(*rank, &line);
    if (whole) line.labelled = false;
  }
}

void RankLines::End() {
  for (auto& [rank, line] : lines_) {
    if (line.bytes.empty()) continue;
    // The next rank's must not continue it.
    if (label_) line.bytes.push_back('\n');
    Give(rank, &line);
  }
  lines_.clear();
}

void RankLines::Give(uint32_t rank, Line* line) {
  if (label_ && !line->labelled) deliver_(absl::StrCat(rank, ": "));
  deliver_(line->bytes);
  line->bytes.clear();
  line->labelled = true;
}

}  // namespace cram
