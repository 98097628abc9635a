# What a run does about the end of its job. `cram run` in a job is told of it as
# agents are.
load helper

ends_in() { export CRAM_JOB_END=$(($(date +%s) + $1)); }

@test "nothing is started whose time limit goes beyond the job's end" {
  printf '%s\n' 'limit' 5s 100s 6s 200s >t.csv
  cram pack -o m.pb --csv t.csv -- true >packed
  cat >rows.jsonl <<'END'
{"argv": ["true"], "time": "5s"}
{"argv": ["true"], "time": "100s"}
{"argv": ["true"], "time": "6s"}
{"argv": ["true"], "time": "200s"}
END
  cram pack -o m.pb --jsonl rows.jsonl >packed
  ends_in 80
  run -3 run_m
  [[ $output == *"stopped early: too little time was left of the job for the rest"* ]]
  [[ $output == *"did not run: 1,3"* ]]
  [[ $output == *"to go on: cram run --resume $PWD/cram-run-"* ]]
  [[ $output == *"what is left, as a manifest: $PWD/$(run_dir)/remainder.pb, 2 sub-jobs" ]]
  [ "$(rows state | tr '\n' ' ')" = "COMPLETED PENDING COMPLETED PENDING " ]
  unset CRAM_JOB_END
  run -0 cram run --dir rest "$(run_dir)/remainder.pb"
  [[ $output == *"2 sub-jobs: 2 completed"* ]]
  run -0 cram run --resume "$(run_dir)" --dir b
  [[ $output == *"2 of them had completed before"* ]]
}

@test "without a limit the run times of those before say what can end" {
  pack --param i=1..100 -- sleep 1
  ends_in 35
  SECONDS=0
  run -3 run_m --slots 2
  [ "$SECONDS" -lt 30 ]
  completed=$(rows state -s CD | wc -l)
  [ "$completed" -ge 2 ] && [ "$completed" -lt 20 ]
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = "$(printf ' %s\n' \
    "$completed COMPLETED" "$((100 - completed)) PENDING")" ]
}

@test "what runs is asked to end, and killed in time" {
  program stays <<'END'
#!/bin/sh
trap 'date +%s >>told' TERM
while :; do sleep 0.1; done
END
  program goes <<'END'
#!/bin/sh
trap 'echo saved; exit 0' TERM
while :; do sleep 0.1; done
END
  pack --param which=stays,goes,goes,goes -- './{which}'
  ends_in 36
  end=$CRAM_JOB_END
  run -3 run_m --slots 2
  [ "$(date +%s)" -lt $((end - 5)) ]
  [ "$(head -n 1 told)" -le $((end - 22)) ]
  [ "$(rows state | tr '\n' ' ')" = "CANCELLED CANCELLED PENDING PENDING " ]
  [ "$(cram output "$(run_dir)" 1)" = saved ]
  nothing_left
}

@test "another signal, and another time: how it ends is the sub-job's word" {
  program job <<'END'
#!/bin/sh
trap 'exit $1' USR1
while :; do sleep 0.1; done
END
  pack --param code=0,3 -- ./job '{code}'
  ends_in 27
  run -3 run_m --slots 2 --signal USR1@20
  [ "$(rows state | tr '\n' ' ')" = "COMPLETED CANCELLED " ]
}

@test "a job that is over before it began starts nothing" {
  pack --param i=1..3 -- sh -c 'touch ran'
  ends_in -10
  run -3 run_m
  [ ! -e ran ]
  [[ $output == *"did not run: 0-2"* ]]
}

@test "sub-jobs are not told of the agents' job" {
  pack --param i=1 -- sh -c 'printenv CRAM_JOB_END || echo unset'
  ends_in 1000
  run -0 run_m
  [ "$(cram output "$(run_dir)" 0)" = unset ]
}

@test "a signal that is none is refused" {
  pack --param i=1 -- true
  refused "--signal: 'KNOCK' is no signal" run m.pb --signal KNOCK
  refused "--signal: '5' is less than 15 seconds" run m.pb --signal TERM@5
  refused "--signal: 'soon' is not a time (examples: 120, 90s, 5m)" \
    run m.pb --signal TERM@soon
}
