// sacct's three layouts.
#pragma once

#include <string>
#include <vector>

#include "sbin/report/fields.h"

namespace cram {

enum class Layout {
  kTable,      // columns of fixed width; what does not fit ends in '+'
  kParsable,   // -p: a delimiter behind every field
  kParsable2,  // -P: a delimiter between fields
};

class TablePrinter {
 public:
  TablePrinter(std::vector<Field> fields, Layout layout, std::string delimiter)
      : fields_(std::move(fields)),
        layout_(layout),
        delimiter_(std::move(delimiter)) {}

  // The names, and in a table the line of dashes below them.
  void AppendHeader(std::string* out) const;
  // Control characters in a value (a newline in a command) are escaped: a row
  // is always one line.
  void AppendRow(const Row& row, const ReportContext& context,
                 std::string* out) const;

 private:
  void AppendCell(absl::string_view value, size_t position,
                  std::string* out) const;

  std::vector<Field> fields_;
  Layout layout_;
  std::string delimiter_;
};

// The known fields in four columns, as sacct --helpformat.
std::string HelpFormat();

}  // namespace cram
