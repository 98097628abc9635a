#include "installed.h"

#include <stdio.h>
#include <string.h>

int installed_path(const char* program, int ac, char** av, char* path,
                   size_t room) {
  const char* prefix = CRAM_PREFIX;
  for (int i = 0; i < ac; i++) {
    if (strncmp(av[i], "prefix=", 7) == 0) prefix = av[i] + 7;
  }
  int size = snprintf(path, room, "%s/%s/%s", prefix, CRAM_LIBEXEC, program);
  return size < (int)room ? 0 : -1;
}
