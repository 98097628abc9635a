// A process that is in its cgroup from its first moment on.
#pragma once

#include <sys/types.h>

namespace cram {

// As vfork(2): `life`, which must not return, is called in the child, on a
// stack of its own in the caller's memory, and the caller waits until it has
// exec'd or ended. The child is in the cgroup2 whose directory `cgroup` is open
// on.
//
// -1, with errno: nobody was started. ENOSYS: this kernel (before 5.7), the
// rules that this process is under (seccomp), this architecture or a sanitizer
// has no such thing; once it was refused for good it is not tried again.
pid_t CloneIntoCgroup(int cgroup, void (*life)(void*), void* argument);

}  // namespace cram
