// The functions that would be called without this library: the next library's
// in the program's order, which is libc's or that of another preloaded one.
#pragma once

#include <stdio.h>
#include <sys/sysinfo.h>

struct next_functions {
  int (*open)(const char*, int, ...);
  int (*open64)(const char*, int, ...);
  int (*openat)(int, const char*, int, ...);
  int (*openat64)(int, const char*, int, ...);
  int (*open_2)(const char*, int);
  int (*open64_2)(const char*, int);
  int (*openat_2)(int, const char*, int);
  int (*openat64_2)(int, const char*, int);
  FILE* (*fopen)(const char*, const char*);
  FILE* (*fopen64)(const char*, const char*);
  int (*sysinfo)(struct sysinfo*);
  long (*sysconf)(int);
};

// Never NULL, and none of its functions is. They are looked up when the library
// is loaded, because dlsym takes a lock and is nothing for a signal handler.
const struct next_functions* next(void);
