#include "spank/agent/agent/patience.h"

#include <stdlib.h>

#include "absl/strings/numbers.h"

namespace cram {

Patience Patience::FromEnvironment() {
  const char* text = getenv("CRAM_PATIENCE");
  double seconds;
  if (text == nullptr || !absl::SimpleAtod(text, &seconds) ||
      !(seconds >= 1 && seconds <= 3600)) {
    return Patience();
  }
  return Patience(absl::Seconds(seconds));
}

}  // namespace cram
