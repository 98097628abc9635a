#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kUnknown, kOff, kOn };
static int state = kUnknown;
static struct view_facts found;

size_t view_read(const char* path, char* to, size_t room) {
  long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  size_t size = 0;
  while (size < room) {
    long got = syscall(SYS_read, fd, to + size, room - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += (size_t)got;
  }
  syscall(SYS_close, fd);
  return size;
}

static int find(struct view_facts* facts) {
  facts->cap = view_parse_bytes(getenv("CRAM_MEM_BYTES"));
  if (facts->cap == 0) return kOff;
  // Returns the bytes that the kernel has for it, where libc returns 0.
  if (syscall(SYS_sched_getaffinity, 0, sizeof facts->cpus, &facts->cpus) <=
      0) {
    return kOff;
  }
  facts->cpu_count = view_cpus_count(&facts->cpus);
  facts->cpu_end = view_cpus_end(&facts->cpus);
  const char* cgroup = getenv("CRAM_MEM_CGROUP");
  if (cgroup && strlen(cgroup) < sizeof facts->cgroup) {
    memcpy(facts->cgroup, cgroup, strlen(cgroup));
  }
  return facts->cpu_count > 0 ? kOn : kOff;
}

const struct view_facts* view_facts(void) {
  int now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
  if (now == kUnknown) {
    // Two who come here at once write the same.
    int error = errno;
    now = find(&found);
    errno = error;
    __atomic_store_n(&state, now, __ATOMIC_RELEASE);
  }
  return now == kOn ? &found : NULL;
}

static size_t read_control(const struct view_facts* facts, const char* name,
                           char* to, size_t room) {
  char path[sizeof facts->cgroup + 64];
  size_t length = strlen(facts->cgroup);
  memcpy(path, facts->cgroup, length);
  memcpy(path + length, name, strlen(name) + 1);
  return view_read(path, to, room);
}

static uint64_t read_usage(const struct view_facts* facts) {
  char text[32];
  // cgroup v2, else v1.
  size_t size = read_control(facts, "/memory.current", text, sizeof text - 1);
  if (size == 0) {
    size = read_control(facts, "/memory.usage_in_bytes", text, sizeof text - 1);
  }
  if (size > 0 && text[size - 1] == '\n') size--;
  text[size] = '\0';
  return view_parse_bytes(text);
}

struct view_memory view_memory_now(const struct view_facts* facts) {
  if (!facts->cgroup[0]) return view_memory_of(facts->cap, 0, 0, 0);
  int error = errno;
  char text[4096];
  uint64_t usage = read_usage(facts);
  size_t size = read_control(facts, "/memory.stat", text, sizeof text);
  uint64_t file = view_find_number(text, size, "active_file") +
                  view_find_number(text, size, "inactive_file");
  uint64_t shared = view_find_number(text, size, "shmem");
  errno = error;
  return view_memory_of(facts->cap, usage, file, shared);
}
