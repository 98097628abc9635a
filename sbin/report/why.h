// Why a sub-job did not complete, as a paragraph for a person.
#pragma once

#include <string>
#include <vector>

#include "sbin/report/fields.h"

namespace cram {

// What happened, where and when; memory, and who was killed for it; the last
// lines of its stderr when it was packed; what to do about it. Ends in a
// newline.
std::string Why(const Row& row, const ReportContext& context);

// The last lines of the stderr of an attempt that did not complete.
std::vector<std::string> WhyErrorLines(const Attempt& attempt, const Run& run);

}  // namespace cram
