# Agents of many nodes on this machine, some of which are lost.
load helper
load many_agents_helper

setup() {
  in_work
  export CRAM_PATIENCE=10
}

teardown() {
  end_agents
  until_true 60 no_processes
}

# until_said TEXT NODE: until the agent on a node says so; a machine may be slow.
until_said() {
  until_true 120 grep -q "$1" "said.$2" || { tail -n 50 said.* && false; }
}

@test "every sub-job completes once when agents of three levels are lost" {
  export CRAM_FAN_OUT=3
  pack --mem 20M --param i=1..1200 -- sleep 0.2
  agents 14
  until_true 120 eval '[ "$(completed)" -ge 60 ]'
  kill -KILL "$(agent_of 1)" # which has agents below it
  kill_node 12
  stopped=$(agent_of 13)
  kill -STOP "$stopped"
  until_said '^cram: the agent on node13 was lost' 4
  kill -CONT "$stopped"
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 1200
  for node in 1 12 13; do
    grep -q "^cram: the agent on node$node was lost" said.*
    grep -q "\"node$node\"" cram-7.0/summary.json
  done
  grep -q '^cram: node13: .*its sub-jobs are ended' said.13
}

@test "whatever the order, what is lost, cancelled and left is what was meant" {
  for ((i = 0; i < 120; ++i)); do
    echo "{\"time\": \"$((i % 7 + 1))\", \"i\": $i}"
  done >t.jsonl
  pack --mem 20M --jsonl t.jsonl -- sh -c 'test {i} = $CRAM_INDEX && sleep 0.3'
  agents 3
  until_true 120 eval '[ "$(completed)" -ge 10 ]'
  # The first places are those of seven minutes, the last one is 119's.
  [ "$(rows -s CD | awk '$1 % 7 == 6' | wc -l)" -ge 9 ]
  kill_node 1
  cram cancel cram-7.0 -i 119
  agents_end
  [ "$status" -eq 1 ]
  [ "$(rows -s CA)" = 119 ]
  every_one_completed_once 119
  cram run --resume cram-7.0 2>err
  grep -q '119 sub-jobs completed there, 1 to run' err
}

@test "an agent that sleeps for less than its lease goes on as if nothing had been" {
  pack --mem 20M --param i=1..60 -- sleep 0.3
  agents 3
  until_true 120 eval '[ "$(completed)" -ge 6 ]'
  kill -STOP "$(agent_of 1)"
  sleep 2
  kill -CONT "$(agent_of 1)"
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 60
  [ "$(cramacct -nP -j cram-7.0 -D -o index | wc -l)" -eq 60 ]
}

# Node 1 wakes when node 2, which is below it, has gone to the agent above, and
# before it is given up itself.
@test "an agent that agents below it were taken from does not come back" {
  export CRAM_FAN_OUT=1 CRAM_PATIENCE=6
  pack --mem 20M --param i=1..600 -- sleep 0.2
  agents 3
  until_true 120 eval '[ "$(completed)" -ge 12 ]'
  stopped=$(agent_of 1)
  kill -STOP "$stopped"
  sleep 6.8
  kill -CONT "$stopped"
  agents_end
  [ "$status" -eq 0 ] || { tail -n 50 said.* && false; }
  every_one_completed_once 600
}

@test "who comes so late that others may have its first share asks for it" {
  pack --mem 20M --param i=1..60 -- sleep 0.2
  pids=()
  for node in 0 1; do agent $node 3; done
  until_true 60 test -e cram-7.0/root
  touch -d '-20 seconds' cram-7.0/root
  agent 2 3
  agents_end
  [ "$status" -eq 0 ]
  grep -q '^cram: node2: came [0-9]* seconds after the first agent, and asks' said.2
  every_one_completed_once 60
}

@test "who may have been given up records nothing that ended meanwhile" {
  pack --mem 20M --param i=1..3 -- sh -c 'until [ -e stopped ]; do sleep 0.2; done'
  agents 3
  until_true 120 eval '[ "$(rows -s R | wc -l)" -eq 3 ]'
  # Who comes late finds nothing left to do: one that has something.
  IFS='|' read -r index node < <(
    cramacct -nP -j cram-7.0 -s R -o index,nodelist | grep -v node0)
  stopped=$(agent_of "${node#node}")
  kill -STOP "$stopped"
  touch stopped
  # By its number, should it not have said its name before it was stopped.
  until_said "^cram: the agent on node \?${node#node} was lost" 0
  kill -CONT "$stopped"
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 3
  cramacct -nP -j cram-7.0 -D -s NF -o index,attempt | grep -qx "$index|0"
}

@test "a sub-job that loses its node three times is not run again" {
  # The first agent is busy until then, and stays.
  program work <<'END'
#!/bin/sh
[ "$CRAM_NODE" != node0 ] || exec timeout 120 sh -c \
  "until grep -q '3 times' said.0; do sleep 0.2; done"
[ "$CRAM_INDEX" -eq 2 ] && sleep 0.3 && kill -KILL "$PPID" && sleep 1
exit 0
END
  pack --mem 20M --param i=1..20 -- ./work
  agents 5
  agents_end
  [ "$status" -eq 1 ]
  grep -q '^cram: sub-job 2 lost its node 3 times and is not run again' said.0 || {
    cat said.*
    cramacct -D -j cram-7.0
    false
  }
  [ "$(rows -s NF)" = 2 ]
  no_one_completed_twice
  [ "$(completed)" -eq 19 ]
}

