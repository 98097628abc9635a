#!/usr/bin/env bats
# The real plugin in fake_slurm, a stand-in for Slurm's programs.
#   PLUGIN      cram.so
#   FAKE_SLURM  the stand-in

setup() {
  hosts=$BATS_TEST_TMPDIR/bin
  prefix=$BATS_TEST_TMPDIR/prefix
  launch=$prefix/libexec/cram/cram-launch
  mkdir -p "$hosts" "$(dirname "$launch")"
  local name
  for name in srun sbatch salloc slurmd slurmstepd other; do
    cp "$FAKE_SLURM" "$hosts/$name"
  done
  # A shell that keeps the signal mask that it is given.
  cat >"$launch" <<'EOF'
#!/bin/bash
printf 'launch:'
printf ' [%s]' "$@"
printf '\n'
grep SigBlk /proc/self/status
echo "input: $(head -c 20)"
EOF
  chmod +x "$launch"
  export FAKE_PLUGIN=$PLUGIN FAKE_WORDS="prefix=$prefix" FAKE_FAIL=
  unset CRAM_PASS CRAM_CGROUP CRAM_STEP_CORES CRAM_STEP_MEM_MB
  PATH=$hosts:$PATH
}

teardown() {
  [ -z "${roots-}" ] || kill "$roots"
  [ -z "${group-}" ] || remove_group
}

says() {
  [[ $output == *"$1"* ]] || {
    echo "not said: $1"
    echo "$output"
    return 1
  }
}

says_not() {
  [[ $output != *"$1"* ]] || {
    echo "said: $1"
    echo "$output"
    return 1
  }
}

# --- what the file is ----------------------------------------------------------

@test "the plugin needs libc and nothing else" {
  run bash -c "readelf -d '$PLUGIN' | grep NEEDED"
  [ "${#lines[@]}" -eq 1 ]
  says "[libc.so.6]"
}

@test "the plugin exports what Slurm looks up and nothing else" {
  run bash -c "nm -D --defined-only '$PLUGIN' | awk '{print \$3}' |
    grep -v '^plugin_\(name\|type\|version\)\$' | grep -v ^slurm_spank_"
  [ "$output" = "" ]
  run nm -D --defined-only "$PLUGIN"
  says " plugin_version"
  says " slurm_spank_init"
}

@test "the plugin is bound at once and has no executable stack" {
  run readelf -d "$PLUGIN"
  says "BIND_NOW"
  run readelf -lW "$PLUGIN"
  says "GNU_RELRO"
  [[ $output =~ GNU_STACK.*\ RW\ +0x ]]
}

# --- srun ------------------------------------------------------------------------

@test "srun without --cram runs as ever" {
  run srun -n2 true --cram=x
  [ "$status" -eq 0 ]
  [ "$output" = "srun runs: [true] [--cram=x]" ]
  run srun -n2
  [ "$output" = "No command given to execute." ]
}

@test "srun --cram without a command reaches cram-launch" {
  run srun -n2 --cram=m.pb
  [ "$status" -eq 0 ]
  says "launch: [$hosts/srun] [3] [cram=m.pb] [--] [srun] [-n2] [--cram=m.pb]"
  says_not "No command"
}

@test "srun --cram tells cram-launch where the user's command begins" {
  run srun --cram-mem=1G --cram m.pb --cram-progress -- echo '' --cram=x
  says "launch: [$hosts/srun] [6] [cram=m.pb] [cram-mem=1G] [cram-progress=] [--] [srun] [--cram-mem=1G] [--cram] [m.pb] [--cram-progress] [--] [echo] [] [--cram=x]"
}

@test "srun hands over with no signal blocked and its standard input" {
  run bash -c 'echo hello | srun --cram=m.pb'
  says $'SigBlk:\t0000000000000000'
  says "input: hello"
}

@test "srun that cram-launch has started goes on" {
  cat >"$launch" <<'EOF'
#!/bin/sh
exec srun --cram=m.pb agent --manifest=m.pb
EOF
  run srun --cram=m.pb
  [ "$status" -eq 0 ]
  [ "$output" = "srun runs: [agent] [--manifest=m.pb]" ]
}

@test "another process's pass means nothing" {
  CRAM_PASS=3:1 run srun --cram=m.pb
  says "launch: [$hosts/srun] [2]"
}

@test "an option without --cram is cram-launch's to refuse" {
  run srun --cram-mem=1G true
  says "launch: [$hosts/srun] [2] [cram-mem=1G] [--] [srun]"
}

@test "srun stops when cram-launch is not there" {
  rm "$launch"
  run srun --cram=m.pb true
  [ "$status" -eq 1 ]
  says "error: cram: $launch: "
  says_not "srun runs"
  run srun true
  [ "$output" = "srun runs: [true]" ]
}

@test "srun stops when cram-launch cannot be run" {
  printf 'no program' >"$launch"
  run srun --cram=m.pb true
  [ "$status" -eq 2 ]
  says "error: cram: cannot run $launch"
  says_not "srun runs"
}

@test "a site's word gives every run --cram-view, and no other step" {
  export FAKE_WORDS="$FAKE_WORDS view"
  run srun --cram=m.pb
  says "launch: [$hosts/srun] [2] [cram=m.pb] [cram-view=] [--]"
  run srun true
  [ "$output" = "srun runs: [true]" ]
}

