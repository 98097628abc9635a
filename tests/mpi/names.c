/* Rank 0 publishes a port's name, the last rank finds it; asking for more
 * processes is refused, and is not the end. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  char port[MPI_MAX_PORT_NAME] = "port-7", found[MPI_MAX_PORT_NAME] = "";
  if (rank == 0) MPI_Publish_name("service", MPI_INFO_NULL, port);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == size - 1) {
    MPI_Lookup_name("service", MPI_INFO_NULL, found);
    printf("found %s\n", found);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_Unpublish_name("service", MPI_INFO_NULL, port);
  if (argc > 1 && rank == 0) {
    MPI_Comm children;
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    int error = MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0,
                               MPI_COMM_SELF, &children, MPI_ERRCODES_IGNORE);
    printf("spawn %s\n", error == MPI_SUCCESS ? "ran" : "refused");
  }
  MPI_Finalize();
  return 0;
}
