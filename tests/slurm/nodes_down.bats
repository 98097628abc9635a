# Nodes that Slurm takes from a run that goes on.
load helper

# goes_down NODE-NUMBER COMMAND...: which is a run of three nodes; its $status.
goes_down() {
  local node=${nodes[$1]}
  shift
  pack --param i=1..30 -- sleep 0.5
  background env CRAM_PATIENCE=6 "$@"
  until_true 60 eval '[ "$(count CD)" -ge 3 ]'
  scontrol update nodename="$node" state=down reason="a test"
  status=0
  wait "$pid" || status=$?
  scontrol update nodename="$node" state=resume || true
}

all_completed_once() {
  [ "$(count CD)" -eq 30 ]
  [ "$(rows index -D -s CD | wc -l)" -eq 30 ]
}

# The status is that of the task, which Slurm has killed.
@test "a node that goes down: the others run what it had" {
  goes_down 1 srun -N3 -c2 --cram=m.pb
  [ "$status" -eq 137 ]
  grep -q "^cram: the agent on ${nodes[1]} was lost" "$work/err"
  all_completed_once
  nothing_left
}

@test "a node that goes down in an allocation with --no-kill, too" {
  goes_down 1 salloc -Q --no-kill -N3 -c2 srun --cram=m.pb
  all_completed_once
  nothing_left
}

@test "the first node that goes down: the others finish what they hold" {
  goes_down 0 srun -N3 -c2 --cram=m.pb
  [ "$status" -ne 0 ]
  grep -q "^cram: ${nodes[2]}: finished what it held without the first agent" "$work/err"
  rm "$work/m.pb"
  run -0 user srun -N4 -c2 --cram-resume="$(run_dir)" --cram-dir=b
  [ "$(user cramacct -nP -j b -s CD -o index | wc -l)" -eq 30 ]
  nothing_left
}

@test "a batch job that loses a node and may be requeued resumes by itself" {
  pack --param i=1..60 -- sh -c 'echo {i} >>ran; sleep 0.3'
  user sbatch -N3 -c2 --requeue --cram=m.pb >/dev/null
  until_true 60 eval '[ "$(wc -l <"$work/ran")" -ge 12 ]'
  id=$(squeue -h -o %A)
  scontrol update nodename="${nodes[1]}" state=down reason="a test"
  sleep 2
  scontrol update nodename="${nodes[1]}" state=resume || true
  until_true 60 begun_again "$id"
  until_true 60 queue_is_empty
  [ "$(user cramacct -nP -j "$id" -s CD -o index | wc -l)" -eq 60 ]
  [ "$(sort -u "$work/ran" | wc -l)" -eq 60 ]
  nothing_left
}
