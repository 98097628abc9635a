// A file in memory, for readers that want a path.
#pragma once

#include <stdlib.h>
#include <sys/mman.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"

namespace cram {

class MemoryFile {
 public:
  explicit MemoryFile(absl::string_view bytes)
      : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (!fd_.valid() || !WriteFull(fd_.get(), bytes, "memory").ok()) abort();
  }

  // Good while this lives.
  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_.get()); }

 private:
  UniqueFd fd_;
};

}  // namespace cram
