load helper

@test "fifty sub-jobs are one job and one step to Slurm" {
  pack --param i=1..50 -- /bin/true
  user srun -N4 -c2 --job-name=fifty --cram=m.pb
  until_true 20 eval '[ "$(user sacct -nPX --name=fifty -o state)" = COMPLETED ]'
  run -0 user sacct -nP --name=fifty -o jobid
  [ "${#lines[@]}" -eq 2 ]
  [ "${lines[1]}" = "${lines[0]}.0" ]
}

@test "cramacct has a completed row for each sub-job" {
  pack --param i=1..50 -- /bin/true
  user srun -N4 -c2 --cram=m.pb
  [ "$(rows index,state | sort -n)" = "$(seq -f '%g|COMPLETED' 0 49)" ]
}

@test "cramacct finds a run by its job id from anywhere" {
  pack --param i=1..5 -- /bin/true
  user srun -N1 --cram=m.pb
  job=$(run_dir)
  job=${job#cram-} job=${job%.*}
  run -0 user env -C / cramacct -nP -o index -j "$job"
  [ "${#lines[@]}" -eq 5 ]
}

@test "every node of the step takes part" {
  pack --param i=1..40 -- sleep 0.1
  user srun -N4 -c2 --cram=m.pb
  [ "$(rows nodelist | sort -u)" = "$(printf '%s\n' "${nodes[@]}")" ]
}

@test "a failure makes the exit status 1 and harms no other" {
  pack --param code=0,3,0 -- sh -c 'exit {code}'
  run -1 user srun -N1 --cram=m.pb
  [ "$(rows index,state,exitcode | sort)" = "$(printf '%s\n' \
    '0|COMPLETED|0:0' '1|FAILED|3:0' '2|COMPLETED|0:0')" ]
}

@test "a signal that kills a sub-job is named" {
  pack --param i=0 -- sh -c 'kill -SEGV $$'
  run -1 user srun -N1 --cram=m.pb
  [ "$(rows state,exitcode,cause)" = "FAILED|0:11|signal" ]
}

@test "srun without --cram is as it was" {
  run -0 user srun -N4 echo plain
  [ "$output" = "$(printf 'plain\n%.0s' 1 2 3 4)" ]
  [ -z "$(cd "$work" && ls)" ]
}

@test "progress is told on standard error" {
  pack --param i=1..20 -- sleep 0.2
  run -0 --separate-stderr user srun -N1 -c2 --cram=m.pb --cram-progress
  [[ "$stderr" == *20* ]]
}
