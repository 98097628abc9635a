# The memory cgroup that the plugin makes on a machine with cgroup v2.
load cgroup_helper

# make_step [CONTROLLER]: cgroup v2 directories named as Slurm names a step's.
make_step() {
  [ "$(id -u)" -eq 0 ] || skip "only root makes cgroups"
  local mount own
  mount=$(awk '$3 == "cgroup2" {print $2}' /proc/self/mounts)
  [ -n "$mount" ] || skip "no cgroup v2"
  own=$(sed -n 's/^0:://p' /proc/self/cgroup)
  # Ours has processes, so beside it; the root may have both.
  [ "$own" = / ] || own=${own%/*}
  group=$mount${own%/}/cram_test_$$
  step=$group/job_7/step_0
  mkdir -p "$step/slurm" "$step/user/task_0" || skip "cgroups cannot be made here"
  chown 65534:65534 "$step/user/task_0"
  export FAKE_STEPD_CGROUP=$step/slurm FAKE_CGROUP=$step/user/task_0
  export FAKE_OPTIONS=cram=m.pb
  [ $# -eq 0 ] || share "$1" "$mount${own%/}"
}

share() {
  local directory
  for directory in "$2" "$group" "$group/job_7" "$step"; do
    echo "+$1" >"$directory/cgroup.subtree_control" ||
      skip "cgroup v2 has no $1 controller here"
  done
}

@test "where cgroup v2 has no memory controller nothing is made" {
  make_step
  ! grep -q memory "$step/cgroup.controllers" || skip "there is one here"
  run_step 'echo "got ${CRAM_CGROUP-nothing} ${CRAM_CGROUP_FILES-nothing}"'
  [ "$status" -eq 0 ]
  [ "$output" = "got nothing nothing" ]
  [ ! -e "$step/cram" ]
  run cat "$BATS_TEST_TMPDIR/log"
  says "info: cram: no memory cgroup for sub-jobs"
}

@test "cgroup v2 is beside the tasks', with the step's limits" {
  make_step memory
  echo 300M >"$step/user/memory.max"
  run_step 'echo "$CRAM_CGROUP"; cat $CRAM_CGROUP/memory.max; ls -d $CRAM_CGROUP/*/'
  [ "$status" -eq 0 ]
  [ "$output" = "$step/cram
314572800
$step/cram/slot_0/
$step/cram/slot_1/" ]
  [ ! -e "$step/cram" ]
  [ -d "$step/user/task_0" ]
}

@test "with --cram-slots there are as many slots, and a bound" {
  make_step memory
  FAKE_OPTIONS="cram=m.pb cram-slots=5" run_step 'echo $CRAM_CGROUP/*/'
  [ "$(wc -w <<<"$output")" -eq 5 ]
  for slots in -3 x 1x ''; do
    FAKE_OPTIONS="cram=m.pb cram-slots=$slots" run_step 'echo $CRAM_CGROUP/*/'
    [ "$(wc -w <<<"$output")" -eq 2 ]
  done
}

@test "the user sets the limit of a slot by its descriptor alone" {
  make_step memory
  run_step '
    slot=$CRAM_CGROUP/slot_1
    eval "echo 50M >&${CRAM_CGROUP_FILES#*,}"
    cat $slot/memory.max $slot/memory.oom.group
    for file in $slot/memory.max $CRAM_CGROUP/memory.max; do
      (echo max >$file) 2>/dev/null || echo refused
    done'
  [ "$output" = "52428800
1
refused
refused" ]
}

@test "the user enters a slot of cgroup v2 and does not get out" {
  make_step memory
  run_step '
    mkdir $CRAM_CGROUP/slot_0/run $CRAM_CGROUP/slot_1/run
    echo $$ >$CRAM_CGROUP/slot_0/run/cgroup.procs
    sed "s|.*/step_0||" /proc/self/cgroup
    for place in .. ../cram .. ../user ../user/task_0 slot_1/run slot_1 slot_0; do
      mkdir $CRAM_CGROUP/$place/out
      echo $$ >$CRAM_CGROUP/$place/out/cgroup.procs
      echo $$ >$CRAM_CGROUP/$place/cgroup.procs
    done 2>/dev/null
    sed "s|.*/step_0||" /proc/self/cgroup'
  [ "$status" -eq 0 ]
  [ "$output" = "/cram/slot_0/run
/cram/slot_0/run" ]
  [ ! -e "$step/cram" ]
}

@test "slurmstepd is out of the user's reach with cgroup v2, and comes back" {
  make_step memory
  roots_process
  run_step '
    mkdir $CRAM_CGROUP/slot_0/run
    sleep 60 & own=$!
    echo $own >$CRAM_CGROUP/slot_0/run/cgroup.procs && echo moved
    kill $own
    for pid in $PPID $roots; do
      (echo $pid >$CRAM_CGROUP/slot_0/run/cgroup.procs) 2>/dev/null || echo refused
    done
    sed "s|.*/job_7||" /proc/$PPID/cgroup'
  [ "$status" -eq 0 ]
  [ "$output" = "moved
refused
refused
/step_0.slurmstepd" ]
  [ ! -e "$step.slurmstepd" ]
  [ ! -e "$step/cram" ]
  [ "$(stat -c %U "$step/cgroup.procs")" = root ]
}

@test "what cleans up after a task that was killed does not outlive the cgroup v2" {
  make_step memory
  held_while_it_cleans_up
}

@test "what is left in cgroup v2 is killed and the cgroup removed" {
  make_step memory
  run_step '
    slot=$CRAM_CGROUP/slot_0
    mkdir -p $slot/run/deep/deeper $slot/run/deep/still
    for leaf in run/deep/deeper run/deep/still; do
      setsid sleep 1234 >/dev/null 2>&1 &
      echo $! >$slot/$leaf/cgroup.procs; echo $!
    done
    echo 1 >$CRAM_CGROUP/cgroup.freeze'
  [ "$status" -eq 0 ]
  [ ! -e "$step/cram" ]
  [ "${#lines[@]}" -eq 2 ]
  local pid
  for pid in "${lines[@]}"; do
    is_dead "$pid"
  done
}

@test "a fork bomb in cgroup v2 ends with the task" {
  make_step memory
  run_step '
    mkdir $CRAM_CGROUP/slot_0/run
    setsid sh -c "echo \$\$ >$CRAM_CGROUP/slot_0/run/cgroup.procs
      while :; do for i in 1 2 3 4; do sleep 1000 & done; sleep 0.01
      done" >/dev/null 2>&1 &
    sleep 2; wc -l <$CRAM_CGROUP/slot_0/run/cgroup.procs'
  [ "$output" -gt 4 ]
  [ ! -e "$step/cram" ]
}

@test "nothing is touched outside of a v2 file system, and no link followed" {
  make_step memory
  leads_nowhere cram
  leads_nowhere user
  leads_nowhere
}

@test "who watches while v2 is handed over gets nothing of it" {
  make_step memory
  gets_nothing
}

# bats test_tags=slow
@test "cgroups with hostile names, and as many and as deep as can be, are removed" {
  make_step memory
  run_step '
    cd $CRAM_CGROUP/slot_0 || exit
    mkdir -- -rf ... ". " "$(printf "%0200d" 0)" "*" job_1 step_2
    for i in {1..50}; do mkdir many_$i; done
    for i in {1..40}; do mkdir deep && cd deep || break; done 2>/dev/null
    pwd | tr -cd / | wc -c'
  [ "$status" -eq 0 ]
  [ "$output" -gt 10 ]
  [ ! -e "$step/cram" ]
  run cat "$BATS_TEST_TMPDIR/log"
  says_not "cram: cannot"
}
