# Go, told its cap: it has no error to raise, but it collects in time.
load helper

setup_file() {
  export GOCACHE=$BATS_FILE_TMPDIR/cache
  go build -o "$BATS_FILE_TMPDIR/garbage" "$BATS_TEST_DIRNAME/garbage.go"
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
