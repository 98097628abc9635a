/* Ends as its first argument says in the rank that the second says, or 1; the
 * others wait for it. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "well";
  MPI_Init(&argc, &argv);
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == (argc > 2 ? atoi(argv[2]) : 1)) {
    if (strcmp(how, "abort") == 0) MPI_Abort(MPI_COMM_WORLD, 7);
    if (strcmp(how, "crash") == 0) *(volatile int*)8 = 1;
    if (strcmp(how, "leave") == 0) _exit(0);
    if (strcmp(how, "exit") == 0) _exit(5);
    if (strcmp(how, "hang") == 0) sleep(1000);
    if (strcmp(how, "grow") == 0) {
      for (;;) memset(malloc(1 << 20), 1, 1 << 20);
    }
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Finalize();
  return 0;
}
