// What a world that stays on one node can do without: most of the time that a
// small MPI program takes is MPI_Init, and most of that goes into looking for
// networks.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "pack/base/mpi.h"

namespace cram {

// A variable that an MPI library reads, documented by its authors.
struct MpiSetting {
  absl::string_view variable, value;
  // Another one: who has set that means something else by it.
  absl::string_view unless = "";
};

// hwloc, which all of them ask where the CPUs are, also reads the configuration
// of every PCI device and asks ten X servers for graphics cards, in every rank.
// Besides what the kernel says of the CPUs it asks each of them, to which it
// moves the rank: off its own one, and to those on which other ranks compute.
inline constexpr MpiSetting kNoDevices = {
    "HWLOC_COMPONENTS",
    "-linux:pci,-linux:io,-pci,-gl,-opencl,-cuda,-nvml,-rsmi,-levelzero,-x86"};
// It loads its plugins, and with them the libraries of X, OpenCL and XML,
// before it looks at the variable above. There are none here.
inline constexpr MpiSetting kNoPlugins = {"HWLOC_PLUGINS_PATH", "/dev/null"};

// For a program that was resolved to this kind (see linked_mpi.h). To be set
// where the user has not set them, and for `--mpi node` alone: with them a
// program cannot reach another node.
std::vector<MpiSetting> SettingsForOneNode(Mpi kind);

}  // namespace cram
