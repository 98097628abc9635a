# Sub-jobs of several ranks, through cram run, with both of Debian's MPIs.
load helper

each_mpi() {
  for mpi in mpich openmpi; do "$@"; done
}

worlds() {
  pack --ranks 2 --param "i=1..3" -- "$programs/world.$mpi"
  run -0 cram run --dir "$mpi" m.pb
  for index in 0 1 2; do
    run -0 cram output "$mpi"/cram-run-* "$index"
    [ "$(sort <<<"$output")" = "$(printf 'rank %d of 2\n' 0 1)" ]
  done
}

@test "each sub-job has a world of its own" { each_mpi worlds; }

# A machine may have fewer CPUs, and no agent takes it there.
four() {
  TMPDIR=$PWD "$CRAM_BUILD/spank/agent/agent/cram-ranks" --ranks=4 --mpi= --name=four -- \
    "$programs/world.$mpi" 3>report >printed
  [ "$(sort printed)" = "$(printf 'rank %d of 4\n' 0 1 2 3)" ]
}

@test "four ranks on one node are one world" { each_mpi four; }

files() {
  mkdir "$mpi"
  pack --ranks 2 -- "$programs/world.$mpi" "$PWD/$mpi"
  cram run m.pb
  [ "$(od -An -tu4 "$mpi/shared" | xargs)" = "0 1" ]
}

@test "ranks share files by MPI-IO" { each_mpi files; }

copies() {
  for kind in auto node; do
    pack --ranks 2 --mpi $kind -- "$programs/copy.$mpi"
    cram run --dir "$mpi.$kind" m.pb
    [ "$(cram output "$mpi.$kind"/cram-run-* 0)" = "attached all, read 1" ]
  done
}

@test "large messages go from one rank's memory into another's" {
  scope=$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)
  [ "$scope" -eq 0 ] || [ "$(id -u)" -eq 0 ] || skip "Yama forbids it to siblings"
  each_mpi copies
}

fortran() {
  pack --ranks 2 -- "$programs/fortran.$mpi"
  cram run --dir "$mpi" m.pb
  [ "$(cram output "$mpi"/cram-run-* 0)" = "sum 1 of 2" ]
}

@test "Fortran's ranks have a world" { each_mpi fortran; }

names() {
  pack --ranks 2 -- "$programs/names.$mpi"
  cram run --dir "$mpi" m.pb
  [ "$(cram output "$mpi"/cram-run-* 0)" = "found port-7" ]
}

@test "a name that one rank publishes is found by another" { each_mpi names; }

spawns() {
  pack --ranks 2 --time 0:20 -- "$programs/names.$mpi" spawn
  cram run --dir "$mpi" m.pb
  [[ $(cram output "$mpi"/cram-run-* 0) == *"spawn refused"* ]]
}

@test "more processes are refused" { each_mpi spawns; }

