// Files of the kernel that tell of memory and CPUs, as files in memory that
// tell of the sub-job.
#pragma once

#include "facts.h"

// A descriptor on what `path` should say, opened as open(2) with `flags` would
// have; -1: it is none of those files, or cannot be had, and the true one is to
// be opened. Async-signal-safe; leaves errno as it was.
//
// It is what the file said when it was opened: who reads again must open again.
int view_open(const char* path, int flags);
