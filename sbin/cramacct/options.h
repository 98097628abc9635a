// What the user asked of cramacct.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sbin/report/fields.h"
#include "sbin/report/selection.h"
#include "sbin/report/table_printer.h"

namespace cram {

enum class View {
  kTable,
  kJson,
  kWhy,
  kWhyJson,
  kSummary,
  kSummaryJson,
  kSuggest,
  kSuggestJson
};

struct AcctOptions {
  std::string run;  // as FindRun takes it
  Selection selection;
  std::vector<Field> fields;
  Layout layout = Layout::kTable;
  std::string delimiter = "|";
  bool header = true;
  char unit = '\0';
  View view = View::kTable;
};

// Parses the command line. When the program is to end at once (help, version,
// bad use), prints what there is to say and gives the exit status instead.
std::optional<int> ParseOptions(int argc, char** argv, AcctOptions* options);

}  // namespace cram
