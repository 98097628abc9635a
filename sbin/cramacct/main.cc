// cramacct: what became of the sub-jobs of a run; see cramacct(1).
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "absl/time/clock.h"
#include "pack/base/escape_controls.h"
#include "pack/base/run_directory.h"
#include "sbin/cramacct/options.h"
#include "sbin/report/json.h"
#include "sbin/report/suggestion.h"
#include "sbin/report/summary.h"
#include "sbin/report/why.h"
#include "sbin/report/why_groups.h"

namespace cram {
namespace {

void Complain(absl::string_view message) {
  fprintf(stderr, "cramacct: %s\n", EscapeControls(message).c_str());
}

// Nobody reads a report further than its reader does: a closed pipe ends the
// program, quietly.
[[noreturn]] void StopPrinting() {
  if (errno != EPIPE) {
    Complain(std::string("write standard output: ") + strerror(errno));
  }
  _exit(1);
}

void Print(const std::string& text) {
  if (fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    StopPrinting();
  }
}

// Who gave JobID no width sees which sub-job is meant.
std::vector<Field> FieldsFor(std::vector<Field> fields, const Run& run) {
  uint64_t last = std::max<uint64_t>(run.subjobs(), 1) - 1;
  int longest = static_cast<int>(JobId(run, last).size());
  for (Field& field : fields) {
    if (field.name == "JobID" && field.width == kJobIdWidth) {
      field.width = std::min(kJobIdWidth, -longest);
    }
  }
  return fields;
}

void PrintTable(const AcctOptions& options, const ReportContext& context) {
  TablePrinter printer(FieldsFor(options.fields, context.run), options.layout,
                       options.delimiter);
  std::string text;
  if (options.header) printer.AppendHeader(&text);
  Print(text);
  ForEachRow(context.run, options.selection, [&](const Row& row) {
    text.clear();
    printer.AppendRow(row, context, &text);
    Print(text);
  });
}

// Those that are asked for, or those that did not complete when nothing is.
void ForEachWhy(const AcctOptions& options, const ReportContext& context,
                const std::function<void(const Row&)>& visit) {
  const Selection& selection = options.selection;
  bool named = selection.indexes.has_value() || selection.states.any();
  ForEachRow(context.run, selection, [&](const Row& row) {
    bool done = row.state == State::kCompleted || row.state == State::kRunning;
    if (!done || named) visit(row);
  });
}

void PrintJson(const AcctOptions& options, const ReportContext& context) {
  bool why = options.view == View::kWhyJson;
  Print(JsonHead(context.run));
  bool first = true;
  auto print = [&](const Row& row) {
    if (!first) Print(",\n");
    first = false;
    Print(why ? JsonWhyRow(row, context) : JsonRow(row, context));
  };
  if (why) {
    ForEachWhy(options, context, print);
  } else {
    ForEachRow(context.run, options.selection, print);
  }
  Print(JsonTail());
}

// Each whose index was given; else the first of those that ended alike, and
// those that never started together.
void PrintWhy(const AcctOptions& options, const ReportContext& context) {
  bool each = options.selection.indexes.has_value();
  IndexSet pending;
  WhyGroups groups;
  ForEachWhy(options, context, [&](const Row& row) {
    if (row.attempt == nullptr && !each) {
      pending.Add(row.index);
    } else if (each || groups.Shows(row, context.run)) {
      Print(Why(row, context));
    }
  });
  Print(groups.Rest(context.run));
  if (pending.empty()) return;
  Print(absl::StrCat(context.run.id(), " PENDING: ", pending.size(),
                     pending.size() == 1 ? " sub-job has not started: "
                                         : " sub-jobs have not started: ",
                     pending.ToString(), "\n"));
}

// Without a header: one line of options, for "$(...)".
void PrintAdvice(const AcctOptions& options, const Run& run) {
  absl::StatusOr<Advice> advice = Advise(run);
  if (!advice.ok()) {
    Complain(advice.status().message());
    exit(1);
  }
  if (options.view == View::kSuggestJson)
    return Print(AdviceJson(run, *advice));
  if (options.header) return Print(AdviceText(run, *advice));
  Print(advice->settings[0].Options() + "\n");
}

void PrintReport(const AcctOptions& options, const ReportContext& context) {
  switch (options.view) {
    case View::kTable:
      return PrintTable(options, context);
    case View::kJson:
    case View::kWhyJson:
      return PrintJson(options, context);
    case View::kWhy:
      return PrintWhy(options, context);
    case View::kSummary:
      return Print(
          SummaryText(context.run, Summarize(context.run, context.now_ns)));
    case View::kSummaryJson:
      return Print(
          SummaryJson(context.run, Summarize(context.run, context.now_ns)));
    case View::kSuggest:
    case View::kSuggestJson:
      return PrintAdvice(options, context.run);
  }
}

int Main(int argc, char** argv) {
  AcctOptions options;
  if (std::optional<int> status = ParseOptions(argc, argv, &options)) {
    return *status;
  }
  absl::StatusOr<RunDirectory> directory = FindRun(options.run);
  if (!directory.ok()) {
    Complain(directory.status().message());
    return 1;
  }
  absl::StatusOr<std::unique_ptr<Run>> run = Run::Load(*directory);
  if (!run.ok()) {
    Complain(run.status().message());
    return 1;
  }
  absl::Status indexes = CheckIndexes(options.selection, **run);
  if (!indexes.ok()) {
    Complain(indexes.message());
    return 2;
  }
  for (const std::string& warning : (*run)->warnings()) Complain(warning);
  ManifestLookup manifest(**run);
  PrintReport(options,
              {**run, manifest, options.unit, absl::GetCurrentTimeNanos()});
  if (!manifest.status().ok()) Complain(manifest.status().message());
  if (fflush(stdout) != 0) StopPrinting();
  // The operating system takes the memory back faster.
  _exit(0);
}

}  // namespace
}  // namespace cram

int main(int argc, char** argv) { return cram::Main(argc, argv); }
