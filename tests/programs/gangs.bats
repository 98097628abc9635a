# Sub-jobs that are wider than any node, on agents of many nodes as processes of
# this machine.
load helper
load many_agents_helper

setup() {
  in_work
  export CRAM_PATIENCE=${CRAM_PATIENCE:-8} SLURM_CPUS_ON_NODE=2
}

teardown() {
  end_agents
  until_true 20 no_processes
}

# places: what each of $ranks ranks is told.
places='echo $CRAM_RANK of $CRAM_RANKS at $SLURM_LOCALID on node $SLURM_NODEID'

@test "a sub-job wider than a node runs on several, beside narrower ones" {
  pack --mem 20M --param i=1..20 -- sleep 0.05
  cram pack --append -o m.pb --mem 20M --ranks 3 --mpi none -- sh -c "$places" \
    >packed
  cram pack --append -o m.pb --mem 20M --ranks 7 --mpi none --param i=1..4 -- \
    sh -c "$places" >packed
  agents 4
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 25
  [ "$(cram output cram-7.0 20 | sort)" = "0 of 3 at 0 on node 0
1 of 3 at 1 on node 0
2 of 3 at 0 on node 1" ]
  [ "$(cram output cram-7.0 24 | wc -l)" -eq 7 ]
  [ "$(cramacct -nP -j cram-7.0 -i 24 -o alloccpus,nodelist)" = \
    "7|node0,node1,node2,node3" ]
}

@test "what was added meanwhile ends no gang that waits" {
  pack --mem 20M --ranks 6 --mpi none --param i=1..3 -- sleep 1
  cram pack -o more.pb --mem 20M -- true >packed
  agents 4
  until_true 20 eval '[ "$(pgrep -fxc "sleep 1")" -eq 6 ]'
  cram add cram-7.0 more.pb
  agents_end
  [ "$status" -eq 0 ]
  every_one_completed_once 4
}

# bats test_tags=lost
@test "a node that is lost ends the ranks on the others, and all are run again" {
  pack --mem 20M --ranks 8 --mpi none -- sleep "$long"
  agents 4
  until_true 20 eval '[ "$(pgrep -fxc "sleep $long")" -eq 8 ]'
  kill_node 2
  until_true 20 eval '[ "$(pgrep -fxc "sleep $long")" -eq 0 ]'
  # There are not enough nodes any more.
  agents_end
  [ "$status" -eq 1 ]
  [ "$(cramacct -nPD -j cram-7.0 -o attempt,state,cause)" = \
    "0|NODE_FAIL|node lost
1|FAILED|could not start" ]
  [[ $(cramacct -nP -j cram-7.0 -o reason) == "it needs 8 CPUs"* ]]
}

# bats test_tags=lost
@test "a member that is killed costs an attempt" {
  pack --mem 20M --ranks 4 --mpi none -- sh -c \
    'echo $CRAM_NODE >node.$CRAM_ATTEMPT.$CRAM_RANK; sleep 2'
  agents 3
  until_true 20 test -s node.0.3
  victim=$(cat node.0.3)
  kill -KILL "$(agent_of "${victim#node}")"
  agents_end
  [ "$status" -eq 0 ]
  [ "$(cramacct -nPD -j cram-7.0 -o attempt,state)" = "0|NODE_FAIL
1|COMPLETED" ]
  ! grep "$victim" node.1.*
}

@test "what ends one rank, or is asked for, ends all of them everywhere" {
  pack --mem 20M --ranks 4 --mpi none --param "i=1..2" -- sleep "$long"
  cram pack --append -o m.pb --mem 20M --time 0:02 --ranks 4 --mpi none -- \
    sleep "$long" >packed
  cram pack --append -o m.pb --mem 20M --ranks 4 --mpi none -- sh -c \
    '[ $CRAM_RANK -ne 3 ] || exec python3 -c "b\"x\" * (100 << 20)"' >packed
  agents 4
  until_true 20 eval '[ "$(pgrep -fxc "sleep $long")" -eq 8 ]'
  cram cancel -i 0-1 cram-7.0
  agents_end
  [ "$status" -eq 1 ]
  [ "$(cramacct -nP -j cram-7.0 -o index,state,cause)" = "0|CANCELLED|cancelled
1|CANCELLED|cancelled
2|TIMEOUT|time limit
3|OUT_OF_MEMORY|own cap" ]
  no_processes
}

# bats test_tags=lost
@test "without the first agent gangs end, and their nodes finish what they hold" {
  pack --mem 20M --param i=1..30 -- sleep 0.5
  cram pack --append -o m.pb --mem 20M --ranks 6 --mpi none -- sleep "$long" \
    >packed
  agents 3
  until_true 20 eval '[ "$(pgrep -fxc "sleep $long")" -eq 6 ]'
  kill -KILL "$(agent_of 0)"
  agents_end
  until_true 20 no_processes
  grep -q 'finished what it held without the first agent' said.1
  [ "$(cramacct -nP -j cram-7.0 -i 30 -o state)" = NODE_FAIL ]
  # Theirs, which had to wait for the gang.
  [ "$(completed)" -ge 10 ]
}
