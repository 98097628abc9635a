// What runtimes say when they get no more memory.
#pragma once

#include "absl/strings/string_view.h"

namespace cram {

// The message in the last bytes of a standard error that a runtime writes when
// it gets no more memory, as it is in the table: "MemoryError"; empty when
// there is none. It is a hint: a program may print such a word for another
// reason, or go on after it. Pure.
absl::string_view FindMemoryMessage(absl::string_view last_of_stderr);

// So many last bytes are looked at: a traceback, or a runtime's dump of its
// state, comes behind the message.
inline constexpr size_t kMemoryMessageBytes = 8192;

}  // namespace cram
