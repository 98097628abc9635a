#include "pack/base/mpi.h"

#include "absl/strings/str_cat.h"

namespace cram {
namespace {

constexpr struct {
  Mpi mpi;
  absl::string_view text;
} kTexts[] = {{Mpi::kUnsaid, ""},   {Mpi::kAuto, "auto"}, {Mpi::kNode, "node"},
              {Mpi::kPmi1, "pmi1"}, {Mpi::kPmix, "pmix"}, {Mpi::kNone, "none"}};

}  // namespace

absl::StatusOr<Mpi> ParseMpi(absl::string_view text) {
  for (const auto& known : kTexts) {
    if (known.text == text) return known.mpi;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is none of auto, node, pmix, pmi1 and none"));
}

std::string MpiText(Mpi mpi) {
  for (const auto& known : kTexts) {
    if (known.mpi == mpi) return std::string(known.text);
  }
  return "pmi1 or pmix";
}

}  // namespace cram
