# shellcheck shell=bash
# What all files of bats share. Each test works in $work.
bats_require_minimum_version 1.5.0

# The programs of the build, told nothing by whoever runs the tests.
use_build() {
  PATH=$CRAM_BUILD/sbin/cram:$CRAM_BUILD/sbin/cramacct:$PATH
  export CRAM_AGENT=$CRAM_BUILD/spank/agent/agent/cram-agent
  export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  local variable
  for variable in ${!SLURM_*} ${!CRAM_MEM*} OMP_NUM_THREADS; do
    unset "$variable"
  done
}

# until_true SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# program NAME: makes standard input an executable in $work.
program() {
  cat >"$work/$1"
  chmod 755 "$work/$1"
}

# taker NAME: makes NAME in $work a program that takes memory, see
# tests/programs/take.c.
taker() { install -m 755 "$CRAM_BUILD/tests/programs/take" "$work/$1"; }

# one_line STATUS TEXT COMMAND...: it ends with STATUS and says one line, on
# standard error, that has TEXT in it.
one_line() {
  local status_wanted=$1 text=$2
  shift 2
  run -"$status_wanted" --separate-stderr "$@"
  [ -z "$output" ]
  # shellcheck disable=SC2154
  [ "${#stderr_lines[@]}" -eq 1 ]
  # shellcheck disable=SC2154
  [[ $stderr == "cram"*": "*"$text"* ]] || { echo "said: $stderr" && false; }
}
