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
  until_true 10 eval "[ \"\$(status_of $*)\" = \"$expected\" ]" ||
    { cram status "$(run_dir)" && false; }
}

@test "status says what runs, what waits, what is done and why slots are idle" {
  pack --mem 50M --param s=0,0,1,"$long","$long" --name 'run{index}' \
    -- sh -c 'sleep {s}; exit $((CRAM_INDEX == 1))'
  background --slots=3
  soon 2 states RUNNING
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
  pack --param i=1..4 -- sleep 0.5
  background
  soon RUNNING slowest 0 state
  run -0 cram status --watch=0.3
  [ "$(grep -c ^Run <<<"$output")" -ge 2 ]
  [[ $output == *"ended after"*"4 completed"* ]]
  ended 0
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