@test "an unknown word in plugstack.conf is named" {
  FAKE_WORDS="$FAKE_WORDS prefx=/usr" run srun true
  says "error: cram: prefx=/usr: unknown word in plugstack.conf"
  says "srun runs: [true]"
}

@test "options that cannot be registered are an error, not a crash" {
  FAKE_FAIL=spank_option_register run srun true
  says "error: cram: cannot register --cram"
  says "slurm_spank_init returned -1"
}

# --- sbatch and salloc -------------------------------------------------------------

@test "sbatch without --cram reads its script from standard input" {
  run bash -c 'printf "#!/bin/sh\ntrue" | sbatch -n1'
  [ "$output" = $'sbatch submits: #!/bin/sh\ntrue\nwith:' ]
}

@test "sbatch --cram waits for no script" {
  printf '#!/bin/sh\necho "launch: $*"\n' >"$launch"
  mkfifo "$BATS_TEST_TMPDIR/silent"
  exec 8<>"$BATS_TEST_TMPDIR/silent"
  run timeout 10 sbatch -n1 --cram=m.pb <&8
  exec 8<&-
  [ "$status" -eq 0 ]
  says "launch: $hosts/sbatch 3 cram=m.pb -- sbatch -n1 --cram=m.pb"
}

@test "sbatch --cram gives cram-launch its standard input back" {
  run bash -c 'echo hello | sbatch --cram=m.pb'
  says "input: hello"
}

@test "sbatch with --cram among the script's arguments submits the script" {
  run bash -c 'echo hello | sbatch -n1 job.sh --cram=m.pb'
  [ "$output" = $'sbatch submits: \nwith: [job.sh] [--cram=m.pb]' ]
}

@test "sbatch with an option's value that looks like --cram reads its script" {
  run bash -c 'printf "#!/bin/sh\ntrue" | sbatch -J --cram'
  [ "$output" = $'sbatch submits: #!/bin/sh\ntrue\nwith:' ]
}

@test "salloc --cram is cram-launch's to refuse" {
  run salloc --cram=m.pb true
  says "launch: [$hosts/salloc] [2] [cram=m.pb]"
  run salloc true
  [ "$output" = "salloc runs: [true]" ]
}

# --- slurmd, slurmstepd --------------------------------------------------------------

@test "slurmd and unknown programs are left alone" {
  run slurmd
  [ "$output" = "" ]
  run other
  [ "$output" = "" ]
}

@test "a step without --cram is left alone" {
  before=$(cat /proc/self/oom_score_adj)
  run slurmstepd sh -c 'env | grep ^CRAM_; cat /proc/self/oom_score_adj'
  [ "$output" = "$before" ]
}

@test "the first task is told of its step's cores and memory" {
  FAKE_OPTIONS=cram=m.pb run slurmstepd env
  [ "$status" -eq 0 ]
  says "CRAM_STEP_CORES=0-1"
  says "CRAM_STEP_MEM_MB=500"
}

@test "other tasks and steps that are not the user's are told nothing" {
  export FAKE_OPTIONS=cram=m.pb
  FAKE_TASK=1 run slurmstepd env
  says_not CRAM_STEP
  FAKE_STEP=0xfffffffb run slurmstepd env
  says_not CRAM_STEP
  FAKE_STEP=0xfffffffc run slurmstepd env
  says_not CRAM_STEP
}

@test "the first task is spared by the OOM killer" {
  FAKE_OPTIONS=cram=m.pb run slurmstepd cat /proc/self/oom_score_adj
  [ "$status" -eq 0 ]
  # Lowering it needs CAP_SYS_RESOURCE, which root in a container may lack.
  [[ $output == *-500* || $output == *"oom_score_adj: Permission denied"* ]]
}

@test "without a memory cgroup of Slurm's the task runs and has no CRAM_CGROUP" {
  FAKE_OPTIONS=cram=m.pb CRAM_CGROUP=/old run slurmstepd env
  [ "$status" -eq 0 ]
  says "info: cram: no memory cgroup for sub-jobs: No such file or directory"
  says_not CRAM_CGROUP=
}

@test "failing functions of Slurm's fail no job" {
  export FAKE_OPTIONS=cram=m.pb
  local function
  for function in spank_get_item spank_setenv spank_unsetenv; do
    FAKE_FAIL=$function run slurmstepd echo ran
    [ "$status" -eq 0 ]
    says ran
    says_not returned
  done
}

# --- the memory cgroup -----------------------------------------------------------------

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

remove_group() {
  local pid
  while read -r pid; do kill -KILL "$pid" || true; done < <(
    find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null)
  find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
}

# The output of a step whose first task runs the shell command $1 as the user.
# It may use: file SLOT NUMBER, the descriptor of a slot's file.
run_step() {
  run bash -c 'exec slurmstepd setpriv --reuid 65534 --regid 65534 \
    --clear-groups bash -c "$1" 2>"$2"' - '
    IFS=, read -ra files <<<"$CRAM_CGROUP_FILES"
    each=$((${#files[@]} / $(ls -d $CRAM_CGROUP/*/ | wc -l)))
    file() { echo "${files[$1 * each + $2]}"; }
    '"$1" "$BATS_TEST_TMPDIR/log"
}

# $roots: a process of root's that does no harm where it is moved to.
roots_process() {
  sleep 1000 3>&- &
  export roots=$!
}

# Dead, or dead and not yet reaped.
is_dead() {
  ! grep -qs '^State:.[^Z]' "/proc/$1/status"
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

# --- the memory cgroup, v2 ---------------------------------------------------------

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
