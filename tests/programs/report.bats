# cramacct and cram output over the example run of make_run.

load helper

setup() {
  in_work
  export TZ=UTC
  run=$work/cram-12.0
  make_run example
}

make_run() { "$CRAM_BUILD/tests/programs/make_run" "$run" "$@"; }

with_manifest() {
  cram pack -o "$run/manifest.pb" --param n=0..9 --name 'run{n}' -- echo {n} 'a b'
}

@test "a row for each sub-job, as sacct prints them" {
  run -0 --separate-stderr cramacct -j 12 -i 2-4,9 -o jobid,state,exitcode,cause,elapsed
  [ -z "$stderr" ]
  expected=$(cat <<'END'
JobID                    State ExitCode                Cause    Elapsed 
---------------- ------------- -------- -------------------- ---------- 
12.0_2                  FAILED     0:11               signal   00:00:01 
12.0_3           OUT_OF_MEMORY      0:9              own cap   00:00:03 
12.0_4               COMPLETED      0:0            completed 1-01:01:01 
12.0_9                 PENDING      0:0                        00:00:00 
END
)
  [ "$output" = "$expected" ]
}

@test "the run is found by directory, by id, and as the newest" {
  for which in "-j $run" "-j 12" "-j 12.0" "-j ." ""; do
    # shellcheck disable=SC2086
    [ "$(cramacct $which -n -P -i 3 -o state)" = OUT_OF_MEMORY ]
  done
  [ "$(cramacct -j 12.0_3 -n -P -o index,state)" = "3|OUT_OF_MEMORY" ]
  one_line 1 "no run of job 13" cramacct -j 13
  one_line 1 "no run of job 13.0" cramacct -j 13.0_3
  one_line 2 "no sub-job 77" cramacct -j 12_77
  one_line 1 "/nowhere: no run directory" cramacct -j /nowhere
}

@test "-s and -D choose" {
  [ "$(cramacct -n -P -s oom,TIMEOUT -o index)" = $'3\n5' ]
  [ "$(cramacct -n -P -D -s oom -o index,attempt)" = $'3|0\n4|0' ]
  [ "$(cramacct -n -P -D -i 4 -o attempt,nodelist)" = $'0|n0\n1|n1' ]
  [ -z "$(cramacct -n -s NF)" ]
}

@test "-p, -P, --delimiter, -n and --units are sacct's" {
  [ "$(cramacct -p -i 3 -o index,maxrss)" = $'Index|MaxRSS|\n3|200M|' ]
  [ "$(cramacct -P -i 3 -o index,maxrss --units=K)" = $'Index|MaxRSS\n3|204800K' ]
  [ "$(cramacct -nP --delimiter=, -i 1 -o maxrss,reqmem --units M)" = 12.00M,200M ]
}

@test "bad use is one line and status 2" {
  one_line 2 "no field 'colour'; the fields are AllocCPUS, Attempt, " cramacct -o state,colour
  one_line 2 "'x' is not a width" cramacct -o state%x
  one_line 2 "no state 'DONE'; the states are PENDING (PD)" cramacct -s DONE
  one_line 2 "'1..3' is not a list of indexes" cramacct -i 1..3
  one_line 2 "no sub-job 10: run 12.0 has 10, from 0 to 9" cramacct -i 3,10
  one_line 2 "--units" cramacct --units=X
  one_line 2 "--nonsense" cramacct --nonsense
  one_line 2 "excludes" cramacct -p -P
}

@test "--helpformat lists the fields, --help the options" {
  run -0 cramacct -e
  [ "${lines[0]}" = "AllocCPUS           Attempt             Cap                 Cause              " ]
  run -0 cramacct --help
  [[ $output == *--helpformat* ]]
}

@test "fields of the manifest are read from the run directory" {
  with_manifest
  run -0 --separate-stderr cramacct -P -n -i 3 -o name,params,command
  [ "$output" = "run3|n=3|echo 3 'a b'" ]
  [ -z "$stderr" ]
}

@test "a missing manifest is said once and only when it is needed" {
  run -0 --separate-stderr cramacct -n -P -o index,command
  [ "${#lines[@]}" -eq 10 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ $stderr == *manifest.pb* ]]
  run -0 --separate-stderr cramacct -n -P -o index
  [ -z "$stderr" ]
}

@test "a damaged journal is a warning, and the rest is shown" {
  printf 'X' | dd of="$run/journal.0" bs=1 seek=300 conv=notrunc status=none
  run -0 --separate-stderr cramacct -n -P -s CD -o index
  [ "$output" = $'0\n4' ]
  [[ $stderr == "cramacct: $run/journal.0: damaged at byte "* ]]
}

@test "a sub-job that ran when the run ended was lost" {
  [ "$(cramacct -nP -i 8 -o state,cause)" = "RUNNING|" ]
  touch "$run/summary.json"
  [ "$(cramacct -nP -i 8 -o state,cause)" = "NODE_FAIL|node lost" ]
}

