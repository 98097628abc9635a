// Children that a thread has not started.
#pragma once

namespace cram {

// A process can make its parent's children instead of its own (CLONE_PARENT):
// those of a sub-job are then children of the thread that started it, and
// neither in its process group, if they leave it, nor among the orphans that
// the agent inherits. The thread looks for them before it starts the next, when
// it has no child of its own left.
//
// Kills them until there is none; in general that is one system call. False
// when one does not die within a second.
bool EndForeignChildren();

}  // namespace cram
