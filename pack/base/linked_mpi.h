// Which MPI a program was made for.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "pack/base/mpi.h"

namespace cram {

// kNone, kPmi1, kPmix or kBoth: what a program needs of which this was said.
// `paths` are where it may be, as execvp(3) tries them.
Mpi ResolveMpi(Mpi said, uint32_t ranks, const std::vector<std::string>& paths);

// Of the libraries that a program loads, by their file names: the MPI library
// among them tells. kUnsaid when there is none.
Mpi MpiOfLibraries(const std::vector<std::string>& libraries);

}  // namespace cram
