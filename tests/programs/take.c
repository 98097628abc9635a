// take [MEGABYTES [SECONDS]]
//
// Takes so much memory as fast as it can, 2048 MB unless it is told, and keeps
// it for a tenth of a second or for so many.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  size_t bytes = (argc > 1 ? strtoul(argv[1], NULL, 10) : 2048) << 20;
  double seconds = argc > 2 ? strtod(argv[2], NULL) : 0.1;
  volatile char* memory = malloc(bytes);
  if (!memory) return 1;
  memset((char*)memory, 1, bytes);
  usleep((useconds_t)(seconds * 1e6));
  return 0;
}
