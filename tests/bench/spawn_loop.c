// The least that starting programs can cost: posix_spawn and wait4, with a
// number of children at a time. The yardstick of tests/bench/launch.
//
//   spawn_loop AT_ONCE COUNT PROGRAM [ARGUMENT...]
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char** environ;

static int start(char** argv) {
  pid_t child;
  int error = posix_spawn(&child, argv[0], NULL, NULL, argv, environ);
  if (error != 0) fprintf(stderr, "%s: %s\n", argv[0], strerror(error));
  return error;
}

static int finish(void) {
  int status;
  struct rusage usage;
  return wait4(-1, &status, 0, &usage) < 0 || status != 0;
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: spawn_loop AT_ONCE COUNT PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  const long at_once = atol(argv[1]), count = atol(argv[2]);
  for (long started = 0, ended = 0; ended < count;) {
    if (started < count && started - ended < at_once) {
      if (start(argv + 3) != 0) return 1;
      ++started;
    } else {
      if (finish() != 0) return 1;
      ++ended;
    }
  }
  return 0;
}
