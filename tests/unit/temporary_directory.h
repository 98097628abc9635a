// A directory for a test, gone with all that is in it afterwards.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace cram {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_("/tmp/cram-test.XXXXXX") {
    if (mkdtemp(&path_[0]) == nullptr) abort();
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace cram
