# Every cause of an end, made on purpose and told from the others, through
# cram run. CRAM_BACKEND says what enforces the caps: kernel (the memory cgroups
# that this machine has), or watchdog.
load helper

setup_file() {
  export backend=${CRAM_BACKEND:-kernel} cannot=
  if [ "$(id -u)" -ne 0 ]; then
    cannot="needs root, to make cgroups and to hide them"
  elif [ "$backend" = kernel ] && ! has_cgroups; then
    cannot="no memory cgroup can be made here"
  fi
}

# Whether this machine has a memory controller in which we may make cgroups.
has_cgroups() {
  local probe=$memory/causes.$$ status=0
  mkdir "$probe" 2>/dev/null || return
  [ -e "$probe/memory.max" ] || [ -e "$probe/memory.limit_in_bytes" ] || status=1
  rmdir "$probe"
  return "$status"
}

setup() {
  [ -z "$cannot" ] || skip "$cannot"
  in_work
}

teardown() {
  [ -z "$cannot" ] || return 0
  if [ -e keeper ]; then kill -TERM "$(cat keeper)" 2>/dev/null || true; fi
  if [ -n "${other-}" ]; then kill "$other" 2>/dev/null || true; fi
  if [ -n "${mounted-}" ]; then until_true 20 umount "$mounted"; fi
  if [ -n "${limited-}" ]; then
    [ "$inner" = "$limited" ] || until_true 20 rmdir "$inner"
    until_true 20 rmdir "$limited"
  fi
}

# hog NAME MEGABYTES: a program that takes so much, says so in the file NAME.has
# and keeps it for a while.
hog() {
  program "$1" <<END
#!/usr/bin/python3
import time
memory = b"x" * ($2 << 20)
open("$work/$1.has", "w").close()
time.sleep(100)
END
}

# A hog that takes 170 MB, waits for longer than the agent does between two
# looks, and takes 400 MB more.
slow_hog() {
  program hog <<'END'
#!/usr/bin/python3
import time
memory = b"x" * (170 << 20)
time.sleep(3)
more = b"x" * (400 << 20)
time.sleep(100)
END
}

# run_m [OPTION...]: cram run m.pb; the file keeper gets its process id.
run_m() {
  with_backend sh -c 'echo $$ >keeper; exec cram run m.pb "$@"' sh "$@" \
    >out 2>err || status=$?
  case $backend in
    kernel) grep -q 'caps by cgroup/' err ;;
    watchdog) grep -q 'caps by watchdog' err ;;
  esac || { cat err && false; }
}

cause() { rows state,cause; }
why() { cramacct -j "$(run_dir)" --why "$@"; }

# is STATE CAUSE: how the only sub-job ended.
is() { [ "$(cause)" = "$1|$2" ] || { cause && why && cat err && false; }; }

@test "an end with exit code 0 is completed" {
  pack -- true
  run_m
  is COMPLETED completed
}

