# Caps that grow and caps that are learned, through cram run: whole, without
# Slurm. Memory is taken in a cgroup or under the watchdog, whichever there is.
load helper

setup() {
  [ "${CRAM_BACKEND-}" != watchdog ] || [ "$(id -u)" -eq 0 ] ||
    skip "needs root, to hide the cgroups"
  in_work
  taker take
}

# Runs are made with the backend that is asked for.
cram() {
  if [ "$1" = run ]; then with_backend env cram "$@"; else command cram "$@"; fi
}

teardown() { rm -f "/dev/shm/cram-test.$$."*; }

# between LEAST MEGABYTESM MOST
between() { awk -v x="${2%M}" -v a="$1" -v b="$3" 'BEGIN { exit !(a <= x && x <= b) }'; }

@test "--oom-retry runs what reached its cap again with more, and nothing else" {
  pack --mem 200M --param mb=20,300,700 -- ./take '{mb}'
  run -0 cram run m.pb --oom-retry=2
  [[ $output == *"3 sub-jobs: 3 completed"* ]]
  [ "$(rows state,attempt,reqmem)" = "COMPLETED|0|200M
COMPLETED|1|400M
COMPLETED|2|800M" ]
  [ "$(rows attempt,cause,reqmem -D -i 2)" = "0|own cap|200M
1|own cap|400M
2|completed|800M" ]
}

@test "--oom-retry ends at the most that was said" {
  pack --mem 200M -- ./take 700
  run -1 cram run m.pb --oom-retry=1.5:500M
  [ "$(rows attempt,state,reqmem -D)" = "0|OUT_OF_MEMORY|200M
1|OUT_OF_MEMORY|300M
2|OUT_OF_MEMORY|450M
3|OUT_OF_MEMORY|500M" ]
}

# bats test_tags=slow
@test "--retry and --oom-retry are counted apart" {
  cat >moody <<'END'
#!/bin/sh
case $CRAM_ATTEMPT in
  1 | 3) exit 7 ;;
  *) exec ./take 900 ;;
esac
END
  chmod 755 moody
  pack --mem 200M -- ./moody
  run -1 cram run m.pb --retry=1 --oom-retry=2
  [ "$(rows attempt,cause,reqmem -D)" = "0|own cap|200M
1|exit code|400M
2|own cap|400M
3|exit code|800M" ]
}

# bats test_tags=slow
@test "a failure that is not of memory is not run again by --oom-retry" {
  pack -- false
  run -1 cram run m.pb --oom-retry=2
  [ "$(rows attempt,state)" = "0|FAILED" ]
}

# bats test_tags=slow
@test "a large claim gets its turn among small ones" {
  # The large one needs all memory; a hundred small ones wait with it.
  budget=$(cram pack -o probe.pb -- true >/dev/null &&
    cram run probe.pb --dir probe >/dev/null 2>&1 &&
    cramacct -j probe --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["run"]["nodes"][0]["budget_bytes"] >> 20)')
  seq 100 | sed 's/.*/sleep 0.05/' >lines
  sed -i '5s/.*/.\/take 300 0/' lines
  cram pack -o m.pb --lines lines --mem 100M >/dev/null
  run -0 cram run m.pb --slots=4 --oom-retry="1000:$((budget * 9 / 10))M"
  [[ $output == *"100 sub-jobs: 100 completed"* ]]
  ended=$(rows end -i 4)
  # Long before the last: as soon as those that ran had ended.
  later=$(rows start -i 20-99 | awk -v end="$ended" '$0 >= end' | wc -l)
  [ "$later" -gt 50 ]
}

# bats test_tags=slow
@test "--oom-retry of bad use is one error, and nothing is started" {
  pack -- true
  refused() {
    run -2 --separate-stderr cram run m.pb "$1"
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr == *"$2"* ]]
    [ -z "$(ls -d cram-run-* 2>/dev/null)" ]
  }
  refused --oom-retry=1 "--oom-retry: '1' is not a factor above 1"
  refused --oom-retry=x:1G "--oom-retry: 'x' is not a factor above 1"
  refused --oom-retry=2:big "--oom-retry: 'big' is not a size"
  refused --oom-retry=2:900T "--oom-retry: a cap of 900T is above the node's"
}

# bats test_tags=slow
@test "--mem=auto lets caps fall to what ten sub-jobs were seen to need" {
  pack --mem 1G --param i=1..40 -- ./take 100
  run -0 cram run m.pb --mem=auto
  [ "$(rows reqmem | head -n 10 | sort -u)" = 1G ]
  between 128 "$(rows reqmem --units=M | tail -n 20 | sort -u)" 176
}

# bats test_tags=slow
@test "--mem=auto lets caps rise when most need more, and all complete" {
  pack --mem 100M --param i=1..60 -- ./take 150
  run -0 cram run m.pb --mem=auto
  [[ $output == *"60 sub-jobs: 60 completed"* ]]
  [ "$(rows attempt | tail -n 20 | sort -u)" = 0 ]
  between 190 "$(rows reqmem --units=M -i 59)" 240
}

