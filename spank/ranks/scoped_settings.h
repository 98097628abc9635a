// Settings for a library that this process itself calls.
#pragma once

#include <string>
#include <vector>

#include "pack/base/mpi_settings.h"

namespace cram {

// In our own environment from here to its end, unless the user set them. While
// there is one thread.
class ScopedSettings {
 public:
  explicit ScopedSettings(const std::vector<MpiSetting>& settings);
  ScopedSettings(const ScopedSettings&) = delete;
  ScopedSettings& operator=(const ScopedSettings&) = delete;
  ~ScopedSettings();

 private:
  std::vector<std::string> set_;
};

}  // namespace cram
