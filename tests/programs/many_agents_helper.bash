# shellcheck shell=bash
# Agents of many nodes as processes of this machine: what Slurm would start.

# agents NODES: one a node, in the background. pids[NODE] is the keeper's pid;
# what it says goes to said.NODE.
agents() {
  local node
  pids=()
  for ((node = 0; node < $1; ++node)); do agent "$node" "$1"; done
}

# agent NODE NODES: one of them.
agent() {
  SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_NODEID=$1 SLURM_LOCALID=0 \
    SLURM_STEP_NUM_NODES=$2 SLURMD_NODENAME=node$1 \
    "$CRAM_AGENT" --manifest="$PWD/m.pb" --slots=2 \
    >"out.$1" 2>"said.$1" 3>&- &
  pids[$1]=$!
}

# agent_of NODE: the process that a node's keeper keeps.
agent_of() { pgrep -P "${pids[$1]}" -x cram-agent; }

# kill_node NODE: as when a node dies, so that no keeper says what happened.
# What keepers remove is removed after them.
kill_node() {
  local keeper=${pids[$1]} agent
  agent=$(agent_of "$1")
  kill -STOP "$keeper"
  # shellcheck disable=SC2046
  kill -KILL "$agent" $(pgrep -P "$agent") "$keeper"
  wait "$keeper" 2>/dev/null || true
  find /sys/fs/cgroup -depth -type d -path "*/cram_$keeper*" \
    -exec rmdir {} + 2>/dev/null || true
}

# agents_end: all of them; status becomes that of the first.
agents_end() {
  local node
  status=0
  wait "${pids[0]}" || status=$?
  for node in "${!pids[@]}"; do wait "${pids[node]}" 2>/dev/null || true; done
  pids=()
}

# end_agents: what a test that failed has left.
end_agents() {
  local node
  for node in "${!pids[@]}"; do
    kill -0 "${pids[node]}" 2>/dev/null || continue
    kill -CONT "$(agent_of "$node")" 2>/dev/null || true
    kill_node "$node"
  done
}

# rows [OPTION...]: the indexes, of the sub-jobs that cramacct selects.
rows() { cramacct -nP -j cram-7.0 -o index "$@"; }
completed() { rows -s CD | wc -l; }
no_one_completed_twice() {
  local twice
  twice=$(rows -D -s CD | sort | uniq -d)
  [ -z "$twice" ] || {
    cramacct -P -j cram-7.0 -D -i "$(echo $twice | tr ' ' ,)" \
      -o index,attempt,state,nodelist,start,end
    tail -n 100 said.*
    false
  }
}
every_one_completed_once() {
  no_one_completed_twice
  [ "$(completed)" -eq "$1" ]
}
