# cram run and its agent, whole, without Slurm.
load helper

@test "all completed is status 0" {
  pack --param i=1..20 -- true
  run -0 run_m
  [[ $output == *"20 sub-jobs: 20 completed"* ]]
  [ "$(rows state | sort -u)" = COMPLETED ]
  [ "$(rows index | sort -n | tr '\n' ' ')" = "$(seq -s ' ' 0 19) " ]
  nothing_left
}

@test "some that did not is status 1, with exit codes and signals as they were" {
  program end <<'END'
#!/bin/sh
case $1 in
  signal) kill -SEGV $$ ;;
  *) exit $1 ;;
esac
END
  pack --param how=0,1,137,signal -- "$work/end" '{how}'
  run -1 run_m
  [ "$(rows state,exitcode)" = "COMPLETED|0:0
FAILED|1:0
FAILED|137:0
FAILED|0:11" ]
  nothing_left
}

@test "what cannot start is FAILED with its errno named, the others run" {
  touch plain
  mkdir here
  cat >table.csv <<'END'
program,folder,in,out
true,here,/dev/null,one
no-such-program,here,/dev/null,two
./missing,here,/dev/null,three
../plain,here,/dev/null,four
true,nowhere,/dev/null,five
true,here,nothing,six
true,here,/dev/null,no/folder/seven
true,here,/dev/null,eight
END
  pack --csv table.csv --cwd "$work/{folder}" --stdin '{in}' \
    --stdout '{out}' -- '{program}'
  run -1 run_m
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = " 2 COMPLETED
 6 FAILED" ]
  why() { cramacct -j "$(run_dir)" --why -i "$1"; }
  [[ $(why 1) == *no-such-program*"No such file or directory"* ]]
  [[ $(why 2) == *missing*"No such file or directory"* ]]
  [[ $(why 3) == *plain*"Permission denied"* ]]
  [[ $(why 4) == *nowhere*"No such file or directory"* ]]
  [[ $(why 5) == *nothing*"No such file or directory"* ]]
  [[ $(why 6) == *no/folder/seven*"No such file or directory"* ]]
  nothing_left
}

@test "SIGTERM ends the run in status 3 with nothing left" {
  pack --param i=1..50 -- sh -c "trap 'echo told; exit 0' TERM
touch started; sleep $long & wait"
  background --slots=2
  until_true 20 test -e started
  kill -TERM "$(cat keeper)"
  ended 3
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = " 2 CANCELLED
 48 PENDING" ]
  [ "$(cram output "$(run_dir)" 0)" = told ]
  [[ $(cat err) == *"stopped early: SIGTERM"* ]]
  nothing_left
}

@test "who ignores SIGTERM is killed" {
  pack -- sh -c "trap '' TERM; touch started; while :; do sleep 0.1; done"
  background
  until_true 20 test -e started
  kill -TERM "$(cat keeper)"
  ended 3
  [ "$(rows state,exitcode)" = "CANCELLED|0:9" ]
  nothing_left
}

