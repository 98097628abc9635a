#include "sbin/report/table_printer.h"

#include <stdlib.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pack/base/escape_controls.h"

namespace cram {

void TablePrinter::AppendHeader(std::string* out) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (layout_ == Layout::kTable) {
      int width = fields_[i].width;
      absl::StrAppendFormat(out, "%*.*s ", width, abs(width), fields_[i].name);
    } else {
      AppendCell(fields_[i].name, i, out);
    }
  }
  out->push_back('\n');
  if (layout_ != Layout::kTable) return;
  for (const Field& field : fields_) {
    out->append(abs(field.width), '-');
    out->push_back(' ');
  }
  out->push_back('\n');
}

void TablePrinter::AppendRow(const Row& row, const ReportContext& context,
                             std::string* out) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    AppendCell(EscapeControls(fields_[i].value(row, context)), i, out);
  }
  out->push_back('\n');
}

void TablePrinter::AppendCell(absl::string_view value, size_t position,
                              std::string* out) const {
  if (layout_ != Layout::kTable) {
    absl::StrAppend(out, value);
    bool last = position + 1 == fields_.size();
    if (!last || layout_ == Layout::kParsable) absl::StrAppend(out, delimiter_);
    return;
  }
  int width = fields_[position].width;
  size_t room = abs(width);
  size_t shown = std::min(value.size(), room);
  size_t padding = room - shown;
  if (width > 0) out->append(padding, ' ');
  absl::StrAppend(out, value.substr(0, shown));
  if (shown < value.size()) out->back() = '+';
  if (width < 0) out->append(padding, ' ');
  out->push_back(' ');
}

std::string HelpFormat() {
  std::string text;
  size_t position = 0;
  for (const Field& field : AllFields()) {
    if (position % 4 != 0) {
      text += ' ';
    } else if (position > 0) {
      text += '\n';
    }
    absl::StrAppendFormat(&text, "%-19s", field.name);
    ++position;
  }
  return text + '\n';
}

}  // namespace cram
