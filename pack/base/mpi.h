// How a sub-job's ranks find their world.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

enum class Mpi {
  kUnsaid,  // auto for several ranks, none for one
  kAuto,    // what the program links to, and both where that does not tell
  kPmi1,    // MPICH, MVAPICH, Intel MPI, Cray MPICH
  kPmix,    // Open MPI
  kNode,    // as kAuto, for a world that needs no network: see mpi_settings.h
  kNone,    // none is needed: each rank is a program of its own
  kBoth,    // never asked for: what auto may come to
};

// "auto", "node", "pmi1", "pmix", "none"; "" is kUnsaid.
absl::StatusOr<Mpi> ParseMpi(absl::string_view text);
std::string MpiText(Mpi mpi);

}  // namespace cram
