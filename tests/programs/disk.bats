# Disks that are full, read-only, slow or gone for a while, under a run.
load helper

setup() {
  [ "$(id -u)" -eq 0 ] || skip "needs root, to mount file systems"
  in_work
  mkdir small
}

teardown() {
  if [ -n "${frozen-}" ]; then fsfreeze --unfreeze "$mounted" || true; fi
  if [ -e keeper ]; then kill -TERM "$(cat keeper)" 2>/dev/null || true; fi
  until_true 60 no_processes
  if [ -n "${mounted-}" ]; then until_true 60 umount "$mounted"; fi
}

run_dir() { echo small/cram-run-*; }

# A real file system of 16 MiB at small.
mount_ext4() {
  truncate -s 16M image
  mkfs.ext4 -q -m 0 image
  mount -o loop image small 2>/dev/null || skip "no loop device here"
  mounted=$work/small
}

freeze() { fsfreeze --freeze "$mounted" && frozen=yes; }
thaw() { fsfreeze --unfreeze "$mounted" && frozen=; }

# Where nobody can make a memory cgroup the watchdog enforces the caps.
background_with_watchdog() {
  local memory=/sys/fs/cgroup/memory
  [ -d "$memory" ] || memory=/sys/fs/cgroup
  unshare --mount sh -c 'mount -o remount,bind,ro "$1" && shift
    echo $$ >keeper; exec cram run m.pb "$@"' sh "$memory" "$@" >out 2>err 3>&- &
  shell=$!
  until_true 60 grep -q 'caps by watchdog' err
}

said_once() { [ "$(grep -c "$1" err)" -eq 1 ]; }

@test "where the file system does not answer, caps and time limits hold, and nothing is lost" {
  mount_ext4
  program hog <<END
#!/usr/bin/python3
import time
open("$work/up." + str($$), "w").close()
while not __import__("os").path.exists("$work/frozen"): time.sleep(0.05)
memory = b"x" * (400 << 20)
open("$work/too-much", "w").close()
time.sleep($long)
END
  pack --mem 150M --cpus 1 --param what=./hog,"sleep $long",true,true \
    -- sh -c 'exec {what}'
  background_with_watchdog --dir="$work/small" --slots=2 --time=8s
  until_true 60 eval '[ "$(rows state -s R | wc -l)" -eq 2 ]'
  freeze
  touch frozen
  # The hog is killed, and the other one at its time limit.
  until_true 60 eval '! pgrep -f "python3 ./hog"'
  until_true 60 no_processes
  [ ! -e too-much ]
  until_true 60 grep -q 'does not answer; starting nothing until' err
  sleep 1
  said_once 'does not answer'
  thaw
  ended 1
  said_once 'going on'
  [ "$(rows state | tr '\n' ' ')" = "OUT_OF_MEMORY TIMEOUT COMPLETED COMPLETED " ]
}

@test "where the file system does not answer, a stop ends what runs" {
  mount_ext4
  pack --param i=1..4 -- sleep "$long"
  background --dir="$work/small" --slots=2
  until_true 60 eval '[ "$(rows state -s R | wc -l)" -eq 2 ]'
  freeze
  kill -TERM "$(cat keeper)"
  until_true 60 no_processes
  cram status "$(run_dir)" | grep -q 'does not answer; nothing is started until'
  thaw
  ended 3
  [ -z "$(find small -name '.room*')" ]
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = " 2 CANCELLED
 2 PENDING" ] || { rows state && cat err && false; }
}

@test "a slow write is no reason to stop" {
  mount_ext4
  pack --param i=1..40 -- sleep 0.1
  background --dir="$work/small"
  until_true 60 eval '[ "$(rows state -s CD | wc -l)" -ge 2 ]'
  for _ in 1 2 3; do
    freeze
    sleep 0.2
    thaw
    sleep 0.2
  done
  ended 0
  ! grep -q 'starting nothing' err
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = " 40 COMPLETED" ]
}

