// Which shared libraries a program links to.
#pragma once

#include <string>
#include <vector>

namespace cram {

// Those that it names itself (DT_NEEDED), as file names. None for what is no
// dynamic ELF program: a script, a static one, a damaged one.
std::vector<std::string> NamedLibraries(const std::string& program);

// All that it would load, found as the dynamic linker finds them, without
// running it (ld.so(8), --list): dearer by a process, and none where the
// program is for another linker than ours.
std::vector<std::string> LoadedLibraries(const std::string& program);

}  // namespace cram