ends() {
  printf 'how\nwell\nabort\ncrash\nleave\nexit\nwell\n' >how.csv
  pack --ranks 2 --csv how.csv -- "$programs/ends.$mpi" '{how}'
  run -1 cram run m.pb
  [ "$(record)" = "0|COMPLETED|0:0|completed
1|FAILED|7:0|exit code
2|FAILED|0:11|signal
3|FAILED|1:0|exit code
4|FAILED|5:0|exit code
5|COMPLETED|0:0|completed" ] || { record && false; }
}

@test "an end of one rank is that sub-job's and no other's" { each_mpi ends; }

@test "the rank that ended a sub-job is named" {
  pack --ranks 2 -- "$programs/ends.mpich" leave
  run -1 cram run m.pb
  run -0 cramacct --why -j cram-run-*
  [[ $output == *"exit code 1 of its rank 1"* ]]
  [[ $output == *"rank 1 of 2: it ended without MPI_Finalize"* ]]
}

limits() {
  printf 'how\nhang\nwell\n' >how.csv
  pack --ranks 2 --time 0:03 --csv how.csv -- "$programs/ends.$mpi" '{how}'
  run -1 cram run m.pb
  [ "$(record state)" = "0|TIMEOUT
1|COMPLETED" ]
  [ -z "$(pgrep -f "$programs/ends.$mpi")" ]
}

@test "the time limit ends all ranks" { each_mpi limits; }

caps() {
  printf 'how\ngrow\nwell\n' >how.csv
  pack --ranks 2 --mem 300M --csv how.csv -- "$programs/ends.$mpi" '{how}'
  run -1 cram run m.pb
  [ "$(record state,cause)" = "0|OUT_OF_MEMORY|own cap
1|COMPLETED|completed" ]
  cramacct --why -j "$(ls -td cram-run-* | head -n 1)" >why
  # With its size, but for one that is dead before it is looked at.
  grep 'killed: pid [0-9]* of its rank 1[: ].*ends' why
}

@test "one cap is for all ranks together, and the rank that reached it is named" {
  each_mpi caps
}

# Others' runs have directories of theirs there, and files for a moment.
nothing_new_in_shared_memory() {
  ! ls /dev/shm | comm -13 before - | grep -v '^cram-tmp-'
}

@test "nothing of a sub-job's shared memory stays" {
  ls /dev/shm >before
  pack --ranks 2 --csv <(printf 'how\nwell\ncrash\n') -- \
    "$programs/ends.openmpi" '{how}'
  run -1 cram run m.pb
  until_true 20 nothing_new_in_shared_memory
  [ -z "$(find /dev/shm -name "cram-tmp-$(ls -d cram-run-* | sed 's/^cram-//')*")" ]
}

alone() {
  pack --ranks 1 --mpi auto -- "$programs/fortran.$mpi"
  run -0 env SLURM_JOB_ID=5 SLURM_NODELIST=here SLURM_STEP_ID=0 \
    cram run --dir "$mpi" m.pb
  [ "$(cram output "$mpi"/cram-run-* 0)" = "sum 0 of 1" ]
}

@test "a world of one rank" { each_mpi alone; }

@test "info says which MPI a program needs" {
  pack --ranks 2 --csv <(printf 'p\nworld.mpich\nworld.openmpi\n') -- \
    "$programs/{p}"
  [[ $(cram info m.pb -j 0) == *"MPI          pmi1, as the program links"* ]]
  [[ $(cram info m.pb -j 1) == *"MPI          pmix, as the program links"* ]]
  pack --ranks 2 -- "$programs/../../no/such"
  [[ $(cram info m.pb -j 0) == *"pmi1 or pmix, whichever it asks for"* ]]
}

on_one_node() {
  pack --ranks 2 --mpi node -- "$programs/world.$mpi"
  cram info m.pb -j 0 | grep -q "^On one node *HWLOC_COMPONENTS=-linux:pci"
  run -0 cram run --dir "$mpi" m.pb
  [ "$(cram output "$mpi"/cram-run-* 0 | wc -l)" -eq 2 ]
}

@test "worlds of one node can do without networks and devices" { each_mpi on_one_node; }

@test "what the user set of an MPI's variables stays" {
  pack --ranks 2 --mpi node --env UCX_TLS=all -- sh -c \
    'echo $UCX_TLS$UCX_MODULES $OMPI_MCA_pml $HWLOC_COMPONENTS $HWLOC_PLUGINS_PATH'
  OMPI_MCA_pml=cm cram run m.pb
  [[ $(cram output cram-run-* 0 | sort -u) == "all cm -linux:pci,"* ]]
  pack --ranks 2 -- sh -c \
    'echo "$UCX_TLS$UCX_MODULES$OMPI_MCA_pml$HWLOC_COMPONENTS$HWLOC_PLUGINS_PATH"'
  cram run --dir auto m.pb
  [ -z "$(cram output auto/cram-run-* 0 | xargs)" ]
}

behind_a_script() {
  printf '#!/bin/sh\nexec "%s"\n' "$programs/world.$mpi" >script
  chmod 755 script
  pack --ranks 2 -- ./script
  cram run m.pb
}

@test "a program behind a script finds its world" { each_mpi behind_a_script; }

of_each_rank() {
  pack --ranks 2 -- "$programs/world.$mpi"
  cram run --dir "$mpi" m.pb
  for rank in 0 1; do
    [ "$(cram output "$mpi"/cram-run-* 0 --rank $rank)" = "rank $rank of 2" ]
  done
  [ "$(cram output -l "$mpi"/cram-run-* 0 | sort)" = "0: rank 0 of 2
1: rank 1 of 2" ]
}

@test "what each rank printed is told apart" { each_mpi of_each_rank; }

# ---- Without MPI

@test "lines of ranks without MPI are told apart, and not torn" {
  pack --ranks 2 --mpi none -- sh -c 'for i in 1 2 3; do
      printf "o$CRAM_RANK."; sleep 0.1; echo $i; echo e$CRAM_RANK.$i >&2; done'
  run -0 cram run m.pb
  for rank in 0 1; do
    [ "$(cram output cram-run-* 0 --rank $rank | xargs)" = \
      "o$rank.1 o$rank.2 o$rank.3" ]
    [ "$(cram output cram-run-* 0 --rank $rank --stderr | xargs)" = \
      "e$rank.1 e$rank.2 e$rank.3" ]
  done
  [ "$(cram output cram-run-* 0 | sort | xargs)" = \
    "o0.1 o0.2 o0.3 o1.1 o1.2 o1.3" ]
  one_line 2 "no rank 2; it has 2, from 0 to 1" cram output cram-run-* 0 --rank 2
}

@test "ranks without MPI are told their places, and end as they like" {
  pack --ranks 2 --mpi none -- sh -c \
    'echo $CRAM_RANK of $CRAM_RANKS; exit $((CRAM_RANK * 3))'
  run -1 cram run m.pb
  [ "$(cram output cram-run-* 0 | sort)" = "0 of 2
1 of 2" ]
  [ "$(record)" = "0|FAILED|3:0|exit code" ]
}

@test "rank 0 prints into its file, others nowhere, who are named when they fail" {
  pack --ranks 2 --mpi none -- sh -c 'echo $CRAM_RANK; exit $CRAM_RANK'
  run -1 cram run --output rank0 m.pb
  [[ $(cramacct --why -j cram-run-*) == *"exit code 1 of its rank 1"* ]]
  [ "$(cat cram.0.out)" = 0 ]
  [ ! -e cram.0.1.out ]
}

@test "every rank has its own file" {
  pack --ranks 2 --mpi none -- sh -c 'echo $CRAM_RANK; echo e$CRAM_RANK >&2'
  cram run --output all m.pb
  [ "$(cat cram.0.0.out cram.0.1.out cram.0.0.err cram.0.1.err | xargs)" = \
    "0 1 e0 e1" ]
}

@test "ranks have CPUs of their own" {
  pack --ranks 2 --mpi none -- sh -c 'taskset -cp $$ | sed "s/.*: //"'
  cram run m.pb
  [ "$(cram output cram-run-* 0 | sort -u | wc -l)" -eq 2 ]
}

# ---- Bad input

@test "ranks whose MPI does not ask for the world that there is are not taken for one" {
  pack --ranks 2 --mpi pmix -- "$programs/fortran.mpich"
  run -1 cram run m.pb
  [ "$(record state,cause)" = "0|FAILED|exit code" ]
  [[ $(cram output cram-run-* 0 --stderr) == *"has not asked for its world"* ]]
  # What is no program of MPI may do without.
  pack --ranks 2 --mpi pmi1 -- true
  run -0 cram run --dir none m.pb
}

@test "ranks whose server refuses them end, and their sub-job with them" {
  pack --ranks 2 --time 1:00 -- env PMIX_SECURITY_MODE=none \
    "$programs/world.openmpi"
  run -1 cram run m.pb
  [ "$(record state,cause)" = "0|FAILED|exit code" ]
}

@test "a missing program is named, once" {
  pack --ranks 2 --param i=1..2 -- ./none
  run -1 cram run m.pb
  [ "$(record state,cause,reason | head -n 1)" = \
    "0|FAILED|could not start|run ./none: No such file or directory" ] ||
    { record state,cause,reason && false; }
}

@test "more ranks than CPUs are refused before anything runs" {
  pack --ranks 99 -- true
  one_line 2 "99 ranks and 99 CPUs; a node has" cram run m.pb
}

@test "no ranks, and an unknown kind of MPI, are refused" {
  one_line 2 "--ranks: '0' is not a whole number of at least 1" \
    cram pack -o n.pb --ranks 0 -- true
  one_line 2 "--mpi: 'pmi2' is none of auto, node, pmix, pmi1 and none" \
    cram pack -o n.pb --mpi pmi2 -- true
}

@test "a node without PMIx says what is missing" {
  [ "$(id -u)" -eq 0 ] || skip "needs root, to hide a library"
  pack --ranks 2 --mpi pmix -- "$programs/world.openmpi"
  library=$(realpath /usr/lib/*/libpmix.so.2)
  run -1 unshare --mount sh -c 'mount --bind /dev/null "$1" && exec cram run m.pb' \
    sh "$library"
  [[ $(record reason) == *"its MPI needs PMIx, which is not on this node"* ]]
}

# What its own program finds is not the node's.
@test "without PMIx a program of Open MPI behind a script is not taken for many of one rank" {
  mkdir node
  touch node/libpmix.so.2
  pack --ranks 2 --env LD_LIBRARY_PATH="$PWD/node" -- sh -c \
    'unset LD_LIBRARY_PATH; exec "$0"' "$programs/fortran.openmpi"
  run -1 cram run m.pb
  [ "$(record state,cause)" = "0|FAILED|exit code" ]
  [[ $(cram output cram-run-* 0 --stderr) == *"needs PMIx, which is not on this node"* ]]
  pack --ranks 2 --env LD_LIBRARY_PATH="$PWD/node" -- sh -c \
    'unset LD_LIBRARY_PATH; exec "$0"' "$programs/fortran.mpich"
  cram run --dir mpich m.pb
  [ "$(cram output mpich/cram-run-* 0)" = "sum 1 of 2" ]
}
