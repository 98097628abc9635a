load helper

@test "where Slurm has memory cgroups, they enforce the caps, and that is shown" {
  backend=cgroup/$CLUSTER_CGROUP
  [ "$CLUSTER_CGROUP" != no ] || backend=watchdog
  pack --param i=0 -- /bin/true
  run -0 --separate-stderr user srun -N1 --cram=m.pb
  [[ "$stderr" == *"caps by $backend"* ]]
  run -0 user cramacct --summary
  [[ "$output" == *"$backend"* ]]
}

@test "a hog of 2 GB dies at its cap of 200 MB, and nobody else" {
  taker hog
  pack --mem 200M --param what=/bin/true,./hog,/bin/true,./hog -- '{what}'
  run -1 user srun -N2 -c2 --cram=m.pb
  [ "$(rows index,state,cause | sort)" = "$(printf '%s\n' \
    '0|COMPLETED|completed' '1|OUT_OF_MEMORY|own cap' \
    '2|COMPLETED|completed' '3|OUT_OF_MEMORY|own cap')" ]
  nothing_left
}

@test "a hog's peak does not pass its cap" {
  taker hog
  pack --mem 200M --param i=0 -- ./hog
  run -1 user srun -N1 -c2 --cram=m.pb
  peak=$(rows maxrss --units=K)
  peak=${peak%K}
  most=200
  [ "$CLUSTER_CGROUP" != no ] || most=600 # it looks, and may be late
  [ "${peak%.*}" -le $((most * 1024)) ]
  [ "${peak%.*}" -ge $((190 * 1024)) ]
}

@test "the whole sub-job dies: a parent does not outlive its hog as a success" {
  taker hog
  pack --mem 200M --param i=0 -- sh -c './hog; sleep 5; exit 0'
  run -1 user srun -N1 -c2 --cram=m.pb
  [ "$(rows state)" = OUT_OF_MEMORY ]
  nothing_left
}

@test "Slurm does not take the job for one that ran out of memory" {
  taker hog
  pack --mem 200M --param i=0 -- ./hog
  run -1 user srun -N1 -c2 --job-name=hogs --cram=m.pb
  until_true 20 eval '[ "$(user sacct -nPX --name=hogs -o state)" = FAILED ]'
}

# bats test_tags=slow
@test "without a word about memory the cap is the budget over the slots" {
  pack --param i=1..2 -- sh -c 'echo $CRAM_MEM_BYTES'
  user srun -N1 -c2 --mem=1000M --cram=m.pb
  cap=$(user cram output "$(run_dir)" 0)
  [ "$cap" -le $((500 << 20)) ]
  [ "$cap" -ge $((400 << 20)) ]
}

# bats test_tags=slow
@test "sub-jobs that do not fit beside each other take turns" {
  pack --mem 600M --param i=1..4 -- sh -c 'echo $CRAM_SLOT; sleep 0.3'
  user srun -N1 -c2 --mem=1000M --cram=m.pb
  [ "$(rows state | sort -u)" = COMPLETED ]
  for i in 0 1 2 3; do
    [ "$(user cram output "$(run_dir)" $i)" = 0 ]
  done
}

# bats test_tags=slow
@test "--cram-mem is the cap, over what the manifest says" {
  taker hog
  pack --mem 2500M --param i=0 -- ./hog
  run -1 user srun -N1 -c2 --mem=3000M --cram=m.pb --cram-mem=100M
  [ "$(rows state,reqmem --units=M)" = "OUT_OF_MEMORY|100M" ]
}

# bats test_tags=slow
@test "memory of one sub-job does not count for the next in its slot" {
  taker half
  pack --mem 200M --param i=1..5 -- ./half 120
  user srun -N1 -c1 --cram=m.pb
  [ "$(count CD)" -eq 5 ]
}
