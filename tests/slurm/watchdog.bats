# Where Slurm has no memory cgroup to give: a cluster of its own.
load helper

setup_file() {
  [ -e "$CRAM_BUILD/slurm-tests" ] || return 0
  bare=$(mktemp -d "$(cat "$CRAM_BUILD/slurm-tests")/watchdog.XXXXXX")/cluster
  export bare
  chmod 755 "${bare%/*}"
  "$BATS_TEST_DIRNAME/../cluster/cluster" start "$bare" --no-cgroup 3>&-
  "$BATS_TEST_DIRNAME/../cluster/cluster" install "$bare" "$CRAM_BUILD"
}

teardown_file() {
  [ -n "${bare-}" ] || return 0
  "$BATS_TEST_DIRNAME/../cluster/cluster" stop "$bare"
  rmdir "${bare%/*}"
}

on_bare_cluster() {
  rmdir "$work"
  cluster=$bare
  # shellcheck disable=SC1091
  . "$cluster/env"
  work=$(mktemp -d "$cluster/home/test.XXXXXX")
  chown "$CLUSTER_USER" "$work"
}

@test "a hog is killed by the watchdog, and nobody else" {
  on_bare_cluster
  hog_script
  pack --mem 200M --param what=/bin/true,./hog,/bin/true -- '{what}'
  run -1 user srun -N2 -c2 --cram=m.pb
  [ "$(rows index,state,cause | sort)" = "$(printf '%s\n' \
    '0|COMPLETED|completed' '1|OUT_OF_MEMORY|own cap' \
    '2|COMPLETED|completed')" ]
}

@test "what enforces the caps is shown" {
  on_bare_cluster
  pack --param i=1..3 -- /bin/true
  user srun -N1 -c2 --cram=m.pb
  run -0 user cramacct --summary
  [[ "$output" == *watchdog* ]]
}

@test "what a sub-job started and left is killed" {
  on_bare_cluster
  pack --param i=1..3 -- sh -c 'setsid sleep 1000 & sleep 0.3'
  user srun -N1 -c2 --cram=m.pb
  until_true 5 no_processes
}
