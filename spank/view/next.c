#include "next.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// A program in a container may have an older libc, whose loader ends it when a
// library wants a version that it has not. So no symbol here is newer than the
// oldest libc of the machine, and dlsym, which came to libc late, may be
// absent.
#if defined(__x86_64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.17");
#endif
#pragma weak dlsym

// libc's names for its own, where dlsym is absent; another libc lacks them.
extern FILE* _IO_fopen(const char*, const char*) __attribute__((weak));
extern long __sysconf(int) __attribute__((weak));

static struct next_functions functions;
static int ready;

// ---- Where nothing else is to be found: system calls

static int call_openat(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return (int)syscall(SYS_openat, at, path, flags, mode);
}

static int call_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int call_open_2(const char* path, int flags) {
  return next()->open(path, flags, 0);
}

static int call_openat_2(int at, const char* path, int flags) {
  return next()->openat(at, path, flags, 0);
}

static FILE* no_fopen(const char* path, const char* mode) {
  (void)path, (void)mode;
  errno = ENOSYS;
  return NULL;
}

static int call_sysinfo(struct sysinfo* info) {
  return (int)syscall(SYS_sysinfo, info);
}

static long no_sysconf(int name) {
  (void)name;
  errno = ENOSYS;
  return -1;
}

// ---- Looking up

#define FIND(member, name, otherwise)                                   \
  do {                                                                  \
    *(void**)&functions.member = dlsym ? dlsym(RTLD_NEXT, name) : NULL; \
    if (!functions.member) functions.member = (otherwise);              \
  } while (0)

static void find(void) {
  FIND(open, "open", call_open);
  FIND(open64, "open64", functions.open);
  FIND(openat, "openat", call_openat);
  FIND(openat64, "openat64", functions.openat);
  FIND(open_2, "__open_2", call_open_2);
  FIND(open64_2, "__open64_2", functions.open_2);
  FIND(openat_2, "__openat_2", call_openat_2);
  FIND(openat64_2, "__openat64_2", functions.openat_2);
  FIND(fopen, "fopen", _IO_fopen ? _IO_fopen : no_fopen);
  FIND(fopen64, "fopen64", functions.fopen);
  FIND(sysinfo, "sysinfo", call_sysinfo);
  FIND(sysconf, "sysconf", __sysconf ? __sysconf : no_sysconf);
}

const struct next_functions* next(void) {
  // Another library's constructor may be here before ours, alone.
  if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) {
    int error = errno;
    find();
    errno = error;
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
  }
  return &functions;
}
