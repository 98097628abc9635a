#include "pack/manifest/foreign_variable.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"

namespace cram {
namespace {

constexpr std::array<absl::string_view, 4> kShellsOwn = {"PWD", "OLDPWD",
                                                         "SHLVL", "_"};
constexpr std::array<absl::string_view, 4> kStepsOwn = {"SLURM", "PMI", "CRAM_",
                                                        "SPANK_"};

}  // namespace

bool IsForeignVariable(absl::string_view name) {
  return name.empty() || absl::StrContains(name, "=") ||
         std::find(kShellsOwn.begin(), kShellsOwn.end(), name) !=
             kShellsOwn.end() ||
         std::any_of(kStepsOwn.begin(), kStepsOwn.end(),
                     [name](absl::string_view prefix) {
                       return absl::StartsWith(name, prefix);
                     });
}

}  // namespace cram
