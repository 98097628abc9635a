load helper

# long_run [SRUN-OPTION...]: in the background, until sub-jobs run.
long_run() {
  program sleeper <<'END'
#!/bin/sh
trap 'echo told; exit 0' TERM
touch started.$CRAM_INDEX
sleep 1000 &
wait
END
  pack --param i=1..20 -- ./sleeper
  background srun -N2 -c2 --cram=m.pb "$@"
  until_true 20 eval '[ "$(ls "$work"/started.* | wc -l)" -ge 4 ]'
  until_true 20 eval '[ "$(count R)" -ge 4 ]'
}

ended() {
  status=0
  wait "$pid" || status=$?
}

job_id() { squeue -h -o %A | head -n 1; }

@test "scancel: sub-jobs are told, records are written, nothing is left" {
  long_run
  user scancel "$(job_id)"
  ended
  [ "$status" -ne 0 ]
  [ "$(count CA)" -eq 4 ]
  [ "$(count PD)" -eq 16 ]
  [ "$(user cram output "$(run_dir)" 0)" = told ]
  nothing_left
}

@test "Ctrl-C ends the run in good order" {
  long_run
  kill -INT "$pid"
  ended
  [ "$status" -eq 3 ]
  [ "$(count CA)" -eq 4 ]
  [ "$(count PD)" -eq 16 ]
  [ "$(user cram output "$(run_dir)" 0)" = told ]
  grep -q '^cram: 20 sub-jobs: 4 cancelled, 16 did not run' "$work"/err
  nothing_left
}

# Slurm forwards the second Ctrl-C and kills the step in the next moment.
@test "Ctrl-C twice ends the run with its records" {
  long_run
  kill -INT "$pid"
  sleep 0.3
  kill -INT "$pid" || true # the first may have been enough
  ended
  [ "$status" -ne 0 ]
  [ "$(count CA)" -eq 4 ]
  [ "$(count PD)" -eq 16 ]
  nothing_left
}

@test "SIGTERM to srun, which kills the step at once, leaves nothing" {
  long_run
  kill -TERM "$pid"
  ended
  [ "$status" -ne 0 ]
  [ "$(count PD)" -eq 16 ]
  nothing_left
}

@test "who ignores SIGTERM is killed" {
  program stubborn <<'END'
#!/bin/sh
trap '' TERM
touch started.$CRAM_INDEX
while :; do sleep 1; done
END
  pack --param i=1..2 -- ./stubborn
  background srun -N1 -c2 --cram=m.pb
  until_true 20 test -e "$work/started.1"
  user scancel "$(job_id)"
  ended
  [ "$status" -ne 0 ]
  [ "$(count CA)" -eq 2 ]
  nothing_left
}

@test "--cram-time ends a sub-job that takes longer, and no other" {
  pack --param s=0.1,1000,0.1 -- sleep '{s}'
  run -1 user srun -N1 -c2 --cram=m.pb --cram-time=2s
  [ "$(rows state -i 0,1,2)" = "$(printf '%s\n' COMPLETED TIMEOUT COMPLETED)" ]
  nothing_left
}

@test "the job's own time limit ends the run with its records" {
  pack --param i=1..2 -- sleep 1000
  run user srun -N1 -c2 -t1 --cram=m.pb
  [ "$status" -ne 0 ]
  [ "$(rows state | sort -u)" = CANCELLED ]
  nothing_left
}

@test "--cram-max-failures stops the run early" {
  pack --param i=1..200 -- sh -c 'sleep 0.1; false'
  run -3 user srun -N1 -c2 --cram=m.pb --cram-max-failures=5
  [ "$(count F)" -gt 5 ]
  [ "$(count PD)" -gt 100 ]
}

@test "--cram-retry runs again what failed" {
  pack --param i=1..3 -- sh -c 'test $CRAM_ATTEMPT = 2'
  user srun -N1 -c2 --cram=m.pb --cram-retry=2
  [ "$(rows state,attempt | sort -u)" = "COMPLETED|2" ]
}

@test "sub-jobs that cannot start are FAILED with the reason, others run" {
  touch "$work/plain"
  cat >"$work/table.csv" <<'END'
program,folder
/bin/true,.
./missing,.
./plain,.
/bin/true,nowhere
/bin/true,.
END
  pack --csv table.csv --cwd "$work/{folder}" -- '{program}'
  run -1 user srun -N1 -c2 --cram=m.pb
  [ "$(rows state | sort | uniq -c | tr -s ' ')" = "$(printf '%s\n' \
    ' 2 COMPLETED' ' 3 FAILED')" ]
  run -0 user cramacct --why -i 1-3
  [[ "$output" == *missing*"No such file or directory"* ]]
  [[ "$output" == *plain*"Permission denied"* ]]
  [[ "$output" == *nowhere*"No such file or directory"* ]]
}

@test "the job's time limit: in good order, and a resume does the rest" {
  pack --param s=1..12 -- sleep 10
  run -3 user srun -N2 -c2 -t1 --cram=m.pb --cram-dir=a
  [[ $output == *"stopped early: too little time was left of the job"* ]]
  [[ $output == *"to go on: srun --cram-resume="* ]]
  [[ $output != *"DUE TO TIME LIMIT"* ]]
  completed=$(user cramacct -nP -j a -s CD -o index | wc -l)
  [ "$completed" -ge 4 ] && [ "$completed" -lt 12 ]
  nothing_left
  run -0 user srun -N4 -c2 --cram-resume=a --cram-dir=b
  [[ $output == *"$completed of them had completed before"* ]]
}

@test "a requeued job goes on where it was" {
  pack --param i=1..60 -- sh -c 'echo {i} >>ran; sleep 0.3'
  user sbatch -N2 -c2 --requeue --cram=m.pb >/dev/null
  until_true 20 eval '[ "$(wc -l <"$work/ran")" -ge 12 ]'
  id=$(squeue -h -o %A)
  scontrol requeue "$id"
  # One that starts in the second of its end has a credential that slurmd takes
  # for the revoked one, and is killed.
  sleep 2
  until_true 60 begun_again "$id"
  until_true 60 queue_is_empty
  before=$(user cramacct -nP -j "cram-$id.0" -s CD -o index | wc -l)
  [ "$before" -ge 4 ] && [ "$before" -lt 60 ]
  # By its id the job is its newest run, which has it all.
  [ "$(user cramacct -nP -j "$id" -s CD -o index | wc -l)" -eq 60 ]
  [ "$(sort -u "$work/ran" | wc -l)" -eq 60 ]
  [ "$(wc -l <"$work/ran")" -le $((60 + 60 - before)) ]
  user cramacct -j "$id" --summary | grep -q "Resumed   $before sub-jobs"
  nothing_left
}

@test "--cram-release gives nodes that have nothing left to do to others" {
  program work <<'END'
#!/bin/sh
[ "$CRAM_INDEX" -eq 1 ] || exit 0
until [ -e go ]; do sleep 0.2; done
END
  pack --param i=1..8 -- ./work
  background env CRAM_PATIENCE=6 srun -N4 -c2 --cram=m.pb --cram-release
  # Those of the first agent and of the one that has something to do stay.
  until_true 120 eval '[ "$(sinfo -h -N -t idle -o %N | wc -l)" -eq 2 ]'
  user srun -N2 true
  until_true 60 grep -q 'nothing left to do, and went back to Slurm' "$work/err"
  touch "$work/go"
  ended
  [ "$status" -eq 0 ]
  [ "$(count CD)" -eq 8 ]
  nothing_left
}