# bats test_tags=slow
@test "another exit code is exit code, and 137 is no more than that" {
  pack --param code=7,137 -- sh -c 'exit {code}'
  run_m
  [ "$(rows cause,exitcode)" = "exit code|7:0
exit code|137:0" ]
  [[ $(why -i 1) == *"a shell's word for a command that was ended by SIGKILL"* ]]
}

# bats test_tags=slow
@test "a signal is signal, and SIGKILL is no more than that" {
  pack --param signal=SEGV,KILL -- sh -c 'kill -{signal} $$'
  run_m
  [ "$(rows cause,exitcode)" = "signal|0:11
signal|0:9" ]
  [[ $(why -i 0) == *"The program crashed."* ]]
  [[ $(why -i 1) == *"Neither cram sent it nor the kernel"* ]]
}

@test "over its cap is own cap, with its victim and what to do" {
  slow_hog
  pack --mem 200M -- sh -c 'echo "taking more" >&2; exec ./hog a b'
  run_m
  is OUT_OF_MEMORY 'own cap'
  why >paragraph
  cat paragraph
  grep -q 'it reached its memory cap of 200M' paragraph
  grep -qE 'killed: pid [0-9]+ with [0-9.]+[MG]: .*python3 ./hog a b' paragraph
  grep -qF '  stderr: taking more' paragraph
  grep -qE 'Run it again with --mem=[0-9.]+[MG] ' paragraph
}

@test "a parent that ignores its child's death by the cap did not complete" {
  slow_hog
  pack --mem 200M --param i=1..4 -- sh -c './hog || true; exit 0'
  run_m
  [ "$(cause | sort -u)" = "OUT_OF_MEMORY|own cap" ] || { rows all && cat err && false; }
  why >paragraphs
  cat paragraphs
  # The child, not the shell that leads the sub-job; nobody, where the agent of
  # a busy machine has seen nobody.
  grep -qE 'killed: pid [0-9]+ .*python3 ./hog' paragraphs
  [ "$(grep 'killed: pid' paragraphs | grep -vc 'python3 ./hog')" -eq 0 ]
}

# bats test_tags=one_dies
@test "a victim that nobody saw is not mistaken for another" {
  [ "$memory" != /sys/fs/cgroup ] || skip "with v2 the parent is killed, too"
  hog hog 600
  pack --mem 200M --param i=1..6 -- sh -c './hog || true; exit 0'
  run_m
  [ "$(cause | sort -u)" = "OUT_OF_MEMORY|own cap" ] || { rows all && cat err && false; }
  why >paragraphs
  cat paragraphs
  [ "$(grep 'killed: pid' paragraphs | grep -vcE 'python3 ./hog|\[hog\]')" -eq 0 ]
}

# bats test_tags=kernel
@test "a sub-job that has left its cap is ended, and that is said" {
  [ "$backend" = kernel ] || skip "the watchdog holds whoever is a descendant"
  pack -- sh -c "echo \$\$ >$memory/cgroup.procs; exec sleep $long"
  run_m
  is FAILED 'could not start'
  [[ $(why) == *"could not start: it was outside of its memory cgroup"* ]]
  until_true 20 no_processes
}

@test "the victim is named by a line without control characters" {
  hog hog 600
  pack --mem 200M -- ./hog $'one\ntwo' "$(head -c 1000 /dev/zero | tr '\0' y)"
  run_m
  why >paragraph
  grep -E 'killed: pid .*\./hog one\\012two y+\.\.\.$' paragraph
  [ "$(grep 'killed: pid' paragraph | wc -c)" -lt 350 ]
}

# A cgroup with a limit, like that of a step: $limited; processes are in $inner,
# with v2 below it, so that the agent's own cgroup is beside that.
limit() {
  local own
  own=$(sed -n 's/^[0-9]*:memory:\|^0:://p' /proc/self/cgroup | head -n 1)
  limited=$memory/${own#/}/causes.$$.$BATS_TEST_NUMBER
  [ -d "${limited%/*}" ] || limited=$memory/causes.$$.$BATS_TEST_NUMBER
  mkdir "$limited"
  inner=$limited
  if [ -e "$limited/memory.max" ]; then
    inner=$limited/inner
    echo +memory >"$limited/cgroup.subtree_control"
    mkdir "$inner"
    echo "$1" >"$limited/memory.max"
    echo 0 >"$limited/memory.swap.max" || true
  else
    echo "$1" >"$limited/memory.limit_in_bytes"
    echo "$1" >"$limited/memory.memsw.limit_in_bytes" || true
  fi 2>/dev/null
}
# Takes the place of the shell that it is called in.
below_limit() { exec sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$inner" "$@"; }

@test "at the limit of the step, within its cap, is node budget" {
  hog hog 180
  hog other 120
  limit 300M
  pack --mem 200M -- ./hog
  run_below() { below_limit "$BASH" -c "$(declare -f run_m with_backend)
    backend=$backend memory=$memory; run_m"; }
  run_below 3>&- &
  shell=$!
  until_true 60 test -e hog.has
  # Somebody else in the step; the kernel takes the larger one.
  below_limit ./other 3>&- &
  other=$!
  ended 0
  # The kernel may have taken it as well, when that came before there was room.
  kill "$other" || true
  is OUT_OF_MEMORY 'node budget'
  why >paragraph
  cat paragraph
  grep -q 'all that runs on its node together reached the limit' paragraph
  grep -qE 'killed: pid [0-9]+.*\./hog' paragraph
  grep -q 'run fewer at once: --slots=' paragraph
}

# Of a virtual machine's own, see tests/vm.
host_is_ours() { [ -d /run/vm ]; }

# bats test_tags=host
@test "killed by the kernel as the host runs out is host out of memory" {
  host_is_ours || skip "this host shall not run out of memory, see tests/vm"
  hog hog 900
  pack -- ./hog
  background
  until_true 60 test -e hog.has
  echo f >/proc/sysrq-trigger
  ended 0
  is OUT_OF_MEMORY 'host out of memory'
  [[ $(why) == *"because the node itself ran out of memory"*./hog* ]]
}

# The counter of /proc/vmstat is the test's own file, and who dies dies of the
# test's SIGKILL.
# bats test_tags=watchdog
@test "killed by the kernel without any limit reached is host out of memory" {
  [ "$backend" = watchdog ] || skip "a cgroup has counters of its own"
  hog hog 50
  echo "oom_kill 7" >vmstat
  pack --param i=1..2 -- sh -c 'if [ {i} = 1 ]; then exec ./hog; fi
until [ -e counted ]; do sleep 0.1; done; exit 1'
  background_with_counter() {
    unshare --mount sh -c 'mount --bind vmstat /proc/vmstat && exec "$@"' sh \
      "$BASH" -c "$(declare -f run_m with_backend)
      backend=$backend memory=$memory; run_m"
  }
  background_with_counter 3>&- &
  shell=$!
  until_true 60 test -e hog.has
  echo "oom_kill 8" >vmstat
  touch counted
  pkill -KILL -f "python3 ./hog" -P "$(pgrep -P "$(cat keeper)")"
  ended 0
  [ "$(cause)" = "OUT_OF_MEMORY|host out of memory
FAILED|exit code" ]
  [[ $(why -i 0) == *"because the node itself ran out of memory"*./hog* ]]
}

@test "a runtime that gets no memory is runtime memory error, said to be a hint" {
  pack -- sh -c 'ulimit -v 400000; exec python3 -c "x = b\"x\" * (2 << 30)"'
  run_m
  is FAILED 'runtime memory error'
  [[ $(why) == *'seems to have got no more memory (its standard error says "MemoryError")'* ]]
  [[ $(why) == *"  stderr: MemoryError"* ]]
}

# bats test_tags=slow
@test "a runtime that aborts without memory is runtime memory error, too" {
  pack -- sh -c "echo \"terminate called after throwing 'std::bad_alloc'\" >&2
kill -ABRT \$\$"
  run_m
  is FAILED 'runtime memory error'
}

# bats test_tags=slow
@test "the words of a memory error are no more than words" {
  pack --param how='echo MemoryError >&2','echo MemoryError; exit 1' \
    -- sh -c '{how}'
  run_m
  [ "$(rows cause)" = "completed
exit code" ]
}

# bats test_tags=slow
@test "a memory error is not known where standard error is not packed" {
  pack -- sh -c 'echo MemoryError >&2; exit 1'
  run_m --output=none
  is FAILED 'exit code'
  [[ $(why) == *"whether its runtime ran out of memory is not known here"* ]]
}

@test "over its time limit is time limit" {
  pack --time 1s -- sleep 1000
  run_m
  is TIMEOUT 'time limit'
  [[ $(why) == *"Run it again with --time=00:00:0"* ]]
}

# A file FILE of 100 MB on a disk, and not in memory; fails where all files are.
file_on_disk() {
  head -c 100M /dev/zero >"$1"
  sync "$1"
  dd if="$1" iflag=nocache count=0 status=none
  [ "$(fincore -nbo RES "$1")" -eq 0 ]
}

# The same on a disk that is a file.
mount_disk() {
  truncate -s 200M image
  mkfs.ext4 -q -m 0 image
  mkdir disk
  modprobe -q loop || true
  mount -o loop image disk 2>/dev/null || skip "all files are in memory here"
  mounted=$work/disk
}

# bats test_tags=kernel,slow
@test "at its time limit, slowed by its cap, is told to take memory" {
  [ "$backend" = kernel ] || skip "the watchdog takes no pages of files"
  data=$work/data
  file_on_disk "$data" || {
    rm "$data"
    mount_disk
    data=$work/disk/data
    file_on_disk "$data"
  }
  # Takes most of the cap, and the rest for pages of files, of which it wants
  # many more.
  program thrash <<END
#!/usr/bin/python3
import mmap, random
memory = b"x" * (40 << 20)
file = open("$data", "rb")
while file.read(1 << 20):
    pass
data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
data.madvise(mmap.MADV_RANDOM)
while True:
    data[random.randrange(len(data))]
END
  # Emulated, it is not yet at its cap by then.
  limit=5s
  ! host_is_ours || limit=30s
  pack --mem 60M --time "$limit" -- ./thrash
  run_m
  is TIMEOUT 'time limit'
  why
  [[ $(why) == *"it needs memory rather than time. Run it again with --mem=120M."* ]]
}

# bats test_tags=slow
@test "stopped with the run is cancelled" {
  pack -- sh -c 'touch started; sleep 1000'
  background
  until_true 60 test -e started
  kill -TERM "$(cat keeper)"
  ended 0
  is CANCELLED cancelled
}

@test "running when the agent died is node lost" {
  pack -- sh -c 'touch started; sleep 1000'
  background
  until_true 60 test -e started
  until_true 60 eval '[ -n "$(rows index -s R)" ]'
  kill -KILL "$(pgrep -P "$(cat keeper)")"
  ended 0
  is NODE_FAIL 'node lost'
}

# bats test_tags=slow
@test "what cannot be started is could not start, with its errno" {
  pack -- ./missing
  run_m
  is FAILED 'could not start'
  [[ $(why) == *"run ./missing: No such file or directory"* ]]
}

# bats test_tags=slow
@test "with :kill, too much output is output budget" {
  pack -- sh -c 'echo begin; exec yes'
  run_m --output-limit=1M:kill
  is FAILED 'output budget'
  [[ $(cram output "$(run_dir)" 0 | head -n 1) == begin ]]
  [ "$(stat -c %s "$(run_dir)/output.0")" -lt 1200000 ]
}

# bats test_tags=slow
@test "a runaway's output costs neither disk nor memory nor its result" {
  pack -- sh -c 'echo begin >&2; head -c 1000000000 /dev/zero >&2; echo end >&2
grep VmHWM /proc/$PPID/status'
  run_m
  is COMPLETED completed
  [ "$(stat -c %s "$(run_dir)/output.0")" -lt 17000000 ]
  # With a sanitizer what is freed stays for a while.
  local most=65536
  ! ldd "$(command -v cram)" | grep -q libasan || most=400000
  [ "$(cram output "$(run_dir)" 0 | tr -dc 0-9)" -lt "$most" ]
  cram output --stderr "$(run_dir)" 0 >errors 2>said
  [ "$(head -n 1 errors)" = begin ]
  [ "$(tail -n 1 errors | tr -d '\0')" = end ]
  grep -aqE '^\[cram: 98[0-9]+ bytes left out here' errors
  grep -qE 'left out' said
  [[ $(why -i 0) == *"Of its standard error"*"were left out"* ]]
}

# bats test_tags=slow
@test "nothing is left out of what is not longer than the limit" {
  pack --param bytes=1048576,1048577 -- sh -c 'head -c {bytes} /dev/zero | tr "\0" x'
  run_m --output-limit=1M
  [ "$(cram output "$(run_dir)" 0 | wc -c)" -eq 1048576 ]
  [[ $(cram output "$(run_dir)" 1) == *"[cram: 1 bytes left out here"* ]]
  run_all() { rm -r "$(run_dir)"; run_m --output-limit=0; }
  run_all
  [ "$(cram output "$(run_dir)" 1 | wc -c)" -eq 1048577 ]
}
