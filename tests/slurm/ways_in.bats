load helper

@test "sbatch --cram makes a batch job of the run" {
  pack --param i=1..8 -- /bin/true
  run -0 user sbatch --parsable -N2 -c2 --cram=m.pb
  until_true 40 queue_is_empty
  [ "$(user env -C / cramacct -nP -o state -j "$output" | sort | uniq -c |
    tr -s ' ')" = " 8 COMPLETED" ]
}

@test "inside of an allocation" {
  pack --param i=1..8 -- /bin/true
  user salloc -Q -N2 -c2 srun --cram=m.pb
  [ "$(count CD)" -eq 8 ]
}

@test "inside of a batch script, after another step" {
  pack --param i=1..8 -- /bin/true
  program job.sh <<'END'
#!/bin/sh
srun /bin/true
exec srun --cram=m.pb
END
  user sbatch -N2 -n2 -c2 job.sh
  until_true 40 queue_is_empty
  [ "$(count CD)" -eq 8 ]
  [[ "$(run_dir)" == *.1 ]]
}

@test "the user's command is that of sub-jobs without one" {
  pack --param i=7,8
  user srun -N1 -c2 --cram=m.pb echo 'number {i}'
  [ "$(user cram output "$(run_dir)" 1)" = "number 8" ]
}

@test "a word after -- is the command's, not srun's" {
  pack --param i=7
  user srun -N1 --cram m.pb -- echo -N4 '{i}'
  [ "$(user cram output "$(run_dir)" 0)" = "-N4 7" ]
}

@test "a list of lines" {
  printf '%s\n' 'echo one' "echo 'two  words'" >"$work/lines"
  pack --lines lines
  user srun -N1 -c2 --cram=m.pb
  [ "$(user cram output "$(run_dir)" 1)" = "two  words" ]
}
