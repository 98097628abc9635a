# --mem-mode rlimit, for what has no knob: CPython and compiled programs.
load helper

# The system's, whatever else is installed.
python=/usr/bin/python3

@test "CPython ends with MemoryError at the line that asked" {
  runs 1 200M --mem-mode=rlimit -- "$python" "$here/grow.py"
  [ "$record" = "FAILED|1:0|runtime memory error" ]
  [[ $errors == *"grow.py\", line 3, in more"*MemoryError ]]
}

@test "CPython can go on from MemoryError" {
  runs 0 200M --mem-mode=rlimit -- "$python" -c '
try:
  huge = bytes(1 << 30)
except MemoryError:
  print("too much")'
  [ "$output" = "too much" ]
}

@test "CPython without it is killed by its cap" {
  warm "$python"
  runs 1 200M -- "$python" "$here/grow.py"
  killed_by_its_cap
}

@test "C++ ends with bad_alloc" {
  runs 1 200M --mem-mode=rlimit -- "$CRAM_BUILD/tests/runtimes/grow"
  [ "$record" = "FAILED|0:6|runtime memory error" ]
  [[ $errors == *std::bad_alloc* ]]
}

@test "C++ without it is killed by its cap" {
  runs 1 200M -- "$CRAM_BUILD/tests/runtimes/grow"
  killed_by_its_cap
}

@test "the manifest says it, and the run has the last word" {
  cram pack -o m.pb --mem 100M --mem-mode rlimit -- sh -c 'ulimit -d'
  cram run m.pb
  [ "$(cram output cram-run-* 0)" = $((90 * 1024)) ]
  [[ $(cramacct -nP -j cram-run-* -o told) == *,RLIMIT_DATA ]]
  rm -r cram-run-*
  cram run m.pb --mem-mode=cgroup
  [ "$(cram output cram-run-* 0)" = "$(ulimit -d)" ]
  [[ $(cramacct -nP -j cram-run-* -o told) != *RLIMIT_DATA ]]
}

@test "a lower limit of the user's stays" {
  cram pack -o m.pb --mem 100M --mem-mode rlimit -- sh -c 'ulimit -d'
  (ulimit -d 80000 && cram run m.pb)
  [ "$(cram output cram-run-* 0)" = 80000 ]
}

@test "runtimes that reserve address space start under it" {
  for command in "node -p 7" "java -version" "pypy3 -c pass" "Rscript -e 7"; do
    runs 0 200M --mem-mode=rlimit -- $command
  done
}
