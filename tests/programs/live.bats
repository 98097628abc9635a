# A run that is looked at and steered while it goes on.
load helper

# The value at KEY... in cram status --json.
status_of() {
  cram status --json "$(run_dir)" | python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[int(key) if key.lstrip("-").isdigit() else key]
print(value)' "$@"
}

# is EXPECTED KEY...: soon.
soon() {
  local expected=$1
  shift
  until_true 60 eval "[ \"\$(status_of $*)\" = \"$expected\" ]" ||
    { cram status "$(run_dir)" && false; }
}

@test "status says what runs, what waits, what is done and why slots are idle" {
  pack --mem 50M --param s=0,0,1,"$long","$long" --name 'run{index}' \
    -- sh -c 'sleep {s}; exit $((CRAM_INDEX == 1))'
  background --slots=3
  soon 2 states RUNNING
  soon "no work left" nodes 0 idle_why
  run -0 --separate-stderr cram status
  [ -z "$stderr" ]
  echo "$output"
  [[ ${lines[0]} == "Run       run-"*", running for 00:00:"*"$(run_dir)" ]]
  [ "${lines[1]}" = "Sub-jobs  5: 2 running, 2 completed, 1 failed" ]
  [[ ${lines[2]} == "Rate      "*" sub-jobs/s, about 00:00:"*" left" ]]
  [[ ${lines[4]} =~ ^"$(uname -n) "\ +2\ +1\ +2\ +3\ +1\ +0\ +"no work left"$ ]]
  [[ ${lines[6]} =~ ^3\ .*" 00:00:0".*" 50M  run3"$ ]]
  [[ ${lines[7]} =~ ^4\ .*" run4"$ ]]
  kill -TERM "$(cat keeper)"
  ended 3
  run -0 cram status "$(run_dir)"
  [[ ${lines[0]} == *", ended after 00:00:"* ]]
  [ "${lines[1]}" = "Sub-jobs  5: 2 completed, 1 failed, 2 cancelled" ]
}

@test "slots that are idle for memory or CPUs are said to be" {
  memory=$(awk '/^MemTotal:/ { print int($2 / 1024 * 0.6) }' /proc/meminfo)
  pack --mem "${memory}M" --param i=1..3 -- sleep "$long"
  background --slots=2
  soon "memory: the next cap does not fit" nodes 0 idle_why
  [ "$(status_of nodes 0 idle_slots)" = 1 ]
  kill -TERM "$(cat keeper)"
  ended 3
}

@test "status watches a run until its end" {
  pack --param i=1..4 -- sh -c 'until [ -e go ]; do sleep 0.1; done'
  background
  soon RUNNING slowest 0 state
  cram status --watch=0.3 >watched 3>&- &
  watcher=$!
  until_true 60 eval '[ "$(grep -c ^Run watched)" -ge 2 ]'
  touch go
  ended 0
  wait "$watcher"
  grep -q "ended after" watched
  tail -n 20 watched | grep -q "4 completed"
}

@test "status of a run that was killed is what its journals say" {
  pack --param s=0,"$long" -- sleep '{s}'
  background
  soon 1 states RUNNING
  soon 1 states COMPLETED
  kill -KILL "$(agent_pid)"
  ended 3
  run -0 cram status "$(run_dir)"
  [[ $output == *"1 completed"* ]]
}

@test "status without a run says so" {
  refused "no run in" status
  refused "no run of job 7" status 7
  refused "--watch" status --watch=0
}

# Twelve that sleep, of which three run.
start_sleepers() {
  pack --param i=1..12 -- sh -c "trap 'echo told; exit 0' TERM; sleep $long & wait"
  background --slots=3 "$@"
  soon 3 states RUNNING
}

@test "what is cancelled does not run, or is ended; nothing else is" {
  start_sleepers
  run -0 cram cancel "$(run_dir)" -i 1-2,7-9
  [ "$output" = "$(basename "$(run_dir)" | sed s/^cram-//): cancelled 5 sub-jobs: 3 that waited, 2 that ran" ]
  [ "$(rows index -s CA | tr '\n' ' ')" = "1 2 7 8 9 " ]
  [ "$(rows cause,reason -s CA | sort -u)" = "cancelled|by the user" ]
  [ "$(cram output "$(run_dir)" 1)" = told ]
  soon 3 states RUNNING
  [ "$(rows index -s R | tr '\n' ' ')" = "0 3 4 " ]
  [[ $(cramacct -j "$(run_dir)" -i 2 --why) == *"was cancelled by the user on node"*"a resume runs it again"* ]]
  run -0 cram cancel "$(run_dir)" -i 0-1
  [[ $output == *"cancelled 2 sub-jobs: "* ]]
  run -0 cram cancel "$(cramacct -n -P -o JobID -i 2 -j "$(run_dir)")"
  [[ $output == *"cancelled 1 sub-job: "* ]]
  run -2 cram cancel "$(run_dir)"
  [[ $output == "cram: which sub-jobs?"* ]]
  run -0 cram cancel "$(run_dir)" -i all
  ended 1
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = " 12 CANCELLED" ]
  grep -q '12 sub-jobs: 12 cancelled' err
  nothing_left
}

