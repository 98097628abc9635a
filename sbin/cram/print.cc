#include "sbin/cram/print.h"

#include <errno.h>
#include <stdio.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {

std::string Counted(uint64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

absl::Status Print(absl::string_view text) {
  if (fwrite(text.data(), 1, text.size(), stdout) == text.size()) {
    return absl::OkStatus();
  }
  return ErrnoStatus("write", "standard output", errno);
}

absl::Status FlushPrinted() {
  if (fflush(stdout) == 0) return absl::OkStatus();
  return ErrnoStatus("write", "standard output", errno);
}

}  // namespace cram
