// The report as JSON, piece by piece: a run may have millions of rows.
#pragma once

#include <string>

#include "sbin/report/fields.h"
#include "sbin/report/status.h"
#include "sbin/report/suggestion.h"
#include "sbin/report/summary.h"

namespace cram {

// {"run": ..., "subjobs": [ROW, ROW, ...]} is
// JsonHead + rows with "," between + JsonTail. Times are seconds since 1970,
// lengths of time seconds, memory bytes; what is not known is left out. Bytes
// that are not UTF-8 become U+FFFD.
std::string JsonHead(const Run& run);
std::string JsonRow(const Row& row, const ReportContext& context);
// With the last lines of stderr and what to do about it.
std::string JsonWhyRow(const Row& row, const ReportContext& context);
std::string JsonTail();

// One object each.
std::string SummaryJson(const Run& run, const Summary& summary);
std::string StatusJson(const RunStatus& status, const ReportContext& context);
std::string AdviceJson(const Run& run, const Advice& advice);

}  // namespace cram
