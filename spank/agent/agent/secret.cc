#include "spank/agent/agent/secret.h"

#include <sys/random.h>

#include "absl/strings/escaping.h"

namespace cram {

std::string NewSecret() {
  char bytes[16];
  ssize_t n = getrandom(bytes, sizeof bytes, 0);
  return absl::BytesToHexString(absl::string_view(bytes, n < 0 ? 0 : n));
}

}  // namespace cram
