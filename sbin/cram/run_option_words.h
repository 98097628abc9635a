// The run options of a command: those of pack/base/run_options.h, read by
// CLI11.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pack/base/run_options.h"

namespace CLI {
class App;
}

namespace cram {

class RunOptionWords {
 public:
  // `this` must outlive the parsing.
  void DefineOn(CLI::App* command);

  // Error: a value that does not parse, with its option's name.
  absl::StatusOr<RunOptions> Parse() const;

  // As if it had been given so. `name` is of kRunOptions.
  void Set(absl::string_view name, const std::string& value);

  // "--mem=200M": those that were given, for another program.
  std::vector<std::string> Arguments() const;

 private:
  std::array<std::optional<std::string>, kRunOptions.size()> values_;
};

}  // namespace cram
