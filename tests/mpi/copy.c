/* The last rank sends 16 MB to rank 0, which says whether they went from memory
 * to memory at once (cross-memory attach) or by shared memory: MPI libraries
 * find the calls of this program in the place of libc's. Then rank 0 reads what
 * is in the other's memory by itself. */
#define _GNU_SOURCE
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long attached = 0;

ssize_t process_vm_readv(pid_t pid, const struct iovec* to, unsigned long tos,
                         const struct iovec* from, unsigned long froms,
                         unsigned long flags) {
  ssize_t bytes =
      syscall(SYS_process_vm_readv, pid, to, tos, from, froms, flags);
  if (bytes > 0 && pid != getpid()) attached += bytes;
  return bytes;
}

ssize_t process_vm_writev(pid_t pid, const struct iovec* from,
                          unsigned long froms, const struct iovec* to,
                          unsigned long tos, unsigned long flags) {
  ssize_t bytes =
      syscall(SYS_process_vm_writev, pid, from, froms, to, tos, flags);
  if (bytes > 0 && pid != getpid()) attached += bytes;
  return bytes;
}

int main(int argc, char** argv) {
  const int size = 16 << 20;
  int rank, ranks;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  char* data = malloc(size);
  memset(data, rank, size);
  if (rank == ranks - 1) {
    MPI_Send(data, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
  } else if (rank == 0) {
    MPI_Recv(data, size, MPI_BYTE, ranks - 1, 0, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    if (data[0] != ranks - 1 || data[size - 1] != ranks - 1) return 2;
  }
  long by_any = 0;
  MPI_Reduce(&attached, &by_any, 1, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
  int64_t mine[2] = {getpid(), (int64_t)(intptr_t)data}, others[2];
  MPI_Sendrecv(mine, 2, MPI_INT64_T, (rank + 1) % ranks, 1, others, 2,
               MPI_INT64_T, (rank + ranks - 1) % ranks, 1, MPI_COMM_WORLD,
               MPI_STATUS_IGNORE);
  char byte = -1;
  struct iovec to = {&byte, 1}, from = {(void*)(intptr_t)others[1], 1};
  ssize_t read = process_vm_readv((pid_t)others[0], &to, 1, &from, 1, 0);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    printf("attached %s, read %zd\n", by_any >= size ? "all" : "not", read);
  }
  MPI_Finalize();
  return 0;
}
