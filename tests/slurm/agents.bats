load helper

# slots_used: the slots that sub-jobs saw, node by node.
slots_used() {
  local i
  for ((i = 0; i < $1; ++i)); do user cram output "$(run_dir)" $i; done | sort -u
}

both_slots_of() { for node; do echo "$node 0" && echo "$node 1"; done; }

@test "one agent a node takes all CPUs of the step, whatever -n and -c say" {
  for shape in "-N2 -n4 -c1" "-N2 -n2 -c2" "-N2 -n4"; do
    rm -rf "$work"/cram-*
    pack --mem 100M --param i=1..12 -- sh -c 'sleep 0.2; echo $CRAM_NODE $CRAM_SLOT'
    # shellcheck disable=SC2086
    user srun $shape --cram=m.pb
    [ "$(cd "$work" && ls -d cram-*/journal.* | wc -l)" -eq 2 ]
    [ "$(slots_used 12)" = "$(both_slots_of "${nodes[0]}" "${nodes[1]}")" ]
  done
}

@test "tasks that only wait do not end the step, though srun says --wait" {
  pack --param i=1..4 -- sleep 2
  user srun -N1 -n2 --wait=1 --cram=m.pb
  [ "$(count CD)" -eq 4 ]
}

@test "--cram-slots limits the sub-jobs at once" {
  pack --mem 100M --param i=1..6 -- sh -c 'sleep 0.1; echo $CRAM_NODE $CRAM_SLOT'
  user srun -N1 -c2 --cram=m.pb --cram-slots=1
  [ "$(slots_used 6)" = "${nodes[0]} 0" ]
}

@test "a node with long runs does not hold up the rest" {
  program work <<'END'
#!/bin/sh
[ "$CRAM_INDEX" -ge 10 ] && exec sleep 0.05
exec sleep 1
END
  pack --param i=1..40 -- ./work
  start=$SECONDS
  user srun -N4 -c1 --cram=m.pb
  # Ten seconds when the first node keeps what it was given.
  [ $((SECONDS - start)) -le 6 ]
  [ "$(rows nodelist -i 0-9 | sort -u | wc -l)" -gt 1 ]
}

# agents_of NODE-NUMBER: the pids of the agent and of its keeper, who started it.
agents_of() {
  local pid
  for pid in $("$here/../cluster/cluster" processes "$cluster"); do
    if grep -qs '^cram-agent$' "/proc/$pid/comm" &&
      tr '\0' '\n' <"/proc/$pid/environ" | grep -qx "SLURM_NODEID=$1"; then
      echo "$pid"
    fi
  done
}

running() {
  pack --param i=1..30 -- sleep 1
  background env CRAM_PATIENCE=6 srun -N3 -c1 "$@" --cram=m.pb
  until_true 20 eval '[ "$(count CD)" -ge 3 ]'
}

ended() {
  status=0
  wait "$pid" || status=$?
}

# Nothing of the run is missing, and nothing was run to its end twice.
all_completed_once() {
  [ "$(count CD)" -eq 30 ]
  [ "$(rows index -D -s CD | wc -l)" -eq 30 ]
}

@test "what a lost agent had is run by the others" {
  running
  kill -KILL "$(agents_of 1 | tail -n 1)"
  ended
  [ "$status" -eq 0 ]
  grep -q "^cram: the agent on ${nodes[1]} was lost" "$work/err"
  [ "$(rows nodelist -D -s NF)" = "${nodes[1]}" ]
  all_completed_once
  nothing_left
}

@test "a site that ends a step when a task fails does not end it for that" {
  running --kill-on-bad-exit=1
  kill -KILL "$(agents_of 1 | tail -n 1)"
  ended
  [ "$status" -eq 0 ]
  all_completed_once
}

# Then srun says 137 of that task, which is more than 3.
@test "what an agent had that is lost with its keeper is run by the others" {
  running
  # shellcheck disable=SC2046
  kill -KILL $(agents_of 1)
  ended
  [ "$status" -eq 137 ]
  all_completed_once
  nothing_left
}

@test "what a stopped agent had is run by the others, and it leaves" {
  running
  stopped=$(agents_of 1 | tail -n 1)
  kill -STOP "$stopped"
  until_true 30 grep -q "^cram: the agent on ${nodes[1]} was lost: not heard" "$work/err"
  kill -CONT "$stopped"
  ended
  [ "$status" -eq 0 ]
  grep -q "^cram: ${nodes[1]}: .*its sub-jobs are ended" "$work/err"
  all_completed_once
  nothing_left
}

@test "the loss of the first agent ends the run" {
  running
  # shellcheck disable=SC2046
  kill -KILL $(agents_of 0)
  ended
  [ "$status" -ne 0 ]
  [ "$(count CD)" -ge 3 ]
  nothing_left
}

# Nobody is left who could say so.
@test "a run whose agents and keepers were all killed has ended, and is resumed" {
  running
  # shellcheck disable=SC2046
  kill -KILL $(agents_of 0) $(agents_of 1) $(agents_of 2)
  ended
  [ "$status" -eq 137 ]
  nothing_left
  [ "$(count NF)" -eq 0 ]
  touch -d '4 minutes ago' "$work"/cram-*/journal.*
  [ "$(count R)" -eq 0 ]
  [ "$(count NF)" -ge 1 ]
  killed=$(run_dir)
  run -0 --separate-stderr user cram status "$killed"
  [[ ${lines[0]} == *", ended after "* ]]
  [[ $stderr == *"its agents are gone without a word; "* ]]
  user srun -N3 -c1 --cram-resume="$killed"
  mv "$work/$killed" "$work/killed"
  [ "$(count CD)" -eq 30 ]
}