@test "a file system that becomes read-only pauses the run, which can be stopped" {
  mount_ext4
  mount -o remount,errors=remount-ro small
  pack --param i=1..400 -- sh -c 'echo {i}; sleep 0.1'
  background --dir="$work/small"
  until_true 60 eval '[ "$(rows state -s CD | wc -l)" -ge 2 ]'
  # An error on the disk.
  error=/sys/fs/ext4/$(basename "$(findmnt -no SOURCE small)")/trigger_fs_error
  [ -w "$error" ] || skip "no way to make an error"
  echo 1 >"$error"
  until_true 60 grep -q 'Read-only file system; starting nothing until' err
  sleep 1
  said_once 'starting nothing'
  kill -TERM "$(cat keeper)"
  ended 3
}

@test "who is over his quota waits until he is not, and loses nothing" {
  truncate -s 128M image
  mkfs.btrfs -q image 2>/dev/null || skip "needs btrfs-progs, for quotas that every kernel has"
  mount -o loop image small 2>/dev/null || skip "no btrfs or loop device here"
  mounted=$work/small
  btrfs quota enable small
  btrfs qgroup limit 8M small
  pack --param i=1..40 -- sh -c 'head -c 500000 /dev/urandom'
  # Root may write more than that.
  setpriv --bounding-set=-sys_resource sh -c '
    echo $$ >keeper; exec cram run m.pb --dir="$PWD/small"' >out 2>err 3>&- &
  shell=$!
  until_true 60 grep -q 'Disk quota exceeded; starting nothing until' err
  run -0 setpriv --bounding-set=-sys_resource cram status "$(run_dir)"
  [[ $output == *"takes no more: Disk quota exceeded; nothing is started until"* ]]
  btrfs qgroup limit none small
  ended 0
  grep -q 'going on' err
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = " 40 COMPLETED" ]
  [ "$(cram output "$(run_dir)" 39 | wc -c)" -eq 500000 ]
}

@test "a full disk: stopping works, and the status tells the truth" {
  mount -t tmpfs -o size=4m none small
  mounted=$work/small
  head -c 4000000 /dev/zero >small/ballast || true
  pack --param i=1..400 -- sh -c "head -c 50000 /dev/zero; [ {i} -lt 4 ] || sleep 0.01"
  background --dir="$work/small"
  until_true 60 grep -q 'No space left on device; starting nothing until' err
  cram status "$(run_dir)" | grep -q 'is full: .*nothing is started until'
  kill -TERM "$(cat keeper)"
  ended 3
  grep -q 'records are lost\|did not run' err
}

@test "a summary that cannot be written is said, and the status is the run's" {
  pack --param i=1..3 -- sh -c 'mkdir -p "$CRAM_RUN_DIR/summary.json/x"; true'
  background
  ended 0
  grep -q 'summary.json' err
  grep -q '3 sub-jobs: 3 completed' err
  [ "$(cramacct -nP -j cram-run-* -o state | sort -u)" = COMPLETED ]
}

@test "a run directory that cannot be made is refused before anything runs" {
  mount -t tmpfs -o size=64k none small
  mounted=$work/small
  mount -o remount,ro small
  pack -- touch "$work/ran"
  run -2 cram run m.pb --dir="$work/small"
  [[ $output == *"Read-only file system"* ]]
  [ "${#lines[@]}" -eq 1 ]
  [ ! -e ran ]
}

@test "files of their own on a full disk are the sub-jobs' affair, and told" {
  mount -t tmpfs -o size=1m none small
  mounted=$work/small
  pack --cwd "$work/small" --param i=1..3 -- sh -c 'head -c 2000000 /dev/zero'
  background --output=all
  ended 1
  [ "$(cramacct -nP -j cram-run-* -o state | sort -u)" = FAILED ]
  [ "$(stat -c %s small/cram.0.0.out)" -le 1048576 ]
}
