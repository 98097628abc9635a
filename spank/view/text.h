// What the kernel says of memory and CPUs, rewritten for one sub-job. Pure:
// text in, text out. No allocation, no errno, no libc but memcpy and its
// kind, so that all of it may run in a signal handler.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes of a sub-job: its cap; what of it is not in use; the same and what can
// be reclaimed; pages of files, which are reclaimed before the cap is reached;
// shared memory.
struct view_memory {
  uint64_t total, free, available, file, shared;
};

// CPUs by the kernel's numbers, as sched_getaffinity(2) fills them in. More
// than the 8192 of the largest configuration of Linux there are not.
enum { VIEW_CPUS = 8192 };
struct view_cpus {
  uint64_t set[VIEW_CPUS / 64];
};
int view_cpus_has(const struct view_cpus* cpus, uint64_t cpu);
// How many there are, and one more than the highest.
int view_cpus_count(const struct view_cpus* cpus);
int view_cpus_end(const struct view_cpus* cpus);

// A whole decimal number of at least 1, and nothing else; 0: it is none.
uint64_t view_parse_bytes(const char* text);

// The number of the line "NAME NUMBER" (memory.stat of a cgroup); 0: there is
// none.
uint64_t view_find_number(const char* text, size_t size, const char* name);

// What can be used of a cap by one who uses `usage` bytes of it, `file` of
// which hold files and `shared` are shared memory.
struct view_memory view_memory_of(uint64_t cap, uint64_t usage, uint64_t file,
                                  uint64_t shared);

// The functions below return how many bytes they wrote to `out`, 0 when `room`
// does not hold all.

// /proc/meminfo: the lines that would make sums with the node's numbers (free,
// available, caches, swap) become the sub-job's, the others stay.
size_t view_meminfo(const char* text, size_t size,
                    const struct view_memory* memory, char* out, size_t room);

// /proc/cpuinfo: without the paragraphs of other CPUs.
size_t view_cpuinfo(const char* text, size_t size, const struct view_cpus* cpus,
                    char* out, size_t room);

// /proc/stat: without the lines of other CPUs. The sum over all stays.
size_t view_stat(const char* text, size_t size, const struct view_cpus* cpus,
                 char* out, size_t room);

// /sys/devices/system/cpu/online: "0-3,8\n".
size_t view_cpu_list(const struct view_cpus* cpus, char* out, size_t room);

#ifdef __cplusplus
}
#endif
