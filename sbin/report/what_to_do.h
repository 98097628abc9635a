// What to do about a sub-job that did not complete.
#pragma once

#include <string>

#include "sbin/report/fields.h"

namespace cram {

// A sentence or two, with the option to use and a figure for it from the
// attempt's own; empty when there is nothing to do. Options are written as the
// run's own command takes them: --cram-mem for srun, --mem for `cram run`.
std::string WhatToDo(const Row& row, const ReportContext& context);

}  // namespace cram
