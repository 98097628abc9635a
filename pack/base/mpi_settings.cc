#include "pack/base/mpi_settings.h"

namespace cram {
namespace {

struct Known {
  Mpi kind;
  MpiSetting setting;
};

// Open MPI: ompi_info(1); "vader" is shared memory, by which name version 5
// knows it as well. MPICH with UCX: ucx_info(1) -c.
constexpr Known kSettings[] = {
    {Mpi::kPmix, {"OMPI_MCA_pml", "ob1"}},
    {Mpi::kPmix, {"OMPI_MCA_btl", "self,vader"}},
    {Mpi::kPmix, {"OMPI_MCA_osc", "^ucx,rdma"}},
    {Mpi::kPmi1, {"UCX_TLS", "self,sm"}},
};

}  // namespace

std::vector<MpiSetting> SettingsForOneNode(Mpi kind) {
  std::vector<MpiSetting> settings;
  if (kind == Mpi::kNone) return settings;
  settings.push_back(kNoDevices);
  settings.push_back(kNoPlugins);
  for (const Known& known : kSettings) {
    if (known.kind == kind || kind == Mpi::kBoth) {
      settings.push_back(known.setting);
    }
  }
  return settings;
}

}  // namespace cram
