/* MPI+OpenMP: each rank says how many threads it has, and on how many CPUs. */
#define _GNU_SOURCE
#include <mpi.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>

int main(int argc, char** argv) {
  int provided, rank, threads = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
#pragma omp parallel reduction(+ : threads)
  threads += 1;
  printf("rank %d: %d threads on %d CPUs\n", rank, threads, CPU_COUNT(&cpus));
  MPI_Finalize();
  return 0;
}
