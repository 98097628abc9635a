#include "spank/ranks/pmix_world.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace cram {
namespace {

std::string RanksOf(const GangPlace& place, uint32_t part) {
  std::string ranks;
  for (uint32_t i = 0; i < place.parts[part].ranks; ++i) {
    absl::StrAppend(&ranks, i == 0 ? "" : ",", place.FirstRankOf(part) + i);
  }
  return ranks;
}

// `nodes` and `processes` are libpmix's own texts, which say who is where.
pmix_status_t RegisterNamespace(const PmixLibrary& library,
                                const std::string& name, const GangPlace& place,
                                const char* nodes, const char* processes) {
  PmixAttributes attributes;
  attributes.Add(PMIX_NODE_MAP, std::string(nodes));
  attributes.Add(PMIX_PROC_MAP, std::string(processes));
  attributes.Add(PMIX_JOBID, name);
  attributes.Add(PMIX_LOCAL_PEERS, RanksOf(place, place.part));
  for (const char* key : {PMIX_UNIV_SIZE, PMIX_JOB_SIZE, PMIX_MAX_PROCS}) {
    attributes.Add(key, place.ranks());
  }
  for (const char* key : {PMIX_LOCAL_SIZE, PMIX_NODE_SIZE}) {
    attributes.Add(key, place.ranks_here());
  }
  attributes.Add(PMIX_NUM_NODES, static_cast<uint32_t>(place.parts.size()));
  attributes.Add(PMIX_NODEID, place.part);
  pmix_proc_t all = PmixProcess(name, PMIX_RANK_WILDCARD);
  PmixAnswer answer;
  return answer.Wait(library.register_nspace(
      all.nspace, static_cast<int>(place.ranks_here()), attributes.data(),
      attributes.size(), PmixAnswer::Came, &answer));
}

pmix_status_t RegisterRank(const PmixLibrary& library, const std::string& name,
                           uint32_t rank) {
  pmix_proc_t process = PmixProcess(name, rank);
  PmixAnswer answer;
  return answer.Wait(library.register_client(
      &process, getuid(), getgid(), nullptr, PmixAnswer::Came, &answer));
}

}  // namespace

absl::Status RegisterWorld(const PmixLibrary& library, const std::string& name,
                           const GangPlace& place, const std::string& node) {
  std::string names, everywhere;
  for (uint32_t part = 0; part < place.parts.size(); ++part) {
    bool own = part == place.part;
    absl::StrAppend(&names, part == 0 ? "" : ",",
                    own ? node : place.parts[part].node);
    absl::StrAppend(&everywhere, part == 0 ? "" : ";", RanksOf(place, part));
  }
  char *nodes = nullptr, *processes = nullptr;
  pmix_status_t status = library.generate_regex(names.c_str(), &nodes);
  if (status == PMIX_SUCCESS) {
    status = library.generate_ppn(everywhere.c_str(), &processes);
  }
  if (status == PMIX_SUCCESS) {
    status = RegisterNamespace(library, name, place, nodes, processes);
  }
  free(nodes);
  free(processes);
  if (status != PMIX_SUCCESS) {
    return PmixError(library, "PMIx_server_register_nspace", status);
  }
  for (uint32_t i = 0; i < place.ranks_here(); ++i) {
    status = RegisterRank(library, name, place.first_rank() + i);
    if (status != PMIX_SUCCESS) {
      return PmixError(library, "PMIx_server_register_client", status);
    }
  }
  return absl::OkStatus();
}

absl::Status PmixError(const PmixLibrary& library, const char* what,
                       pmix_status_t status) {
  return absl::InternalError(
      absl::StrCat(what, ": ", library.error_string(status)));
}

}  // namespace cram
