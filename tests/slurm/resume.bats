load helper

# A job that notes that it ran, and fails while its name is in the file fail.
job_script() {
  program job <<'END'
#!/bin/sh
echo "$1" >>ran
echo "out of $1"
! grep -qsx "$1" fail
END
}

ran() { sort -n "$work/ran" | tr '\n' ' '; }

@test "a run of two nodes is gone on with by four, without a manifest named" {
  job_script
  pack --param i=1..40 -- ./job '{i}'
  seq 31 40 >"$work/fail"
  run -1 user srun -N2 -c2 --cram=m.pb --cram-dir=a
  rm "$work/fail" "$work/ran"
  run -0 user srun -N4 -c2 --cram-resume=a --cram-dir=b
  [[ $output == *"40 sub-jobs: 40 completed"* ]]
  [ "$(ran)" = "$(seq -s ' ' 31 40) " ]
  [ "$(user cramacct -nP -j b -s CD -o index | wc -l)" -eq 40 ]
  [ "$(user cram output b 3)" = "out of 4" ]
  [ "$(user cram output b 33)" = "out of 34" ]
  # The run directory has the job's id: that names it, too.
  id=$(basename "$work"/b/cram-* | sed 's/cram-//')
  run -0 user srun -N1 --cram-resume="$id" --cram-dir=c
  [[ $output == *"nothing is left to do"* ]]
  nothing_left
}

@test "sbatch --cram-resume" {
  job_script
  pack --param i=1..8 -- ./job '{i}'
  seq 5 8 >"$work/fail"
  run -1 user srun -N1 -c2 --cram=m.pb --cram-dir=a
  rm "$work/fail" "$work/ran"
  user sbatch -N2 -c2 --wait --cram-resume=a --cram-dir=b >/dev/null
  [ "$(ran)" = "5 6 7 8 " ]
  [ "$(user cramacct -nP -j b -s CD -o index | wc -l)" -eq 8 ]
}

@test "what is left after scancel is run by another job, and nothing else" {
  pack --param i=1..40 -- sh -c 'sleep 0.3; echo {i} >>ran'
  background srun -N4 -c2 --cram=m.pb --cram-dir=a
  until_true 20 eval '[ "$(wc -l <"$work/ran")" -ge 8 ]'
  user scancel "$(squeue -h -o %A)"
  wait "$pid" || true
  until_true 20 queue_is_empty
  before=$(user cramacct -nP -j a -s CD -o index | wc -l)
  [ "$before" -ge 8 ] && [ "$before" -lt 40 ]
  run -0 user srun -N2 -c2 --cram-resume=a --cram-dir=b
  [[ $output == *"$before of them had completed before"* ]]
  [ "$(sort -u "$work/ran" | wc -l)" -eq 40 ]
  nothing_left
}

@test "no such run is one line before anything is allocated" {
  jobs=$(jobs_so_far)
  run -2 user srun -N1 --cram-resume=nowhere
  [[ $output == "cram: --cram-resume: "*nowhere* ]]
  [ "${#lines[@]}" -eq 1 ]
  run -2 user sbatch -N1 --cram-resume=nowhere
  [ "$(jobs_so_far)" -eq "$jobs" ]
}
