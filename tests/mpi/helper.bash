# shellcheck shell=bash
# What the tests of MPI share: $programs has world, ends and fortran of each
# kind, mpich and openmpi, made by Debian's compilers.
load ../helper

setup() {
  use_build
  programs=$CRAM_BUILD/tests/mpi
  work=$BATS_TEST_TMPDIR
  cd "$work" || return
}

pack() { cram pack -o m.pb "$@" >packed; }

# record [FIELDS]: of the sub-jobs of the last run, in their order.
record() {
  cramacct -nP -o "index,${1:-state,exitcode,cause}" \
    -j "$(ls -td cram-run-* | head -n 1)" | sort -n
}