@test "kill -9 of the agent ends the run in status 3 with nothing left" {
  pack --param i=1..50 -- sh -c "
sleep $long & setsid sh -c 'sleep $long & sleep $long' & touch started; wait"
  background --slots=2
  until_true 20 test -e started
  sleep 0.2
  kill -KILL "$(agent_pid)"
  ended 3
  [[ $(cat err) == *"was killed by SIGKILL"*"
cram: to go on: cram run --resume $PWD/$(run_dir)" ]]
  [ "$(rows state | sort -u)" = "NODE_FAIL
PENDING" ]
  nothing_left
}

@test "the journal of a killed agent has all records older than a second" {
  pack --param i=1..10000 -- sh -c 'touch "ended.$CRAM_INDEX"'
  background
  sleep 3
  kill -KILL "$(agent_pid)"
  touch -d '1 second ago' limit
  ended 3
  find . -name 'ended.*' ! -newer limit | sed 's/.*\.//' | sort >expected
  [ "$(wc -l <expected)" -gt 50 ]
  rows index -s CD | sort >recorded
  [ -z "$(comm -23 expected recorded)" ]
  nothing_left
}

@test "--time ends who takes longer, and no other" {
  pack --param s=0.1,"$long",0.1 -- sleep '{s}'
  run -1 run_m --time=1s
  [ "$(rows state)" = "COMPLETED
TIMEOUT
COMPLETED" ]
  nothing_left
}

@test "--retry runs again what failed, each attempt with its number" {
  pack --param i=1..3 -- sh -c 'echo "attempt $CRAM_ATTEMPT"; test $CRAM_ATTEMPT = 2'
  run -0 run_m --retry=2
  [ "$(rows state,attempt | sort -u)" = "COMPLETED|2" ]
  [ "$(cram output "$(run_dir)" 1)" = "attempt 2" ]
  [ "$(cram output --attempt 0 "$(run_dir)" 1)" = "attempt 0" ]
}

@test "--retry gives up after as many times" {
  pack -- sh -c 'echo x >>tries; false'
  run -1 run_m --retry=3
  [ "$(wc -l <tries)" -eq 4 ]
  [ "$(rows state,attempt)" = "FAILED|3" ]
}

@test "--max-failures stops the run early" {
  pack --param i=1..500 -- sh -c 'sleep 0.05; false'
  run -3 run_m --max-failures=5
  [ "$(rows index -s F | wc -l)" -gt 5 ]
  [ "$(rows index -s PD | wc -l)" -gt 400 ]
}

@test "--max-failures stops a run of which nothing can start" {
  pack --param i=1..100000 -- /no/such/program
  run -3 run_m --max-failures=5
  [ "$(rows index -s F | wc -l)" -lt 50000 ]
}

@test "--slots is how many run at once" {
  pack --param i=1..6 -- sh -c 'mkdir running || exit 1; sleep 0.1; rmdir running'
  run -0 run_m --slots=1
}

@test "those with the longest time limit start first" {
  for minutes in 2 3 1 3 2; do echo "{\"time\": \"$minutes\", \"m\": $minutes}"; done >t.jsonl
  pack --jsonl t.jsonl -- sh -c 'echo "$CRAM_INDEX {m}" >>order'
  run_m --slots=1
  [ "$(tr '\n' , <order)" = "1 3,3 3,0 2,4 2,2 1," ]
  rm order
  run_m --slots=1 --time=1
  [ "$(tr '\n' , <order)" = "0 2,1 3,2 1,3 3,4 2," ]
}

@test "a sub-job is named by its index, or by the id that reports print" {
  pack --param i=1..2 -- sh -c 'echo "out $CRAM_INDEX"'
  run -0 run_m
  id=$(cramacct -n -P -o JobID -i 1 -j "$(run_dir)")
  [[ $id == run-*_1 ]]
  [ "$(cram output "$id")" = "out 1" ]
  run -2 cram output "$(run_dir)"
  [[ $output == "cram: of which sub-job?"* ]]
}

@test "output goes where the mode says" {
  pack --param i=1..2 -- sh -c 'echo "out $CRAM_INDEX"; echo "err $CRAM_INDEX" >&2'
  run_once() {
    rm -rf cram-run-* keeper
    run -0 --separate-stderr run_m --output="$1"
  }
  run_once packed
  [ "$(cram output "$(run_dir)" 1)" = "out 1" ]
  [ "$(cram output --stderr "$(run_dir)" 1)" = "err 1" ]
  run_once rank0
  [ "$(cat cram.0.out cram.1.err)" = "out 0
err 1" ]
  run_once all
  [ "$(cat cram.0.0.out cram.1.0.err)" = "out 0
err 1" ]
  run_once none
  [ "$(cram output "$(run_dir)" 1 2>&1)" != "out 1" ]
  run_once system
  [ "$(sort <<<"$output")" = "out 0
out 1" ]
  [[ $stderr == *"err 0"* ]]
  run_once 'both.{i}'
  [ "$(sort both.1)" = "err 0
out 0" ]
}

@test "twenty megabytes of output come back as they were" {
  program chatter <<'END'
#!/usr/bin/python3
import random, sys
sys.stdout.buffer.write(random.Random(7).randbytes(20_000_000))
sys.stderr.write("x" * 300_000)
END
  pack -- "$work/chatter"
  run -0 run_m --output-limit=20M
  ./chatter >expected 2>expected.err
  cram output "$(run_dir)" 0 | cmp - expected
  cram output --stderr "$(run_dir)" 0 | cmp - expected.err
}

@test "who is killed before it was itself has ended, too" {
  [ "$(id -u)" -eq 0 ] || skip "needs root, to look at the agent's children"
  program killer <<'END'
#!/usr/bin/python3
import glob, os, signal, sys
while tasks := glob.glob(f"/proc/{sys.argv[1]}/task/*"):
    for task in tasks:
        try:
            with open(f"{task}/children") as children:
                for pid in children.read().split():
                    os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass
END
  pack --param i=1..1000 -- sleep "$long"
  background --slots=4
  # From then on the keeper has no child but the agent.
  until_true 60 eval '[ "$(rows state -s R | wc -l)" -eq 4 ]'
  ./killer "$(agent_pid)" 3>&- &
  ended 1
  wait $!
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = " 1000 FAILED" ]
}

@test "what forks away is killed with its sub-job" {
  program deserter <<END
#!/bin/sh
(setsid sleep $long >/dev/null 2>&1 &)
END
  pack --param i=1..20 -- "$work/deserter"
  run -0 run_m
  [ "$(rows state | sort -u)" = COMPLETED ]
  nothing_left
}

@test "each sub-job has a directory of its own, whatever it does to it" {
  program vandal <<'END'
#!/bin/sh
test -z "$(ls -A "$TMPDIR")" || exit 9
case $1 in
  delete) rm -rf "$TMPDIR" ;;
  replace) rmdir "$TMPDIR" && ln -s "$2" "$TMPDIR" ;;
  lock) mkdir -p "$TMPDIR/a/b" && chmod 0 "$TMPDIR/a/b" "$TMPDIR/a" "$TMPDIR" ;;
  deep) exec python3 -c '
import os
os.chdir(os.environ["TMPDIR"])
for i in range(1000):
  os.mkdir("nested-directory")
  os.chdir("nested-directory")' ;;
  *) touch "$TMPDIR/file" ;;
esac
END
  mkdir precious
  touch precious/file
  chmod 500 precious
  pack --param how=delete,replace,lock,deep,other \
    -- "$work/vandal" '{how}' "$work/precious"
  run -0 run_m
  [ -e precious/file ]
  [ "$(stat -c %a precious)" = 500 ]
  nothing_left
}

@test "a sub-job is told the truth" {
  pack --param 'seed=5,6' --cpus 1 --mem 100M --env 'SET={seed}' -- env
  HOME=/home/me CRAM_FOREIGN=1 PMI_FD=9 run -0 run_m
  cram output "$(run_dir)" 1 >told
  for expected in CRAM_INDEX=1 CRAM_SUBJOBS=2 CRAM_ATTEMPT=0 CRAM_PARAM_seed=6 \
    CRAM_MEM_BYTES=104857600 "CRAM_RUN_DIR=$work/$(run_dir)" \
    "CRAM_NODE=$(hostname)" OMP_NUM_THREADS=1 SET=6 HOME=/home/me; do
    grep -qxF "$expected" told || { echo "no $expected" && false; }
  done
  [[ $(grep '^TMPDIR=' told) == "TMPDIR=$TMPDIR/"* ]]
  run -1 grep -E '^(CRAM_FOREIGN|PMI_FD|SLURM_)' told
}

@test "a sub-job has no descriptor and no ignored signal of the agent" {
  pack -- sh -c 'ls /proc/self/fd; grep SigIgn /proc/self/status'
  nohup sh -c 'exec 3>&- 4>&-; cram run m.pb' >out 2>err
  cram output "$(run_dir)" 0 >told
  grep -q 'SigIgn:.*0000000000000000' told
  for fd in /proc/self/fd/*; do echo "${fd##*/}"; done >mine
  # Beyond what this test has itself: the listing's own.
  [ "$(grep -cE '^[0-9]+$' told)" -le "$(wc -l <mine)" ]
}

@test "an own cap is a cause of its own" {
  program hog <<'END'
#!/usr/bin/python3
memory = b"x" * (2 << 30)
END
  pack --param i=1..3 --mem 200M -- sh -c \
    'if [ {i} = 2 ]; then '"$work/hog"'; fi; exit 0'
  run -1 run_m
  [ "$(rows state,cause)" = "COMPLETED|completed
OUT_OF_MEMORY|own cap
COMPLETED|completed" ]
  nothing_left
}

# A cgroup of v2 that is the ordinary user's, as systemd makes it.
delegate() {
  [ "$(id -u)" -eq 0 ] || skip "only root can delegate a cgroup"
  [ -e /sys/fs/cgroup/cgroup.procs ] ||
    skip "cgroup v2 has no memory controller here"
  echo +memory >/sys/fs/cgroup/cgroup.subtree_control
  group=/sys/fs/cgroup/delegated_$$
  mkdir -p "$group/session" "$work/tmp"
  echo +memory >"$group/cgroup.subtree_control"
  chown games "$group" "$group"/cgroup.{procs,subtree_control} "$work" "$work/tmp"
  chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
}

# As the ordinary user, from a cgroup in there.
delegated() {
  bash -c 'echo $$ >"$1/session/cgroup.procs" && shift && exec "$@"' - "$group" \
    setpriv --reuid games --regid games --clear-groups env TMPDIR="$work/tmp" \
    XDG_STATE_HOME="$work" "$@"
}

@test "where cgroup v2 is delegated the kernel enforces the caps" {
  delegate
  program hog <<'END'
#!/usr/bin/python3
memory = b"x" * (300 << 20)
END
  cram pack -o m.pb --mem 100M --param what=./hog,/bin/true -- '{what}'
  run -1 delegated cram run m.pb
  [[ $output == *"caps by cgroup/v2"* ]]
  [ "$(rows state,cause)" = "OUT_OF_MEMORY|own cap
COMPLETED|completed" ]
  rmdir "$group/session" "$group"
}

@test "without any descriptor the run is the same" {
  pack --param i=1..5 -- sh -c 'echo out; echo err >&2'
  run -0 sh -c 'cram run m.pb <&- >&- 2>&-'
  [ "$(rows state | sort -u)" = COMPLETED ]
  [ "$(cram output --stderr "$(run_dir)" 3)" = err ]
}

@test "many slots need no more descriptors than the user may open" {
  pack --param i=1..200 --mem 1M -- sh -c 'ulimit -n; sleep 0.1'
  run -0 sh -c 'ulimit -S -n 256; exec cram run m.pb --slots=100'
  # The sub-jobs have the limit of the user.
  [ "$(cram output "$(run_dir)" 7)" = 256 ]
}

@test "a full disk pauses the run, and no record is lost" {
  [ "$(id -u)" -eq 0 ] || skip "needs root, to mount a small file system"
  mkdir small
  mount -t tmpfs -o size=4m none small
  mounted=$work/small
  head -c 3500000 /dev/zero >small/ballast
  pack --param i=1..40 -- sh -c 'head -c 50000 /dev/zero | tr "\0" x'
  background --dir="$work/small"
  until_true 20 grep -q 'No space left on device; starting nothing' err
  sleep 1.5
  [ "$(grep -c 'starting nothing' err)" -eq 1 ]
  kill -0 "$(cat keeper)"
  rm small/ballast
  ended 0
  grep -q 'going on' err
  dir=$(echo small/cram-run-*)
  [ "$(cramacct -nP -j "$dir" -o state | sort | uniq -c | tr -s ' ')" = \
    " 40 COMPLETED" ]
  for index in 0 17 39; do
    [ "$(cram output "$dir" "$index" | wc -c)" -eq 50000 ]
  done
  nothing_left
}

@test "the agent says in one line what it was not given" {
  run -2 "$CRAM_AGENT"
  [[ $output == "cram: no --manifest=FILE"* ]]
  run -2 "$CRAM_AGENT" --manifest=m.pb --no-such-option=1
  [ "${#lines[@]}" -eq 1 ]
  run -2 "$CRAM_AGENT" "--manifest=$work/missing.pb"
  [[ $output == *missing.pb*"No such file or directory"* ]]
  [ -z "$(ls -A "$TMPDIR")" ]
}