@test "what has ended is not cancelled, and what was cancelled is not retried" {
  pack --param s=0,"$long",0 -- sleep '{s}'
  background --retry=3 --slots=1
  soon 1 states COMPLETED
  run -0 cram cancel "$(run_dir)" -i 0-1
  [[ $output == *"cancelled 1 sub-job: 0 that waited, 1 that ran"*"had ended before: index 0" ]]
  ended 1
  [ "$(rows state,attempt)" = "COMPLETED|0
CANCELLED|0
COMPLETED|0" ]
}

@test "a sub-job that waits to be retried can be cancelled" {
  pack --param s=0,"$long" -- sh -c 'sleep {s}; exit 1'
  background --slots=1 --retry=100000
  soon 1 states RUNNING
  run -0 cram cancel "$(run_dir)" -i 0
  [[ $output == *"cancelled 1 sub-job: "* ]]
  cram cancel "$(run_dir)" -i 1
  ended 1
  [ "$(rows state | sort -u)" = CANCELLED ]
}

@test "a hundred thousand are cancelled in seconds" {
  pack --param i=1..100000 -- sleep "$long"
  background --slots=1
  soon 1 states RUNNING
  SECONDS=0
  run -0 cram cancel "$(run_dir)" -i all
  [ "$SECONDS" -lt 60 ]
  ended 1
  [ "$(rows index -s CA | wc -l)" -eq 100000 ]
}

@test "what cannot be cancelled is refused" {
  start_sleepers
  refused "no sub-job 12" cancel "$(run_dir)" -i 12
  refused "not a list of indexes" cancel "$(run_dir)" -i 1..3
  refused "which sub-jobs?" cancel "$(run_dir)"
  [ "$(stat -c %a "$(run_dir)/requests")" = 600 ]
  cram cancel "$(run_dir)" -i all >said
  ended 1
  refused "has ended" cancel "$(run_dir)" -i 1
  refused "no run of job 7" cancel 7 -i 1
}

@test "what is added runs, under the indexes behind the last" {
  pack --param i=1..3 -- sh -c 'echo {i}; until [ -e go ]; do sleep 0.1; done'
  cram pack -o more.pb --param j=7..8 --name 'n{index}' -- sh -c 'echo {j} {index}' >packed
  cram pack -o last.pb --param k=1..5 >packed
  background --slots=2 -- sh -c 'echo default {k}'
  soon 2 states RUNNING
  run -0 cram add "$(run_dir)" more.pb
  [ "$output" = "$(basename "$(run_dir)" | sed s/^cram-//): added 2 sub-jobs: 3-4" ]
  run -0 cram add "$(run_dir)" last.pb
  [[ $output == *": added 5 sub-jobs: 5-9" ]]
  soon 8 states PENDING
  run -0 cram cancel "$(run_dir)" -i 9
  touch go
  ended 1
  grep -q '10 sub-jobs: 9 completed, 1 cancelled' err
  [ "$(rows index -s CD | tr '\n' ' ')" = "0 1 2 3 4 5 6 7 8 " ]
  [ "$(cram output "$(run_dir)" 4)" = "8 4" ]
  [ "$(cram output "$(run_dir)" 8)" = "default 4" ]
  [ "$(cramacct -nP -j "$(run_dir)" -i 3 -o name)" = n3 ]
  run -0 cram remainder "$(run_dir)" -o rest.pb
  [[ $output == "rest.pb: 1 of 10 sub-jobs"* ]]
  last=$(run_dir)
  mkdir b
  run -0 cram run --resume "$last" --dir b
  [[ $output == *"10 sub-jobs: 10 completed"*"9 of them had completed before"* ]]
  refused "has ended" add "$last" more.pb
}

@test "what cannot be added is refused, and changes nothing" {
  start_sleepers
  before=$(cksum <"$(run_dir)/manifest.pb")
  echo rubbish >rubbish.pb
  cram pack -o bare.pb --param i=1..3 >packed
  refused "rubbish.pb: not a manifest" add "$(run_dir)" rubbish.pb
  refused "no such.pb" add "$(run_dir)" "no such.pb"
  refused "command" add "$(run_dir)" bare.pb
  [ "$(cksum <"$(run_dir)/manifest.pb")" = "$before" ]
  cram cancel "$(run_dir)" -i all >said
  ended 1
}

@test "a request that is torn or foreign harms no run" {
  start_sleepers
  printf 'torn' >>"$(run_dir)/requests"
  run -0 cram cancel "$(run_dir)" -i 11
  [[ $output == *"cancelled 1 sub-job: "* ]]
  head -c 100 /dev/urandom >>"$(run_dir)/requests"
  until_true 60 grep -q "nothing more can be asked of this run" err
  kill -TERM "$(cat keeper)"
  ended 3
}
