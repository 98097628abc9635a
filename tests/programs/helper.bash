# shellcheck shell=bash
# What the tests of whole programs share.
load ../helper

# What setup does; a file with more to do calls it.
in_work() {
  use_build
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  work=$BATS_TEST_TMPDIR/work
  mkdir "$TMPDIR" "$work"
  cd "$work" || return
  # A length of sleep that no other test uses, to find its processes by.
  long=1000.$$$BATS_TEST_NUMBER
}

setup() { in_work; }

teardown() {
  if [ -e keeper ]; then kill -TERM "$(cat keeper)" 2>/dev/null || true; fi
  until_true 60 no_processes
  if [ -n "${mounted-}" ]; then umount "$mounted"; fi
}

no_processes() { ! pgrep -f "sleep $long"; }

# refused TEXT ARGUMENT...: cram says TEXT in one line, exits 2, writes nothing.
refused() {
  local text=$1 before
  before=$(ls)
  shift
  one_line 2 "$text" cram "$@"
  [ "$(ls)" = "$before" ]
}

pack() { cram pack -o m.pb "$@" >packed; }

# Where this machine has its memory cgroups.
memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup

# with_backend COMMAND...: runs it where the agent finds what CRAM_BACKEND says:
# kernel, the memory cgroups that this machine has, as without it; or watchdog,
# in a mount namespace in which nobody can make a cgroup.
with_backend() {
  if [ "${CRAM_BACKEND:-kernel}" = kernel ]; then
    "$@"
  else
    unshare --mount sh -c '
      mount -o remount,bind,ro "$1" && shift && exec "$@"' sh "$memory" "$@"
  fi
}

# run_m [OPTION...]: cram run m.pb; the file keeper gets its process id.
run_m() {
  with_backend sh -c 'echo $$ >keeper; exec cram run m.pb "$@"' sh "$@"
}

# background [OPTION...]: the same, with what it says in the file err.
background() {
  run_m "$@" >out 2>err 3>&- &
  shell=$!
  until_true 60 test -s keeper
}

# ended STATUS: the background run ends, with it.
ended() {
  local status=0
  wait "$shell" || status=$?
  [ "$status" -eq "$1" ] || { echo "status $status" && cat err && false; }
}

agent_pid() { pgrep -P "$(cat keeper)" | head -n 1; }
run_dir() { ls -d cram-run-*; }
rows() { cramacct -nP -j "$(run_dir)" -o "$@"; }

# Neither processes, nor files outside of the run directory, nor cgroups.
nothing_left() {
  no_processes
  [ -z "$(ls -A "$TMPDIR")" ]
  [ -z "$(find /sys/fs/cgroup -name "cram_$(cat keeper)" 2>/dev/null)" ]
}
