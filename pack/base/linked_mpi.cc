#include "pack/base/linked_mpi.h"

#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "pack/base/linked_libraries.h"

namespace cram {
namespace {

// MPICH and all that keep its ABI have 12 in their libraries' names.
Mpi MpiOfLibrary(absl::string_view name) {
  if (absl::StartsWith(name, "libmpich") ||
      absl::StartsWith(name, "libmpi_cray") ||
      absl::StartsWith(name, "libmpi_gnu") ||
      absl::StartsWith(name, "libmpifort")) {
    return Mpi::kPmi1;
  }
  if (!absl::StartsWith(name, "libmpi.so") &&
      !absl::StartsWith(name, "libmpi_mpifh.so") &&
      !absl::StartsWith(name, "libmpi_usempi")) {
    return Mpi::kUnsaid;
  }
  return absl::EndsWith(name, ".so.12") ? Mpi::kPmi1 : Mpi::kPmix;
}

}  // namespace

Mpi MpiOfLibraries(const std::vector<std::string>& libraries) {
  for (const std::string& name : libraries) {
    Mpi mpi = MpiOfLibrary(name);
    if (mpi != Mpi::kUnsaid) return mpi;
  }
  return Mpi::kUnsaid;
}

Mpi ResolveMpi(Mpi said, uint32_t ranks,
               const std::vector<std::string>& paths) {
  if (said == Mpi::kUnsaid) said = ranks > 1 ? Mpi::kAuto : Mpi::kNone;
  if (said != Mpi::kAuto && said != Mpi::kNode) return said;
  for (const std::string& path : paths) {
    if (access(path.c_str(), X_OK) != 0) continue;
    Mpi found = MpiOfLibraries(NamedLibraries(path));
    if (found == Mpi::kUnsaid) found = MpiOfLibraries(LoadedLibraries(path));
    return found == Mpi::kUnsaid ? Mpi::kBoth : found;
  }
  return Mpi::kBoth;
}

}  // namespace cram