# bats test_tags=slow
@test "--mem=auto runs a large one among small ones again with what it had first" {
  seq 60 | sed 's/.*/.\/take 60/' >lines
  sed -i '40s/.*/.\/take 500/' lines
  cram pack -o m.pb --lines lines --mem 2G >/dev/null
  run -0 cram run m.pb --mem=auto
  [ "$(rows attempt,cause -D -i 39)" = "0|own cap
1|completed" ]
  [ "$(rows reqmem -i 39)" = 2G ]
  between 75 "$(rows reqmem --units=M -i 38)" 100
}

# bats test_tags=slow
@test "cramacct --suggest gives options that the next run completes with" {
  pack --mem 1G --param mb=20..200:20 -- ./take '{mb}'
  cram run m.pb
  run -0 cramacct --suggest
  [[ $output == *"10 sub-jobs measured"* ]]
  [[ $output == *"0 of 10 would have reached this cap:"* ]]
  options=$(cramacct --suggest -n)
  [[ $options =~ ^--cram-mem=[0-9]+M\ --cram-slots=[0-9]+$ ]]
  rm -rf cram-run-*
  # shellcheck disable=SC2086
  cram run m.pb ${options//--cram-/--}
  [ "$(cramacct --suggest --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["settings"][0]["options"])')" = "$options" ]
}

# bats test_tags=slow
@test "cramacct --suggest says when there is nothing to draw from" {
  pack -- false
  cram run m.pb || true
  run -1 --separate-stderr cramacct --suggest
  [ -z "$output" ]
  [[ $stderr == *"no sub-job has completed"* ]]
}

@test "files left in /dev/shm are not the next sub-job's" {
  file=/dev/shm/cram-test.$$.$BATS_TEST_NUMBER
  touch "$file"  # so that it stays
  cat >lines <<END
sh -c 'head -c 100M /dev/zero >$file'
./take 120
./take 120
rm $file
./take 120
END
  cram pack -o m.pb --lines lines >/dev/null
  run -0 cram run m.pb --mem 150M --slots=1
  [[ $output == *"5 sub-jobs: 5 completed"* ]]
  # Its own peak, without what it found there.
  between 120 "$(rows maxrss -i 1 --units=M)" 140
  [[ $output != *"left"* ]]
}

@test "the end of a run tells of files that stay in memory" {
  file=/dev/shm/cram-test.$$.$BATS_TEST_NUMBER
  touch "$file"
  pack -- sh -c "head -c 50M /dev/zero >$file"
  run -0 cram run m.pb
  [[ $output == *"sub-jobs left 50"*"M of files in memory"* ]]
}

# bats test_tags=kernel
@test "what a sub-job makes in /dev/shm goes with it, and nothing else does" {
  if ! cram_by_cgroup; then
    skip "needs a memory cgroup, to which the kernel charges such files"
  fi
  file=/dev/shm/cram-test.$$.$BATS_TEST_NUMBER
  echo staged >"$file.staged"
  pack --param i=1..2 -- sh -c "cat $file.staged
head -c 5M /dev/zero >$file.own.{i}
mkdir $file.directory.{i}
echo {i} >$file.directory.{i}/small
touch has.{i}
until [ -e $file.other ]; do sleep 0.1; done"
  background
  until_true 60 test -e has.1 -a -e has.2
  echo other >"$file.next"
  mv "$file.next" "$file.other"
  ended 0
  [ "$(cd /dev/shm && echo "${file##*/}".*)" = \
    "${file##*/}.other ${file##*/}.staged" ]
}

@test "what a run itself writes to /dev/shm stays, and so does what has the attribute d" {
  file=/dev/shm/cram-test.$$.$BATS_TEST_NUMBER
  pack --param i=1..2 -- sh -c "echo {i}; echo kept >$file.{i}; chattr +d $file.{i}"
  run -0 cram run m.pb --dir="$file.runs" --output="$file.out.{index}"
  [ "$(cat "$file".out.0 "$file".out.1)" = $'1\n2' ]
  [ -e "$(echo "$file".runs/cram-run-*)/journal.0" ]
  [ -e "$file.1" ]
  rm -r "$file".*
}

@test "a file that grows in /dev/shm past the cap is the sub-job's end, and goes with it" {
  file=/dev/shm/cram-test.$$.$BATS_TEST_NUMBER
  pack --mem 40M -- bash -c "exec 9>$file
for ((i = 0; i < 2000; i++)); do head -c 1M /dev/zero >&9; sleep 0.01; done"
  run -1 cram run m.pb
  [ "$(rows state,cause)" = "OUT_OF_MEMORY|own cap" ]
  between 40 "$(rows maxrss --units=M)" 100
  [ ! -e "$file" ]
}

# bats test_tags=kernel
@test "kill -9 of the agent leaves no file of a sub-job's in /dev/shm" {
  if ! cram_by_cgroup; then
    skip "needs a memory cgroup, to which the kernel charges such files"
  fi
  file=/dev/shm/cram-test.$$.$BATS_TEST_NUMBER
  pack -- sh -c "exec 9>$file; head -c 5M /dev/zero >&9; touch has; exec sleep $long"
  background
  until_true 60 test -e has
  kill -KILL "$(agent_pid)"
  ended 3
  [ ! -e "$file" ]
}

# Whether cram run has cgroups here.
cram_by_cgroup() {
  cram pack -o probe.pb -- true >/dev/null
  cram run probe.pb --dir probe 2>&1 | grep -q "caps by cgroup"
}
