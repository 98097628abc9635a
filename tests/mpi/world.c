/* What MPI programs do, each in its own world: ends with 0 when all of it came
 * out as it should. Arguments: a directory for a file of all ranks. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;

static void Check(int good, const char* what) {
  if (good) return;
  fprintf(stderr, "rank %d of %d: %s\n", rank, size, what);
  MPI_Abort(MPI_COMM_WORLD, 9);
}

static void Collectives(void) {
  int sum = 0, mine = rank + 1;
  MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  Check(sum == size * (size + 1) / 2, "Allreduce");
  int* to = malloc(sizeof(int) * size);
  int* from = malloc(sizeof(int) * size);
  for (int i = 0; i < size; ++i) to[i] = 100 * rank + i;
  MPI_Alltoall(to, 1, MPI_INT, from, 1, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) {
    Check(from[i] == 100 * i + rank, "Alltoall");
  }
  free(to);
  free(from);
}

/* By locks: Debian's MPICH 4.0 loses what is put between fences. */
static void OneSided(void) {
  int cell = -1, next = (rank + 1) % size;
  MPI_Win window;
  MPI_Win_create(&cell, sizeof cell, sizeof cell, MPI_INFO_NULL, MPI_COMM_WORLD,
                 &window);
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, next, 0, window);
  MPI_Put(&rank, 1, MPI_INT, next, 0, 1, MPI_INT, window);
  MPI_Win_unlock(next, window);
  MPI_Barrier(MPI_COMM_WORLD);
  int got = -1;
  MPI_Win_lock(MPI_LOCK_SHARED, next, 0, window);
  MPI_Get(&got, 1, MPI_INT, next, 0, 1, MPI_INT, window);
  MPI_Win_unlock(next, window);
  Check(got == rank, "Put and Get");
  MPI_Win_free(&window);
}

static void Split(void) {
  MPI_Comm half;
  int ranks;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
  MPI_Comm_size(half, &ranks);
  Check(ranks == (size + 1 - rank % 2) / 2, "Comm_split");
  MPI_Comm_free(&half);
  MPI_Comm shared;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL,
                      &shared);
  MPI_Comm_size(shared, &ranks);
  /* Whoever started us says so for every MPI. */
  const char* here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  Check(ranks == (here != NULL ? atoi(here) : size),
        "Comm_split_type: those of this node");
  MPI_Comm_free(&shared);
}

static void File(const char* directory) {
  char path[4096];
  snprintf(path, sizeof path, "%s/shared", directory);
  MPI_File file;
  int error =
      MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR,
                    MPI_INFO_NULL, &file);
  Check(error == MPI_SUCCESS, "File_open");
  MPI_File_write_at_all(file, rank * sizeof(int), &rank, 1, MPI_INT,
                        MPI_STATUS_IGNORE);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_sync(file);
  int next = -1;
  MPI_File_read_at_all(file, (rank + 1) % size * sizeof(int), &next, 1, MPI_INT,
                       MPI_STATUS_IGNORE);
  Check(next == (rank + 1) % size, "File_read");
  MPI_File_close(&file);
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  char name[MPI_MAX_OBJECT_NAME];
  int length;
  MPI_Comm_get_name(MPI_COMM_WORLD, name, &length);
  Check(strcmp(name, "MPI_COMM_WORLD") == 0, "Comm_get_name");
  Collectives();
  OneSided();
  Split();
  if (argc > 1) File(argv[1]);
  printf("rank %d of %d\n", rank, size);
  MPI_Finalize();
  return 0;
}
