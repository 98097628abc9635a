// libcram-view.so: the functions of libc that tell of memory and CPUs, for a
// sub-job that has it in LD_PRELOAD. Where the sub-job's own numbers are not
// known, and for everything else, the next library's function answers.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "files.h"
#include "next.h"

#define EXPORT __attribute__((visibility("default")))

__attribute__((constructor)) static void look_up(void) {
  next();
  view_facts();
}

// ---- open(2) and its relatives

// open(2) looks at its mode only where a file may be made.
#define MODE_AFTER(flags, mode)                              \
  mode_t mode = 0;                                           \
  if ((flags)&O_CREAT || ((flags)&O_TMPFILE) == O_TMPFILE) { \
    va_list arguments;                                       \
    va_start(arguments, flags);                              \
    mode = va_arg(arguments, mode_t);                        \
    va_end(arguments);                                       \
  }

EXPORT int open(const char* path, int flags, ...) {
  int fd = view_open(path, flags);
  if (fd >= 0) return fd;
  MODE_AFTER(flags, mode)
  return next()->open(path, flags, mode);
}

EXPORT int open64(const char* path, int flags, ...) {
  int fd = view_open(path, flags);
  if (fd >= 0) return fd;
  MODE_AFTER(flags, mode)
  return next()->open64(path, flags, mode);
}

EXPORT int openat(int at, const char* path, int flags, ...) {
  int fd = view_open(path, flags);
  if (fd >= 0) return fd;
  MODE_AFTER(flags, mode)
  return next()->openat(at, path, flags, mode);
}

EXPORT int openat64(int at, const char* path, int flags, ...) {
  int fd = view_open(path, flags);
  if (fd >= 0) return fd;
  MODE_AFTER(flags, mode)
  return next()->openat64(at, path, flags, mode);
}

// What they become with _FORTIFY_SOURCE, without a mode.
EXPORT int __open_2(const char* path, int flags) {
  int fd = view_open(path, flags);
  return fd >= 0 ? fd : next()->open_2(path, flags);
}

EXPORT int __open64_2(const char* path, int flags) {
  int fd = view_open(path, flags);
  return fd >= 0 ? fd : next()->open64_2(path, flags);
}

EXPORT int __openat_2(int at, const char* path, int flags) {
  int fd = view_open(path, flags);
  return fd >= 0 ? fd : next()->openat_2(at, path, flags);
}

EXPORT int __openat64_2(int at, const char* path, int flags) {
  int fd = view_open(path, flags);
  return fd >= 0 ? fd : next()->openat64_2(at, path, flags);
}

// ---- fopen(3)

// NULL: fopen of the next library is to answer.
static FILE* open_stream(const char* path, const char* mode) {
  if (!mode || mode[0] != 'r' || strpbrk(mode, "+,")) return NULL;
  int fd = view_open(path, strchr(mode, 'e') ? O_CLOEXEC : 0);
  if (fd < 0) return NULL;
  FILE* stream = fdopen(fd, mode);
  if (!stream) close(fd);
  return stream;
}

EXPORT FILE* fopen(const char* path, const char* mode) {
  FILE* stream = open_stream(path, mode);
  return stream ? stream : next()->fopen(path, mode);
}

EXPORT FILE* fopen64(const char* path, const char* mode) {
  FILE* stream = open_stream(path, mode);
  return stream ? stream : next()->fopen64(path, mode);
}

// ---- Numbers

EXPORT int sysinfo(struct sysinfo* info) {
  int result = next()->sysinfo(info);
  const struct view_facts* facts = result == 0 ? view_facts() : NULL;
  if (!facts) return result;
  struct view_memory memory = view_memory_now(facts);
  uint64_t unit = info->mem_unit ? info->mem_unit : 1;
  info->totalram = memory.total / unit;
  info->freeram = memory.free / unit;
  info->bufferram = info->totalswap = info->freeswap = 0;
  info->sharedram = memory.shared / unit;
  return result;
}

EXPORT long sysconf(int name) {
  const struct view_facts* facts;
  switch (name) {
    case _SC_PHYS_PAGES:
    case _SC_AVPHYS_PAGES:
    case _SC_NPROCESSORS_ONLN:
    case _SC_NPROCESSORS_CONF:
      facts = view_facts();
      break;
    default:
      facts = NULL;
  }
  if (!facts) return next()->sysconf(name);
  switch (name) {
    case _SC_NPROCESSORS_ONLN:
      return facts->cpu_count;
    case _SC_NPROCESSORS_CONF:
      // Programs make arrays of this size, and look up the CPU that they run on
      // in them: so not less than its number, though that be more than it has.
      return facts->cpu_end;
    case _SC_PHYS_PAGES:
      return (long)(facts->cap / (uint64_t)next()->sysconf(_SC_PAGESIZE));
    default:
      return (long)(view_memory_now(facts).free /
                    (uint64_t)next()->sysconf(_SC_PAGESIZE));
  }
}

EXPORT int get_nprocs(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }

EXPORT int get_nprocs_conf(void) { return (int)sysconf(_SC_NPROCESSORS_CONF); }

EXPORT long get_phys_pages(void) { return sysconf(_SC_PHYS_PAGES); }

EXPORT long get_avphys_pages(void) { return sysconf(_SC_AVPHYS_PAGES); }
