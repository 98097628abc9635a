#include "spank/ranks/scoped_settings.h"

#include <stdlib.h>

namespace cram {

ScopedSettings::ScopedSettings(const std::vector<MpiSetting>& settings) {
  for (const MpiSetting& setting : settings) {
    std::string variable(setting.variable);
    if (getenv(variable.c_str()) != nullptr) continue;
    setenv(variable.c_str(), std::string(setting.value).c_str(), 1);
    set_.push_back(variable);
  }
}

ScopedSettings::~ScopedSettings() {
  for (const std::string& variable : set_) unsetenv(variable.c_str());
}

}  // namespace cram
