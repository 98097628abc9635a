#include "spank/agent/truth/cpus.h"

#include <errno.h>
#include <hwloc.h>

#include <algorithm>

#include "pack/base/index_set.h"
#include "pack/base/io.h"

namespace cram {
namespace {

struct Unit {
  unsigned os_index;
  bool of_the_step;
};

bool InStep(hwloc_obj_t unit, const IndexSet& cores) {
  for (hwloc_obj_t up = unit; up != nullptr; up = up->parent) {
    if (up->type == HWLOC_OBJ_CORE) return cores.Contains(up->logical_index);
  }
  return cores.Contains(unit->logical_index);
}

std::vector<Unit> UnitsInOrder(hwloc_topology_t topology,
                               const cpu_set_t& allowed,
                               const IndexSet& cores) {
  std::vector<Unit> units;
  hwloc_obj_t unit = nullptr;
  while ((unit = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, unit)) !=
         nullptr) {
    if (unit->os_index < CPU_SETSIZE && CPU_ISSET(unit->os_index, &allowed)) {
      units.push_back({unit->os_index, InStep(unit, cores)});
    }
  }
  return units;
}

}  // namespace

absl::StatusOr<NodeCpus> NodeCpus::Find(uint32_t limit,
                                        const char* step_cores) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
    return ErrnoStatus("sched_getaffinity", "", errno);
  }
  IndexSet cores;
  if (step_cores != nullptr) {
    absl::StatusOr<IndexSet> parsed = IndexSet::Parse(step_cores);
    if (parsed.ok()) cores = *std::move(parsed);
  }
  hwloc_topology_t topology;
  if (hwloc_topology_init(&topology) != 0) {
    return absl::InternalError("hwloc cannot be initialised");
  }
  std::vector<Unit> units;
  if (hwloc_topology_load(topology) == 0) {
    units = UnitsInOrder(topology, allowed, cores);
  }
  hwloc_topology_destroy(topology);
  if (units.empty()) return absl::InternalError("hwloc finds no CPU");

  NodeCpus cpus;
  if (limit == 0 || limit > units.size()) limit = units.size();
  if (limit < units.size()) {
    std::stable_partition(units.begin(), units.end(),
                          [](const Unit& unit) { return unit.of_the_step; });
  }
  for (uint32_t i = 0; i < limit; ++i) {
    cpus.os_index_.push_back(units[i].os_index);
  }
  return cpus;
}

cpu_set_t NodeCpus::Set(const std::vector<uint32_t>& positions) const {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (uint32_t position : positions) CPU_SET(os_index_[position], &set);
  return set;
}

}  // namespace cram
