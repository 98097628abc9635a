# Jobs that make room for more urgent ones, whose partition is above theirs.
load helper

setup_file() {
  [ -e "$CRAM_BUILD/slurm-tests" ] || return 0
  use_cluster
  scontrol create partition=urgent nodes=ALL prioritytier=9 preemptmode=off
  scontrol create partition=requeued nodes=ALL preemptmode=requeue
  scontrol create partition=cancelled nodes=ALL preemptmode=cancel gracetime=30
}

teardown_file() {
  [ -e "$CRAM_BUILD/slurm-tests" ] || return 0
  use_cluster
  for partition in urgent requeued cancelled; do
    scontrol delete partition=$partition
  done
}

@test "a job that is requeued for a more urgent one resumes by itself" {
  pack --param i=1..60 -- sh -c 'echo {i} >>ran; sleep 0.3'
  user sbatch -p requeued -N4 -c2 --requeue --cram=m.pb >/dev/null
  until_true 60 eval '[ "$(wc -l <"$work/ran")" -ge 16 ]'
  id=$(squeue -h -o %A)
  user srun -p urgent -N4 -c2 sleep 2
  until_true 60 begun_again "$id"
  until_true 60 queue_is_empty
  before=$(user cramacct -nP -j "cram-$id.0" -s CD -o index | wc -l)
  [ "$before" -ge 8 ] && [ "$before" -lt 60 ]
  [ "$(user cramacct -nP -j "$id" -s CD -o index | wc -l)" -eq 60 ]
  [ "$(sort -u "$work/ran" | wc -l)" -eq 60 ]
  [ "$(wc -l <"$work/ran")" -le $((60 + 60 - before)) ]
  nothing_left
}

@test "a job that is cancelled for a more urgent one ends in good order" {
  program sleeper <<'END'
#!/bin/sh
trap 'echo told; exit 0' TERM
touch started.$CRAM_INDEX
sleep 1000 &
wait
END
  pack --param i=1..20 -- ./sleeper
  background srun -p cancelled -N4 -c2 --cram=m.pb
  until_true 60 eval '[ "$(count R)" -eq 8 ]'
  user srun -p urgent -N4 -c2 true
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 3 ]
  grep -q '^cram: 20 sub-jobs: 8 cancelled, 12 did not run' "$work/err"
  grep -q 'to go on: srun --cram-resume=' "$work/err"
  [ "$(count CA)" -eq 8 ]
  [ "$(count PD)" -eq 12 ]
  [ "$(user cram output "$(run_dir)" 0)" = told ]
  nothing_left
}
