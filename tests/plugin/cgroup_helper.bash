# shellcheck shell=bash
# The plugin in slurmstepd, with cgroups named as Slurm's: $step is the step's,
# in $group, which is the test's.
load helper

teardown() {
  [ -z "${intruder-}" ] || kill "$intruder"
  [ -z "${roots-}" ] || kill "$roots"
  [ -z "${group-}" ] || remove_group
  [ -z "${shared-}" ] || rm -r "$shared"
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

# held_while_it_cleans_up: what cleans up after a task that was killed is in the
# sub-jobs' cgroup, and whatever it does it does not outlive that.
held_while_it_cleans_up() {
  cleaner <<'END'
cp /proc/self/cgroup cgroup
echo $CRAM_CGROUP >told
setsid sleep 1000 &
echo $! >sleeper
wait
END
  run_step 'kill -KILL $$'
  grep -q '[:/]cram/sweep$' "$said/cgroup"
  [ "$(<"$said/told")" = "$step/cram" ]
  is_dead "$(<"$said/sleeper")"
  [ ! -e "$step/cram" ]
}

# leads_nowhere [NAME]: where another file system lies in the place of the step's
# cgroup, it stays as it is; a symbolic link NAME there is not followed.
leads_nowhere() {
  local victim=$BATS_TEST_TMPDIR/victim there=$BATS_TEST_TMPDIR/there
  mkdir -p "$victim/slot_0"
  touch "$victim/slot_0/cgroup.procs" "$victim/cgroup.procs"
  export victim
  unset FAKE_STEPD_CGROUP FAKE_CGROUP
  # In the step's cgroup before it is hidden.
  run unshare --mount bash -c '
    echo $$ >"$1/cgroup.procs" || echo 0 >"$1/slurm/cgroup.procs"
    mount -t tmpfs none "$1"
    [ -z "$2" ] || ln -s "$victim" "$1/$2"
    slurmstepd env
    ls -A "$1" >"$3"' - "$step" "${1-}" "$there"
  says "info: cram: no memory cgroup for sub-jobs: "
  says_not CRAM_CGROUP=
  [ "$(<"$there")" = "${1-}" ]
  [ "$(find "$victim" -printf '%P %U\n' | sort)" = " 0
cgroup.procs 0
slot_0 0
slot_0/cgroup.procs 0" ]
}

# A process of the user's that tries all the time to write to what may not be
# its, and to move root's processes; $let_in has "saw" when there was something
# to try, and what it was let do.
start_intruder() {
  let_in=$BATS_TEST_TMPDIR/let_in
  setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/python3 - "$step" "$roots" \
    >"$let_in" 3>&- <<'END' &
import os, sys
step, roots = sys.argv[1:]
moves = "cgroup.procs", "tasks", "cgroup.threads"
limits = ("memory.max", "memory.high", "memory.swap.max", "memory.oom.group",
          "cgroup.subtree_control", "cgroup.max.depth", "memory.limit_in_bytes",
          "memory.memsw.limit_in_bytes", "memory.use_hierarchy")

def read(path):
    try:
        return open(path).read().split()
    except OSError:
        return []

def write(path, text):
    try:
        with open(path, "w") as file:
            file.write(text)
        print(path, text, flush=True)
    except OSError:
        pass

# slurmstepd itself is the one that has children.
def of_root(pid):
    return (read("/proc/%s/comm" % pid) == ["slurmstepd"] and
            read("/proc/%s/task/%s/children" % (pid, pid)))

saw = False
while True:
    for directory, _, _ in os.walk(step):
        if not saw and "/cram/slot_" in directory:
            saw = True
            print("saw", flush=True)
        for name in limits:
            write(directory + "/" + name, "+memory" if "control" in name else "1")
        for pid in [roots] + list(filter(of_root, read(step + "/slurm/cgroup.procs") +
                                         read(step + "/cgroup.procs"))):
            for name in moves:
                write(directory + "/" + name, pid)
END
  intruder=$!
}

# gets_nothing: from one step after the other, until it saw a hand-over.
gets_nothing() {
  local i
  roots_process
  start_intruder
  for i in {1..40}; do
    run_step 'sleep 0.05; echo ran'
    [ "$output" = ran ]
    [ "$i" -lt 5 ] || ! grep -qx saw "$let_in" || break
  done
  cat "$let_in"
  [ "$(cat "$let_in")" = saw ]
}
