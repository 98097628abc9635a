#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U  // Linux 6.3
#endif

typedef size_t (*rewriter)(const struct view_facts* facts, const char* text,
                           size_t size, char* out, size_t room);

static size_t meminfo(const struct view_facts* facts, const char* text,
                      size_t size, char* out, size_t room) {
  struct view_memory memory = view_memory_now(facts);
  return view_meminfo(text, size, &memory, out, room);
}

static size_t cpuinfo(const struct view_facts* facts, const char* text,
                      size_t size, char* out, size_t room) {
  return view_cpuinfo(text, size, &facts->cpus, out, room);
}

static size_t stat_of_cpus(const struct view_facts* facts, const char* text,
                           size_t size, char* out, size_t room) {
  return view_stat(text, size, &facts->cpus, out, room);
}

static size_t online(const struct view_facts* facts, const char* text,
                     size_t size, char* out, size_t room) {
  (void)text, (void)size;
  return view_cpu_list(&facts->cpus, out, room);
}

// `room`: for the text, and as much again for the new one. A paragraph of
// /proc/cpuinfo is under 3 KiB; /proc/stat has a number for each interrupt.
static const struct file {
  const char* path;
  rewriter rewrite;
  size_t room;
} files[] = {
    {"/proc/meminfo", meminfo, 32 << 10},
    {"/proc/cpuinfo", cpuinfo, 8 << 20},
    {"/proc/stat", stat_of_cpus, 2 << 20},
    {"/sys/devices/system/cpu/online", online, 64 << 10},
};

static const struct file* file_at(const char* path) {
  // Nearly every path that a program opens is another.
  if (!path || path[0] != '/' || (path[1] != 'p' && path[1] != 's')) {
    return NULL;
  }
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    if (strcmp(path, files[i].path) == 0) return &files[i];
  }
  return NULL;
}

static int memory_file(const char* text, size_t size, int flags) {
  unsigned close = flags & O_CLOEXEC ? MFD_CLOEXEC : 0;
  // Some systems forbid those that could be executed; old ones know no others.
  long fd = syscall(SYS_memfd_create, "cram-view", close | MFD_NOEXEC_SEAL);
  if (fd < 0) fd = syscall(SYS_memfd_create, "cram-view", close);
  if (fd < 0) return -1;
  if (syscall(SYS_write, fd, text, size) == (long)size &&
      syscall(SYS_lseek, fd, 0L, SEEK_SET) == 0) {
    return (int)fd;
  }
  syscall(SYS_close, fd);
  return -1;
}

static int open_rewritten(const struct file* file,
                          const struct view_facts* facts, int flags) {
  char* text = mmap(NULL, 2 * file->room, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (text == MAP_FAILED) return -1;
  int fd = -1;
  char* out = text + file->room;
  size_t size = view_read(file->path, text, file->room);
  if (size > 0 && size < file->room) {
    size = file->rewrite(facts, text, size, out, file->room);
    if (size > 0) fd = memory_file(out, size, flags);
  }
  munmap(text, 2 * file->room);
  return fd;
}

int view_open(const char* path, int flags) {
  const struct file* file = file_at(path);
  // Who wants no reader of it gets the kernel's answer.
  const int odd = O_ACCMODE | O_PATH | O_DIRECTORY | O_CREAT | O_TRUNC;
  if (!file || (flags & odd) != O_RDONLY) return -1;
  const struct view_facts* facts = view_facts();
  if (!facts) return -1;
  int error = errno;
  int fd = open_rewritten(file, facts, flags);
  errno = error;
  return fd;
}
