# Node, told its cap.
load helper

@test "Node ends with its own error and a stack" {
  runs 1 200M -- node "$here/grow.js"
  [ "$record" = "FAILED|0:6|runtime memory error" ]
  [[ $errors == *"JavaScript heap out of memory"* ]]
}

@test "Node that is told nothing is killed by its cap" {
  warm node
  runs 1 200M --tell=-node -- node "$here/grow.js"
  killed_by_its_cap
}

@test "Node's own options stay beside the limit" {
  NODE_OPTIONS=--no-warnings runs 0 200M -- \
    node -p process.env.NODE_OPTIONS
  [ "$output" = "--no-warnings --max-old-space-size=126" ]
}