@test "--why tells what happened and what to do, for those that did not complete" {
  run -0 cramacct --why
  [[ $output == *"12.0_3 OUT_OF_MEMORY: it reached its memory cap of 200M"* ]]
  [[ $output == *"  stderr: taking 2000 MB"* ]]
  [[ $output == *"  killed: pid 4003 with 199M: ./hog a\\012b"* ]]
  [[ $output == *"Run it again with --cram-mem=400M (the peak was 200M"* ]]
  [[ $output == *"could not start: chdir /nowhere: No such file or directory"* ]]
  [[ $output == *"12.0 PENDING: 1 sub-job has not started: 9"* ]]
  [[ $output != *12.0_0* && $output != *12.0_8* ]]
  run -0 cramacct --why -i 0
  [[ $output == "12.0_0 COMPLETED: it completed on node n0"* ]]
}

@test "--why of many like ends shows the first and counts the others" {
  rm -r "$run"
  make_run many 20000 2
  run -0 cramacct --why
  [ "$(grep -c 'reached its memory cap' <<<"$output")" -eq 5 ]
  [[ $output == *"12.0 OUT_OF_MEMORY, own cap: 15 more: 5999,6999,7999,"* ]]
  run -0 cramacct --why -i 5999
  [[ $output == "12.0_5999 OUT_OF_MEMORY: it reached"* ]]
}

@test "--why --json is those that did not complete, with what to do" {
  with_manifest
  cramacct --why --json | python3 -c '
import json, sys
rows = {row["index"]: row for row in json.load(sys.stdin)["subjobs"]}
assert 0 not in rows and 8 not in rows and 9 in rows
assert rows[3]["victim"]["command"] == r"./hog a\012b", rows[3]
assert rows[1]["stderr_lines"][-1].startswith("no such"), rows[1]
assert "--cram-time=" in rows[5]["advice"], rows[5]'
}

@test "--summary counts, and names what enforces the caps" {
  run -0 cramacct --summary
  [[ $output == *"Sub-jobs  10, 10 attempts, on 2 nodes"* ]]
  [[ $output == *"cgroup/v1"*watchdog* ]]
}

@test "--json is JSON" {
  with_manifest
  cramacct --json | python3 -c '
import json, sys
run = json.load(sys.stdin)
assert len(run["subjobs"]) == 10
hog = run["subjobs"][3]
assert (hog["cause"], hog["params"]) == ("own cap", {"n": "3"}), hog'
  cramacct --json --summary | python3 -c '
import json, sys
assert json.load(sys.stdin)["states"]["FAILED"] == 3'
}

@test "a closed pipe is quiet, a full disk is not" {
  rm -r "$run"
  make_run many 20000 2
  run -0 --separate-stderr bash -c 'cramacct -j 12 | head -1'
  [ -z "$stderr" ]
  run -1 --separate-stderr bash -c 'cramacct -j 12 >/dev/full'
  [[ $stderr == *"No space left on device"* ]]
  run -1 --separate-stderr bash -c 'cramacct -j 12 -i 1 >/dev/full'
  [[ $stderr == *"No space left on device"* ]]
}

@test "cram output prints the raw bytes of an attempt" {
  [ "$(cram output "$run" 0)" = hello ]
  [ "$(cram output 12 4)" = "second try" ]
  [ "$(cram output 12 4 --attempt 0)" = "first try" ]
  [ "$(cram output 12.0 3 --stderr)" = "taking 2000 MB" ]
  [ "$(cram output 12 8)" = "so far" ]
  [ "$(cram output 12 1 --stderr | od -An -c | tr -d ' \n')" = \
    'one\ntwo\nnosuch033[1mmodel\n' ]
}

@test "cram output says why there is nothing to print" {
  one_line 2 "sub-job 10: no such sub-job; run 12.0 has 10, from 0 to 9" cram output 12 10
  one_line 2 "sub-job 9: it has not started" cram output 12 9
  one_line 2 "sub-job 0: no attempt 1; its last one is 0" cram output 12 0 --attempt 1
  rm "$run/output.0"
  one_line 2 "sub-job 0: its output was not packed" cram output 12 0
  one_line 2 "no run of job 13" cram output 13 0
}

@test "cram output says where output went that a sub-job named itself" {
  cram pack -o "$run/manifest.pb" --param n=0..9 --stdout 'out.{n}' -- echo
  one_line 2 "sub-job 3: its output was not packed; it went to out.3" cram output 12 3
  [ "$(cram output 12 3 --stderr)" = "taking 2000 MB" ]
}

# The hexadecimal dump in a man page (rows of four digits, two blanks and 1 to 16
# bytes), and that of a golden file.
dump_in_page() {
  sed -n 's/^\([0-9a-f]\{3\}0\)  \(\([0-9a-f][0-9a-f] \)*[0-9a-f][0-9a-f]\)$/\1 \2/p' \
    "$1" | awk '!seen[$1]++'
}
dump_of() { od -A x -t x1 -v "$1" | sed -n 's/^00\(.... .*\)/\1/p'; }

@test "the worked examples of the man pages are the golden files" {
  source=$(dirname "$BATS_TEST_FILENAME")/../..
  for kind in journal output; do
    dump_in_page "$source/man/cram-$kind.5" > page
    dump_of "$source/tests/golden/$kind-1.0" > golden
    [ -s page ]
    diff page golden
  done
}
