// The descriptors of another process.
#pragma once

#include <sys/types.h>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace cram {

// Calls `look` with each: the directory /proc/<pid>/fd, its name there, and
// where it leads as the kernel shows it, proc(5): what has no name any more
// ends in kNameless. Of a process that is not ours or gone, none.
void ForOpenFiles(pid_t pid,
                  absl::FunctionRef<void(int directory, const char* name,
                                         absl::string_view target)>
                      look);

inline constexpr absl::string_view kNameless = " (deleted)";

}  // namespace cram
