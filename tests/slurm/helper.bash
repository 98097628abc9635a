# shellcheck shell=bash
# What the tests on the private Slurm share. Each test works in $work, a new
# directory of the ordinary user, with files in memory named $shm.*, and leaves an
# empty queue.
load ../helper

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

use_cluster() {
  [ -e "${CRAM_BUILD:?the build directory, after fixture start}/slurm-tests" ] ||
    skip "needs root, to start a Slurm"
  cluster=$(cat "$CRAM_BUILD/slurm-tests")/${CRAM_CLUSTER:-cluster}
  # shellcheck disable=SC1091
  . "$cluster/env"
  read -ra nodes <<<"$CLUSTER_NODES"
}

setup() {
  use_cluster
  work=$(mktemp -d "$cluster/home/test.XXXXXX")
  shm=/dev/shm/cram-test.$$.$BATS_TEST_NUMBER
  chown "$CLUSTER_USER" "$work"
}

teardown() {
  [ -n "${work-}" ] || return 0
  if ! queue_is_empty; then
    scancel --user="$CLUSTER_USER"
    until_true 40 queue_is_empty
  fi
  rm -rf "$work" "$shm".*
}

# user COMMAND...: as the ordinary user, in $work.
# shellcheck disable=SC2086
user() { (cd "$work" && exec $CLUSTER_RUN "$@"); }

# background COMMAND...: the same, with its output in $work/out and err; $pid is
# the command's own. A signal that bats ignores for what it runs in the
# background is not ignored there.
background() {
  # shellcheck disable=SC2086
  (cd "$work" && exec $CLUSTER_RUN env --default-signal=INT,QUIT "$@") \
    >"$work/out" 2>"$work/err" 3>&- &
  pid=$!
}

pack() { user cram pack -o m.pb "$@"; }

# The run directory that the test made; fails before there is one.
run_dir() { (cd "$work" && ls -d cram-*); }

# rows FIELDS [OPTION...]: of cramacct for that run, bare.
rows() {
  local fields=$1 run
  shift
  run=$(run_dir) || return
  user cramacct -nP -j "$run" -o "$fields" "$@"
}

# How many sub-jobs of it are in STATE.
count() { rows index -s "$1" | wc -l; }

# Slurm lets a requeued job wait for two minutes.
begun_again() {
  scontrol update jobid="$1" starttime=now || true
  test -d "$work/cram-$1.0.r1"
}

queue_is_empty() { [ -z "$(squeue -h)" ]; }
nodes_are_idle() { [ "$(sinfo -h -N -o %T | sort -u)" = idle ]; }
# Of those that have ended Slurm forgets some meanwhile.
jobs_so_far() { scontrol show config | awk '$1 == "NEXT_JOB_ID" { print $3 }'; }
no_processes() { [ -z "$("$here/../cluster/cluster" processes "$cluster")" ]; }

# Cgroups below Slurm's own that Slurm did not make.
own_cgroups() {
  local node
  for node in "${nodes[@]}"; do
    case $CLUSTER_CGROUP in
      v1) # uid_U/job_J/step_S/task_T
        find "/sys/fs/cgroup/memory/slurm_$node" \
          -mindepth 4 -type d ! -name 'task_*'
        ;;
      v2) # job_J/step_S/{slurm,user/task_T}
        find "/sys/fs/cgroup/system.slice/${node}_slurmstepd.scope" \
          -mindepth 3 -type d ! -name slurm ! -name user ! -name 'task_*'
        ;;
    esac 2>/dev/null
  done
}

nothing_left() {
  until_true 40 nodes_are_idle
  until_true 5 no_processes
  [ -z "$(own_cgroups)" ]
}
