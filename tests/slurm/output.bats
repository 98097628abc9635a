load helper

speak() { pack --param i=0..3 -- sh -c 'echo out {i}; echo err {i} >&2'; }

files() { (cd "$work" && find . -type f ! -name m.pb | sort); }

@test "packed: one file a node, and cram output takes it apart" {
  speak
  user srun -N2 -c2 --cram=m.pb
  for i in 0 1 2 3; do
    [ "$(user cram output "$(run_dir)" $i)" = "out $i" ]
    [ "$(user cram output "$(run_dir)" $i --stderr)" = "err $i" ]
  done
  [ "$(files | grep -c /output)" -eq 2 ]
}

@test "none: nothing is kept" {
  speak
  user srun -N1 -c2 --cram=m.pb --cram-output=none
  [ "$(cd "$work" && grep -rl 'out 1' . | wc -l)" -eq 0 ]
}

@test "a template: a file a sub-job" {
  speak
  user srun -N1 -c2 --cram=m.pb --cram-output='result.{i:03d}'
  [ "$(grep -h out "$work"/result.00? | sort)" = "$(printf 'out %d\n' 0 1 2 3)" ]
}

@test "all: files named as LLNL Cram names them" {
  speak
  user srun -N1 -c2 --cram=m.pb --cram-output=all
  [ "$(cd "$work" && find . -name 'cram.*.out' | wc -l)" -eq 4 ]
}

@test "system: everything goes to srun's own output" {
  speak
  run -0 --separate-stderr user srun -N1 -c2 --cram=m.pb --cram-output=system
  [ "$(sort <<<"$output")" = "$(printf 'out %d\n' 0 1 2 3)" ]
}

@test "--cram-dir says where the run directory is" {
  speak
  user mkdir elsewhere
  user srun -N1 -c2 --cram=m.pb --cram-dir=elsewhere
  [ -d "$work"/elsewhere/cram-*.0 ]
}

@test "a megabyte of output arrives whole" {
  pack --param i=0..3 -- sh -c 'seq {i}00000 {i}99999'
  user srun -N2 -c2 --cram=m.pb
  for i in 0 1 2 3; do
    cmp <(user cram output "$(run_dir)" $i) <(seq "${i}00000" "${i}99999")
  done
}
