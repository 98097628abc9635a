# What the tests with real runtimes share: each gives a program that wants more
# than its cap to `cram run`.
load ../helper

setup() {
  use_build
  here=$BATS_TEST_DIRNAME
  # What whoever runs the tests has set would not be told.
  for variable in ${!PYPY_GC_*} JAVA_TOOL_OPTIONS \
    JDK_JAVA_OPTIONS _JAVA_OPTIONS NODE_OPTIONS GOMEMLIMIT R_MAX_VSIZE \
    MALLOC_ARENA_MAX GLIBC_TUNABLES; do
    unset "$variable"
  done
  cd "$BATS_TEST_TMPDIR"
}

# runs STATUS CAP [OPTION...] -- COMMAND...: one sub-job, its record in $record
# (state, exit code, cause) and what it said in $output and $errors.
runs() {
  local expected=$1 cap=$2 options=() status=0
  shift 2
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  rm -rf cram-run-*
  cram pack -o m.pb --mem "$cap" --cpus 1 "$@" >packed
  cram run m.pb "${options[@]}" 2>said || status=$?
  record=$(cramacct -nP -j "$(echo cram-run-*)" -o state,exitcode,cause)
  output=$(cram output "$(echo cram-run-*)" 0)
  errors=$(cram output --stderr "$(echo cram-run-*)" 0)
  echo "$record"
  cramacct -j "$(echo cram-run-*)" -o elapsed,maxrss,reqmem,told%200
  echo "$errors" | tail -n 20
  [ "$status" -eq "$expected" ]
}

killed_by_its_cap() { [ "$record" = "OUT_OF_MEMORY|0:9|own cap" ]; }

# warm PROGRAM: reads it and its libraries, so that their pages are charged to
# us. Where they are the sub-job's own, the kernel takes them back before it
# kills, and a program may crawl along its cap for minutes, reading itself from
# the disk again and again.
warm() {
  local program
  program=$(readlink -f "$(command -v "$1")")
  { echo "$program" && ldd "$program" | grep -o '/[^ ]*'; } |
    xargs cat >/dev/null
}
