// Why a sub-job did not complete, as a paragraph for a person.
#pragma once

#include <string>

#include "sbin/report/fields.h"

namespace cram {

// What happened, where and when; the last lines of its stderr when its output
// was packed; what to do about it. Ends in a newline.
std::string Why(const Row& row, const ReportContext& context);

}  // namespace cram
