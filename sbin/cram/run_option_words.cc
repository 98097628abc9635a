#include "sbin/cram/run_option_words.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"

namespace cram {

void RunOptionWords::DefineOn(CLI::App* command) {
  for (size_t i = 0; i < kRunOptions.size(); ++i) {
    const RunOption& option = kRunOptions[i];
    std::optional<std::string>* value = &values_[i];
    std::string name = absl::StrCat("--", option.name);
    std::string help(option.help);
    if (option.is_flag()) {
      command->add_flag_callback(
          name, [value] { value->emplace(); }, help);
    } else {
      command->add_option(name, *value, help)
          ->type_name(std::string(option.metavar));
    }
  }
}

absl::StatusOr<RunOptions> RunOptionWords::Parse() const {
  RunOptions options;
  for (size_t i = 0; i < kRunOptions.size(); ++i) {
    if (!values_[i]) continue;
    absl::Status status = options.Set(kRunOptions[i].name, *values_[i]);
    if (!status.ok()) return status;
  }
  return options;
}

void RunOptionWords::Set(absl::string_view name, const std::string& value) {
  for (size_t i = 0; i < kRunOptions.size(); ++i) {
    if (kRunOptions[i].name == name) values_[i] = value;
  }
}

std::vector<std::string> RunOptionWords::Arguments() const {
  std::vector<std::string> words;
  for (size_t i = 0; i < kRunOptions.size(); ++i) {
    if (!values_[i]) continue;
    const RunOption& option = kRunOptions[i];
    words.push_back(option.is_flag()
                        ? absl::StrCat("--", option.name)
                        : absl::StrCat("--", option.name, "=", *values_[i]));
  }
  return words;
}

}  // namespace cram
