// What is true of the sub-job that this process belongs to. Everything here is
// async-signal-safe, and takes no lock.
#pragma once

#include "text.h"

// Found once, at the start of the process: a program may write over its
// environment (to change what ps shows of it) and may bind a thread to one
// CPU, neither of which changes what the sub-job has.
struct view_facts {
  uint64_t cap;           // bytes, of CRAM_MEM_BYTES
  struct view_cpus cpus;  // of the affinity mask
  int cpu_count, cpu_end;
  char cgroup[4096];  // directory of CRAM_MEM_CGROUP; empty: none
};

// NULL when the environment has no cap or the kernel tells no CPUs: then
// nothing is to be changed.
const struct view_facts* view_facts(void);

// As of now, from the memory cgroup; without one, as if nothing were in use.
struct view_memory view_memory_now(const struct view_facts* facts);

// The text of a file, as far as it fits. 0: nothing. By system calls alone: no
// other library's open is asked, and no thread is cancelled in it.
size_t view_read(const char* path, char* to, size_t room);
