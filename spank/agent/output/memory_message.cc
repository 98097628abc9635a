#include "spank/agent/output/memory_message.h"

#include <array>

#include "absl/strings/ascii.h"

namespace cram {
namespace {

// In the words of each runtime; a more exact one before one that it holds.
constexpr std::array<absl::string_view, 23> kMessages = {
    // Python, PyPy, NumPy
    "MemoryError",
    "_ArrayMemoryError",
    // Java, Scala, Kotlin
    "java.lang.OutOfMemoryError",
    "There is insufficient memory for the Java Runtime Environment",
    // Node.js, Deno
    "JavaScript heap out of memory",
    // C++
    "std::bad_alloc",
    // R
    "cannot allocate vector of",
    "cannot allocate memory block of size",
    "vector memory exhausted",
    "vector memory limit of ",
    // Go
    "fatal error: runtime: out of memory",
    "fatal error: runtime: cannot allocate memory",
    "fatal error: out of memory",
    // Julia
    "OutOfMemoryError()",
    // .NET
    "System.OutOfMemoryException",
    // MATLAB, Octave
    "Out of memory. Type \"help memory\"",
    "out of memory or dimension too large for Octave's index type",
    // Rust
    "memory allocation of ",
    // Haskell, SBCL
    "Heap exhausted",
    // Perl
    "Out of memory!",
    // Ruby
    "failed to allocate memory (NoMemoryError)",
    // gfortran
    "Error allocating ",
    // strerror(ENOMEM): shells, and whoever asks the C library
    "Cannot allocate memory",
};

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Not as a part of a longer word: torch.cuda.OutOfMemoryError, which holds
// "MemoryError", is of another memory than ours.
bool Holds(absl::string_view text, absl::string_view message) {
  for (size_t at = text.find(message); at != absl::string_view::npos;
       at = text.find(message, at + 1)) {
    size_t end = at + message.size();
    bool joined_before = at > 0 && IsWordCharacter(text[at - 1]) &&
                         IsWordCharacter(message.front());
    bool joined_behind = end < text.size() && IsWordCharacter(text[end]) &&
                         IsWordCharacter(message.back());
    if (!joined_before && !joined_behind) return true;
  }
  return false;
}

}  // namespace

absl::string_view FindMemoryMessage(absl::string_view last_of_stderr) {
  if (last_of_stderr.size() > kMemoryMessageBytes) {
    last_of_stderr.remove_prefix(last_of_stderr.size() - kMemoryMessageBytes);
  }
  for (absl::string_view message : kMessages) {
    if (Holds(last_of_stderr, message)) return message;
  }
  return "";
}

}  // namespace cram