@test "without the first agent the others finish what they hold, and say so" {
  pack --mem 20M --param i=1..200 -- sleep 0.3
  agents 3
  until_true 120 eval '[ "$(completed)" -ge 6 ]'
  kill -KILL "$(agent_of 0)"
  agents_end
  [ "$status" -eq 3 ]
  for node in 1 2; do
    grep -q "^cram: node$node: finished what it held without the first agent" "said.$node"
  done
  [ "$(cat said.* | grep -c '^cram: to go on: .*/cram-7.0$')" -eq 1 ]
  no_one_completed_twice
}

@test "without the first agent the others end when they are told to" {
  pack --mem 20M --param i=1..200 -- sleep 0.3
  agents 2
  until_true 120 eval '[ "$(completed)" -ge 6 ]'
  kill -KILL "$(agent_of 0)"
  until_said "^cram: node1: the first agent is gone" 1
  kill -TERM "${pids[1]}"
  until_true 60 eval '! kill -0 "${pids[1]}"'
  agents_end
  no_one_completed_twice
}

# Fails at once on node 1, and nowhere else.
black_hole() {
  program work <<'END'
#!/bin/sh
[ "$CRAM_NODE" != node1 ] || exit 127
exec sleep 0.1
END
}

@test "a black hole is benched, and what it failed is run elsewhere" {
  black_hole
  pack --mem 20M --param i=1..300 -- ./work
  agents 3
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 300
  grep -q '^cram: node1 is benched: ' said.0
  grep -q '^cram: benched, as sub-jobs failed there that completed elsewhere: node1$' said.0
  grep -q '"benched_nodes": \[' cram-7.0/summary.json
  failed=$(rows -D -s F | wc -l)
  [ "$failed" -ge 10 ] && [ "$failed" -le 12 ]
}

@test "sub-jobs that fail everywhere bench nobody" {
  program work <<'END'
#!/bin/sh
exit 127
END
  pack --mem 20M --param i=1..300 -- ./work
  agents 3
  agents_end
  [ "$status" -eq 1 ]
  [ "$(rows -s F | wc -l)" -eq 300 ]
  # Few were run again.
  [ "$(rows -D | wc -l)" -le 450 ]
  ! grep -q bench said.*
}

# What it gives away before anybody knows of it is neither lost nor begun anew.
@test "what failed before its agent was known is tried elsewhere, once" {
  program work <<'END'
#!/bin/sh
exit 127
END
  pack --mem 20M --param i=1..60 -- ./work
  pids=()
  agent 1 2
  until_true 60 eval '[ "$(rows -s F | wc -l)" -ge 10 ]'
  until_true 60 eval 'cram status cram-7.0 | grep -q benched'
  agent 0 2
  agents_end
  [ "$status" -eq 1 ]
  [ "$(rows -s F | wc -l)" -eq 60 ]
  twice=$(cramacct -nP -j cram-7.0 -D -o index,attempt | sort | uniq -d)
  [ -z "$twice" ]
}

# Ten that failed on node 1 wait to be tried on node 0, which is busy.
@test "the summary counts what failed and was to be tried elsewhere" {
  program work <<'END'
#!/bin/sh
[ "$CRAM_NODE" != node1 ] || exit 127
exec sleep 1000
END
  pack --mem 20M --param i=1..100 -- ./work
  agents 2
  until_true 120 eval '[ "$(rows -s F | wc -l)" -ge 10 ]'
  until_true 120 eval 'cram status cram-7.0 | grep -q benched'
  kill -TERM "$(agent_of 0)"
  agents_end
  [ "$status" -eq 3 ]
  failed=$(rows -s F | wc -l)
  waited=$(rows -s PD | wc -l)
  grep -q "^cram: 100 sub-jobs: $failed failed, 2 cancelled, $waited did not run" said.0
}

@test "what could not start is retried on another node" {
  pack --mem 20M --param i=1..3 -- ./work
  program work <<'END'
#!/bin/sh
sleep 5
END
  # Where node 1 looks there is no such program.
  mkdir elsewhere
  for node in 0 1; do
    (
      [ "$node" -eq 0 ] || cd elsewhere
      exec env SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_NODEID=$node SLURM_LOCALID=0 \
        SLURM_STEP_NUM_NODES=2 SLURMD_NODENAME=node$node \
        "$CRAM_AGENT" --manifest="$work/m.pb" --dir="$work" --slots=4 --retry=1
    ) >"out.$node" 2>"said.$node" 3>&- &
    pids[node]=$!
  done
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 3
  [ "$(cramacct -nP -j cram-7.0 -D -s F -o index,nodelist,attempt)" = "1|node1|0" ]
  [ "$(cramacct -nP -j cram-7.0 -i 1 -o nodelist,attempt)" = "node0|1" ]
}
