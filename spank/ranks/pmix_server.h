// libpmix's server, for Open MPI and what else speaks PMIx.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "spank/agent/loop/loop.h"
#include "spank/ranks/gang_link.h"
#include "spank/ranks/gang_place.h"
#include "spank/ranks/process_manager.h"

namespace cram {

// libpmix.so.2 is loaded by this call and by nobody before: a site without it
// has an error here that says so, and everything else works. There is one
// server a process. Its files go below TMPDIR. `elsewhere`: the rest of the
// world; none: all of it is here. All outlive it; libpmix calls from a thread
// of its own, which the listener does not see.
absl::StatusOr<std::unique_ptr<ProcessManager>> StartPmixServer(
    Loop* loop, const std::string& name, const GangPlace& place,
    GangLink* elsewhere, ProcessManager::Listener* listener);

}  // namespace cram
