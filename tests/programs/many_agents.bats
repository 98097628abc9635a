# Agents of many nodes on this machine, some of which are lost.
load helper
load many_agents_helper

setup() {
  in_work
  export CRAM_PATIENCE=8
}

teardown() {
  end_agents
  until_true 20 no_processes
}

@test "every sub-job completes once when agents of two levels are lost" {
  pack --mem 20M --param i=1..4000 -- sleep 0.05
  agents 40
  until_true 20 eval '[ "$(completed)" -ge 300 ]'
  kill -KILL "$(agent_of 1)" # which has agents below it
  kill_node 5
  stopped=$(agent_of 9)
  kill -STOP "$stopped"
  sleep 12
  kill -CONT "$stopped" || true # it may be all over
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 4000
  for node in 1 5 9; do
    grep -q "^cram: the agent on node$node was lost" said.*
    grep -q "\"node$node\"" cram-7.0/summary.json
  done
  grep -q '^cram: node9: .*its sub-jobs are ended' said.9
}

@test "an agent that sleeps for less than its lease goes on as if nothing had been" {
  pack --mem 20M --param i=1..60 -- sleep 0.3
  agents 3
  until_true 10 eval '[ "$(completed)" -ge 6 ]'
  kill -STOP "$(agent_of 1)"
  sleep 2
  kill -CONT "$(agent_of 1)"
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 60
  [ "$(cramacct -nP -j cram-7.0 -D -o index | wc -l)" -eq 60 ]
}

@test "who may have been given up records nothing that ended meanwhile" {
  pack --mem 20M --param i=1..3 -- sleep 4
  agents 3
  until_true 10 eval '[ "$(rows -s R | wc -l)" -eq 3 ]'
  stopped=$(agent_of 1)
  kill -STOP "$stopped"
  until_true 30 grep -q '^cram: the agent on node1 was lost' said.0
  kill -CONT "$stopped"
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 3
  [ "$(cramacct -nP -j cram-7.0 -D -s NF -o index,attempt)" = "1|0" ]
}

@test "a sub-job that loses its node three times is not run again" {
  # The first agent is busy, and stays.
  program work <<'END'
#!/bin/sh
[ "$CRAM_INDEX" -lt 2 ] && exec sleep 6
[ "$CRAM_INDEX" -eq 2 ] && sleep 0.3 && kill -KILL "$PPID" && sleep 1
exit 0
END
  pack --mem 20M --param i=1..20 -- ./work
  agents 5
  agents_end
  [ "$status" -eq 1 ]
  grep -q '^cram: sub-job 2 lost its node 3 times and is not run again' said.0
  [ "$(rows -s NF)" = 2 ]
  no_one_completed_twice
  [ "$(completed)" -eq 19 ]
}

@test "without the first agent the others finish what they hold, and say so" {
  pack --mem 20M --param i=1..60 -- sleep 0.3
  agents 3
  until_true 10 eval '[ "$(completed)" -ge 6 ]'
  kill -KILL "$(agent_of 0)"
  agents_end
  [ "$status" -eq 3 ]
  for node in 1 2; do
    grep -q "^cram: node$node: finished what it held without the root" "said.$node"
  done
  no_one_completed_twice
}
