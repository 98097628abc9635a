// The other tasks of a node: one agent is enough, and none may leave before it.
#pragma once

#include <string>

#include "pack/base/fd.h"
#include "spank/agent/agent/step.h"

namespace cram {

// Held by the node's first task; the others see when it is gone. A local
// socket in the abstract namespace: no file, no leftover.
UniqueFd OpenDoor(const Step& step);

// Returns when the process that holds the door has ended. Sites set
// `srun --wait`, which ends a step some time after its first task has left.
void WaitAtDoor(const Step& step);

}  // namespace cram
