#include "pack/base/mpi_settings.h"

namespace cram {
namespace {

struct Known {
  Mpi kind;
  MpiSetting setting;
};

// Open MPI: ompi_info(1); "vader" is shared memory, by which name version 5
// knows it as well. MPICH with UCX: ucx_info(1) -c. Of UCX's modules those stay
// that copy between processes. Its buffers in shared memory are made 72 at a
// time as they are needed, enough for a queue of 64, and not 512, of which each
// rank would fill 4 MB with zeros, twice, for the few that it uses. What an
// older UCX does not know of these it would complain about in every rank.
constexpr Known kSettings[] = {
    {Mpi::kPmix, {"OMPI_MCA_pml", "ob1"}},
    {Mpi::kPmix, {"OMPI_MCA_btl", "self,vader"}},
    {Mpi::kPmix, {"OMPI_MCA_osc", "^ucx,rdma"}},
    {Mpi::kPmi1, {"UCX_TLS", "self,sm"}},
    {Mpi::kPmi1, {"UCX_MODULES", "cma,knem,xpmem", "UCX_TLS"}},
    {Mpi::kPmi1, {"UCX_POSIX_RX_BUFS_GROW", "72"}},
    {Mpi::kPmi1, {"UCX_SYSV_RX_BUFS_GROW", "72"}},
    {Mpi::kPmi1, {"UCX_WARN_UNUSED_ENV_VARS", "n"}},
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
