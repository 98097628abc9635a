# R, told its cap.
load helper

@test "R ends with its own error" {
  runs 1 300M -- Rscript "$here/grow.R"
  [ "$record" = "FAILED|1:0|runtime memory error" ]
  [[ $errors == *"vector memory exhausted"* ||
     $errors == *"vector memory limit"* ||
     $errors == *"cannot allocate vector"* ]]
}

@test "R that is told nothing is killed by its cap" {
  runs 1 300M --tell=none -- Rscript "$here/grow.R"
  killed_by_its_cap
}
