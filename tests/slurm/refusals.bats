# Bad use: one clear line, status 2, and nothing is submitted.
load helper

# refused WORDS COMMAND...: WORDS are in the one line.
refused() {
  local words=$1 before
  before=$(jobs_so_far)
  shift
  one_line 2 "$words" user "$@"
  [ "$(jobs_so_far)" -eq "$before" ]
}

@test "no such file" {
  refused "none.pb: No such file" srun --cram=none.pb
}

@test "not a manifest" {
  echo "not a manifest at all" >"$work/foreign"
  refused foreign srun --cram=foreign
}

@test "an empty file" {
  : >"$work/empty"
  refused empty srun --cram=empty
}

@test "a truncated manifest" {
  pack --param i=1..1000 -- /bin/true
  head -c -5 "$work/m.pb" >"$work/cut.pb"
  refused cut.pb srun --cram=cut.pb
}

@test "a default command with an unknown placeholder" {
  pack --param i=1..3
  refused '{j}' srun --cram=m.pb echo '{j}'
}

@test "sub-jobs without a command" {
  pack --param i=1..3
  refused command srun --cram=m.pb
}

@test "a size that does not parse" {
  pack --param i=1..3 -- /bin/true
  refused --cram-mem srun --cram=m.pb --cram-mem=lots
}

@test "a time that does not parse" {
  pack --param i=1..3 -- /bin/true
  refused --cram-time srun --cram=m.pb --cram-time=soon
}

@test "a number that does not parse" {
  pack --param i=1..3 -- /bin/true
  refused --cram-slots srun --cram=m.pb --cram-slots=none
}

@test "an output name with an unknown placeholder" {
  pack --param i=1..3 -- /bin/true
  refused '{j}' srun --cram=m.pb --cram-output='result.{j}'
}

@test "a cap below 1 MiB" {
  pack --param i=1..3 -- /bin/true
  refused "--cram-mem: a cap of '100K' is below the least one, 1M" \
    srun --cram=m.pb --cram-mem=100K
}

@test "a cap above the node" {
  pack --mem 900G --param i=1..3 -- /bin/true
  refused 900 srun --cram=m.pb
}

@test "more CPUs than a node has" {
  pack --cpus 64 --param i=1..3 -- /bin/true
  refused 64 srun --cram=m.pb
}

@test "an option without --cram" {
  refused "--cram=FILE" srun --cram-mem=1G /bin/true
}

@test "--multi-prog" {
  pack --param i=1..3 -- /bin/true
  echo '0 /bin/true' >"$work/programs"
  refused multi-prog srun --multi-prog --cram=m.pb programs
}

@test "salloc" {
  pack --param i=1..3 -- /bin/true
  refused salloc salloc --cram=m.pb /bin/true
}

@test "a heterogeneous job" {
  pack --param i=1..3 -- /bin/true
  refused heterogeneous srun --cram=m.pb /bin/true : /bin/true
  refused heterogeneous srun --het-group=0,1 --cram=m.pb
}

@test "a batch script beside --cram" {
  pack --param i=1..3 -- /bin/true
  program job.sh <<'END'
#!/bin/sh
true
END
  refused script sbatch --cram=m.pb job.sh
}

@test "a cap that is to grow above every node, or not to grow" {
  pack -- true
  refused "--cram-oom-retry: a cap of 900T is above the node's" \
    srun -N1 --cram=m.pb --cram-oom-retry=2:900T
  refused "--cram-oom-retry: '1' is not a factor above 1" \
    srun -N1 --cram=m.pb --cram-oom-retry=1
}
