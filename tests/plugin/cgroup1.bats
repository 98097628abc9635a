# The memory cgroup that the plugin makes on a machine with cgroup v1.
load cgroup_helper

# Cgroup v1 directories named as Slurm names a step's and gives them away, and a
# batch script's beside it.
make_group() {
  [ "$(id -u)" -eq 0 ] || skip "only root makes cgroups"
  local mount own
  mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ {print $2}' /proc/self/mounts)
  [ -n "$mount" ] || skip "no cgroup v1 memory controller"
  own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
  group=$mount${own%/}/cram_test_$$
  step=$group/job_7/step_0
  mkdir -p "$step/task_0" "$group/job_7/step_batch/task_0" ||
    skip "cgroups cannot be made here"
  chown 65534:65534 "$group"/job_7/step_* "$group"/job_7/step_*/task_0
  export FAKE_STEPD_CGROUP=$step FAKE_CGROUP=$step/task_0 FAKE_OPTIONS=cram=m.pb
}

@test "cgroup v1 is in the step's, beside the tasks'" {
  make_group
  run_step 'echo $CRAM_CGROUP; ls -d $CRAM_CGROUP/*/
    cat $CRAM_CGROUP/memory.use_hierarchy'
  [ "$status" -eq 0 ]
  [ "$output" = "$step/cram
$step/cram/slot_0/
$step/cram/slot_1/
1" ]
  [ ! -e "$step/cram" ]
  [ -d "$step/task_0" ]
}

@test "the user limits and enters a slot of v1 by its descriptors alone" {
  make_group
  run_step '
    slot=$CRAM_CGROUP/slot_1
    echo 50M >&$(file 1 1) && cat $slot/memory.limit_in_bytes
    echo 0 >&$(file 1 2) && echo reset
    sleep 60 & echo $! >&$(file 1 0) && [ $(<$slot/cgroup.procs) = $! ] && echo moved
    kill $!
    exec 2>/dev/null
    for file in $CRAM_CGROUP/{,slot_0/,slot_1/}{memory.limit_in_bytes,cgroup.procs,tasks}; do
      (echo 1 >$file) || echo refused
    done
    (echo 0 >$slot/memory.max_usage_in_bytes) || echo refused'
  [ "$output" = "52428800
reset
moved
$(yes refused | head -n 10)" ]
}

@test "nobody else's process is moved by the descriptors" {
  make_group
  roots_process
  run_step '
    for pid in $PPID $roots; do
      (echo $pid >&$(file 0 0)) 2>/dev/null || echo refused
    done
    sed -n "s|.*:memory:.*/job_7||p" /proc/$PPID/cgroup'
  [ "$status" -eq 0 ]
  [ "$output" = "refused
refused
/step_0" ]
}

@test "who is in a slot of v1 does not get out" {
  make_group
  run_step '
    echo $BASHPID >&$(file 0 0)
    for place in slot_0 slot_1 . .. ../task_0 ../../step_batch ../../step_batch/task_0 \
      ../..; do
      mkdir $CRAM_CGROUP/$place/out
      echo 0 >$CRAM_CGROUP/$place/out/cgroup.procs
      echo 0 >$CRAM_CGROUP/$place/cgroup.procs
      mv $CRAM_CGROUP/$place $CRAM_CGROUP/$place.out
    done 2>/dev/null
    sed -n "s|.*:memory:.*/job_7||p" /proc/self/cgroup'
  [ "$status" -eq 0 ]
  [ "$output" = "/step_0/cram/slot_0" ]
  [ ! -e "$step/cram" ]
}

@test "of a cgroup that was there nothing is taken over" {
  make_group
  mkdir -p "$step/cram/slot_0/deep"
  chown -R 65534:65534 "$step/cram"
  run_step 'ls $CRAM_CGROUP/slot_0/deep 2>/dev/null
    find $CRAM_CGROUP -user 65534 -printf "%f\n" | sort -u'
  [ "$status" -eq 0 ]
  [ "$output" = "cgroup.event_control
memory.force_empty" ]
}

@test "nothing is touched outside of a v1 file system, and no link followed" {
  make_group
  leads_nowhere cram
  leads_nowhere
}

@test "who watches while v1 is handed over gets nothing of it" {
  make_group
  gets_nothing
}

@test "who made a way out of v1 before has it no more" {
  make_group
  mkdir -p "$group/job_7/step_batch/task_0/before/deep"
  chown -R 65534:65534 "$group/job_7/step_batch/task_0/before"
  run_step '
    echo $BASHPID >&$(file 0 0)
    for place in "" /before /before/deep; do
      echo 0 >$CRAM_CGROUP/../../step_batch/task_0$place/cgroup.procs
      echo 0 >$CRAM_CGROUP/../../step_batch/task_0$place/tasks
    done 2>/dev/null
    sed -n "s|.*:memory:.*/job_7||p" /proc/self/cgroup'
  [ "$output" = "/step_0/cram/slot_0" ]
}

@test "what cleans up after a task that was killed does not outlive the cgroup v1" {
  make_group
  held_while_it_cleans_up
}

@test "what is left in the cgroup is killed and the cgroup removed" {
  make_group
  run_step '
    for slot in 0 1; do
      setsid sleep 1234 >/dev/null 2>&1 &
      echo $! >&$(file $slot 0); echo $!
    done'
  [ "$status" -eq 0 ]
  [ ! -e "$step/cram" ]
  [ -d "$step/task_0" ]
  [ "${#lines[@]}" -eq 2 ]
  local pid
  for pid in "${lines[@]}"; do
    is_dead "$pid"
  done
}

@test "a fork bomb in the cgroup ends with the task" {
  make_group
  run_step '
    entry=$(file 0 0)
    setsid bash -c "echo 0 >&$entry
      while :; do for i in 1 2 3 4; do sleep 1000 & done; sleep 0.01
      done" >/dev/null 2>&1 &
    sleep 0.5; wc -l <$CRAM_CGROUP/slot_0/cgroup.procs'
  [ "$output" -gt 4 ]
  [ ! -e "$step/cram" ]
}

@test "a cgroup that is gone already is no error" {
  make_group
  run bash -c 'slurmstepd sh -c "rmdir \$CRAM_CGROUP/*/ \$CRAM_CGROUP && echo removed" 2>"$1"' - \
    "$BATS_TEST_TMPDIR/log"
  [ "$output" = removed ]
  [ "$status" -eq 0 ]
  run cat "$BATS_TEST_TMPDIR/log"
  says_not "error"
}
