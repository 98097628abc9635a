# PyPy, told its cap.
load helper

@test "PyPy ends with MemoryError at the line that asked" {
  runs 1 200M -- pypy3 "$here/grow.py"
  [ "$record" = "FAILED|1:0|runtime memory error" ]
  [[ $errors == *"grow.py\", line 3, in more"*MemoryError ]]
}

@test "PyPy that is told nothing is killed by its cap" {
  warm pypy3
  runs 1 200M --tell=none -- pypy3 "$here/grow.py"
  killed_by_its_cap
}

@test "PyPy within its cap ends as without" {
  runs 0 200M -- pypy3 -c 'print(sum(len([i] * 9) for i in range(10000000)))'
  [ "$output" = 90000000 ]
}
