# Go, told its cap: it collects in time, and has an error of its own only where
# the kernel refuses it memory.
load helper

setup_file() {
  export GOCACHE=$BATS_FILE_TMPDIR/cache
  for program in garbage grow; do
    go build -o "$BATS_FILE_TMPDIR/$program" "$BATS_TEST_DIRNAME/$program.go"
  done
}

@test "Go with more garbage than its cap has room for finishes" {
  runs 0 150M -- "$BATS_FILE_TMPDIR/garbage"
  [ "$record" = "COMPLETED|0:0|completed" ]
  [ "$output" = "100 megabytes are alive" ]
}

@test "Go that is told nothing is killed by its cap" {
  runs 1 150M --tell=none -- "$BATS_FILE_TMPDIR/garbage"
  killed_by_its_cap
}

@test "Go that grows without limit ends with its own error and its stack" {
  runs 1 150M --mem-mode=rlimit -- "$BATS_FILE_TMPDIR/grow"
  [ "$record" = "FAILED|2:0|runtime memory error" ]
  [[ $errors == *"out of memory"*"main.more"* ]]
}

@test "Go that grows without limit is else killed by its cap" {
  runs 1 150M -- "$BATS_FILE_TMPDIR/grow"
  killed_by_its_cap
}
