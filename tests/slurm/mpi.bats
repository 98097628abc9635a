# Sub-jobs of several ranks on the private Slurm.
load helper

programs=$CRAM_BUILD/tests/mpi

# Of this run, since its manifest was packed: others' have directories there.
none_in_shared_memory() {
  local run
  run=$(run_dir) || return
  [ -z "$(find /dev/shm -mindepth 1 -maxdepth 1 -user "$CLUSTER_USER" \
    -newer "$work/m.pb" \
    '(' -name "cram-tmp-${run#cram-}-*" -o ! -name 'cram-tmp-*' ')')" ]
}

@test "worlds of both MPIs side by side, on every node, and those that fail harm no other" {
  for i in $(seq 20); do printf 'world.mpich\nworld.openmpi\n'; done |
    sed '1i p' >"$work/worlds.csv"
  for how in abort crash leave; do
    printf 'ends.mpich %s\nends.openmpi %s\n' $how $how
  done | sed "s,^,$programs/," >"$work/ends"
  pack --ranks 2 --csv worlds.csv -- "$programs/{p}"
  pack --append --ranks 2 --lines ends
  run -1 user srun -N4 -c2 --cram=m.pb
  [ "$(rows state | sort | uniq -c | xargs)" = "40 COMPLETED 6 FAILED" ]
  [ "$(rows nodelist | sort -u | wc -l)" -eq 4 ]
  run -0 user cram output "$(run_dir)" 7
  [ "$(sort <<<"$output")" = "$(printf 'rank %d of 2\n' 0 1)" ]
}

@test "a program of Open MPI that is a world of one starts inside of Slurm" {
  pack --mpi auto -- "$programs/fortran.openmpi"
  user srun -N1 --cram=m.pb
  [ "$(user cram output "$(run_dir)" 0)" = "sum 0 of 1" ]
}

@test "a rank is told its place in Slurm's words" {
  pack --ranks 2 --mpi none -- sh -c \
    'echo $SLURM_PROCID $SLURM_NTASKS $SLURM_LOCALID $SLURM_TASKS_PER_NODE'
  user srun -N1 -c2 --cram=m.pb
  [ "$(user cram output "$(run_dir)" 0 | sort | xargs)" = "0 2 0 2 1 2 1 2" ]
}

@test "worlds of two nodes of both MPIs, and those that fail harm no other" {
  for i in 1 2 3; do printf 'world.mpich\nworld.openmpi\n'; done |
    sed '1i p' >"$work/worlds.csv"
  for how in abort crash leave; do
    printf 'ends.mpich %s\nends.openmpi %s\n' $how $how
  done | sed "s,^,$programs/," >"$work/ends"
  # Without it Debian's Open MPI has no one-sided communication between nodes
  # that have only TCP, whoever starts it: openmpi-mca-params.conf.
  pack --ranks 4 --env OMPI_MCA_osc=pt2pt --csv worlds.csv -- "$programs/{p}"
  pack --append --ranks 4 --lines ends
  pack --append --param i=1..20 -- sleep 0.1
  run -1 user srun -N4 -c2 --cram=m.pb
  [ "$(rows state | sort | uniq -c | xargs)" = "26 COMPLETED 6 FAILED" ]
  for index in 0 1; do
    run -0 user cram output "$(run_dir)" $index
    [ "$(sort <<<"$output")" = "$(printf 'rank %d of 4\n' 0 1 2 3)" ]
  done
  [[ $(rows nodelist -i 0) == n*,n* ]]
  nothing_left
}

@test "a world that reaches its cap on one of its nodes ends on both, and the rank is named" {
  printf "$programs/ends.%s grow 3\n" mpich openmpi >"$work/grow"
  pack --ranks 4 --mem 300M --lines grow
  run -1 user srun -N2 -c2 --cram=m.pb
  [ "$(rows index,state,cause)" = "0|OUT_OF_MEMORY|own cap
1|OUT_OF_MEMORY|own cap" ] || { rows index,state,cause,reason,nodelist && false; }
  [ "$(user cramacct --why -j "$(run_dir)" |
    grep -c 'killed: pid [0-9]* of its rank 3[: ]')" -eq 2 ]
  nothing_left
}

@test "each rank has the CPUs that it is to have, and as many threads" {
  printf "$programs/hybrid.%s\n" mpich openmpi >"$work/hybrid"
  pack --ranks 2 --cpus 2 --lines hybrid
  pack --append --ranks 2 --cpus 1 --lines hybrid
  user srun -N2 -c2 --cram=m.pb
  for index in 0 1 2 3; do
    cpus=$((index < 2 ? 2 : 1))
    [ "$(user cram output "$(run_dir)" $index | sort)" = \
      "$(printf "rank %d: $cpus threads on $cpus CPUs\n" 0 1)" ]
  done
}

@test "a name that a rank of one node publishes is found on the other, and what each rank prints is told apart" {
  printf '%s\n' "$programs/names.mpich" "$programs/names.openmpi" >"$work/names"
  pack --ranks 4 --lines names
  user srun -N2 -c2 --cram=m.pb
  for index in 0 1; do
    [ "$(user cram output "$(run_dir)" $index --rank 3)" = "found port-7" ]
    [ -z "$(user cram output "$(run_dir)" $index --rank 0)" ]
  done
  [ "$(user cram output -l "$(run_dir)" 0)" = "3: found port-7" ]
}

# CRAM_MPI_SUBJOBS=1000: as many on one node each, and a tenth on two.
@test "of many worlds on one node and on two the wrong ones end, and all others are right" {
  local many=${CRAM_MPI_SUBJOBS:-20} how i
  for ((i = 0; i < many; ++i)); do
    echo "$programs/fortran.$([ $((i % 10)) -eq 9 ] && echo openmpi || echo mpich)"
  done >"$work/narrow"
  for ((i = 0; i < many / 10; ++i)); do echo "$programs/fortran.mpich"; done \
    >"$work/wide"
  for ((i = 0; i < 5; ++i)); do
    for how in abort crash; do echo "$programs/ends.mpich $how"; done
  done >"$work/wrong"
  echo "$programs/ends.openmpi leave" >>"$work/wrong"
  printf "$programs/ends.%s hang\n" mpich openmpi >"$work/hang"
  pack --ranks 2 --lines narrow
  pack --append --ranks 4 --lines wide
  pack --append --ranks 2 --lines wrong
  pack --append --ranks 4 --lines wrong
  pack --append --ranks 2 --time 0:04 --lines hang
  pack --append --ranks 4 --time 0:04 --lines hang
  run -1 user srun -N4 -c2 --cram=m.pb
  [ "$(rows state | sort | uniq -c | xargs)" = \
    "$((many + many / 10)) COMPLETED 22 FAILED 4 TIMEOUT" ] ||
    { echo "$output" && rows index,state,cause,reason -s F,NF,CA,OOM && false; }
  for ((i = 0; i < many + many / 10; ++i)); do
    user cram output "$(run_dir)" "$i"
  done | sort | uniq -c >"$work/sums"
  [ "$(awk '{ print $1, $3, $5 }' "$work/sums" | xargs)" = \
    "$many 1 2 $((many / 10)) 6 4" ]
  until_true 30 none_in_shared_memory
  nothing_left
}

@test "a program of Debian's runs as many worlds" {
  for mpi in openmpi mpich2; do
    pack --ranks 2 --param i=1..4 -- "NP$mpi" -u 64 -n 5 -o "$mpi.{i}"
    user srun -N2 -c2 --cram=m.pb
    for i in 1 2 3 4; do [ "$(wc -l <"$work/$mpi.$i")" -gt 3 ]; done
    rm -r "${work:?}/$(run_dir)"
  done
}

# ParFORM, a program for algebra that Debian has for Open MPI alone.
@test "an application of Debian's computes in many worlds, on one node and on two" {
  cat >"$work/power.frm" <<'END'
#-
Off statistics;
Symbols a, b;
Local F = (a + b)^`N';
.sort
id a = 1;
id b = 1;
Print;
.end
END
  pack --ranks 2 --param N=1..8 -- parform -q -d 'N={N}' power.frm
  pack --append --ranks 3 --param N=9,10 -- parform -q -d 'N={N}' power.frm
  user srun -N2 -c2 --cram=m.pb
  for n in {1..10}; do
    [ "$(user cram output "$(run_dir)" $((n - 1)) | xargs)" = "F = $((1 << n));" ]
  done
}

@test "more CPUs than all nodes have are refused, and scancel ends ranks on all nodes" {
  pack --ranks 9 -- true
  run -2 user srun -N4 -c2 --cram=m.pb
  [[ $output == *"9 ranks and 9 CPUs; all nodes together have 8"* ]]
  pack --ranks 8 --mpi none -- sleep 1000.77
  background srun -N4 -c2 --cram=m.pb
  until_true 20 eval '[ "$(pgrep -fxc "sleep 1000.77")" -eq 8 ]'
  user scancel --user="$CLUSTER_USER"
  until_true 30 eval '! pgrep -fx "sleep 1000.77"'
  wait "$pid" || true
  nothing_left
}

@test "scancel ends all ranks" {
  pack --ranks 2 -- "$programs/ends.openmpi" hang
  background srun -N1 -c2 --cram=m.pb
  until_true 20 pgrep -f "ends.openmpi hang"
  user scancel --user="$CLUSTER_USER"
  until_true 30 eval '! pgrep -f "ends.openmpi hang"'
  wait "$pid" || true
  until_true 30 none_in_shared_memory
}

@test "SIGTERM for the ranks of one node is for those of all" {
  pack --ranks 4 --mpi none --time 2:00 -- sh -c \
    '[ $CRAM_RANK != 3 ] || kill $PPID; exec sleep 1000.78'
  run -1 user srun -N2 -c2 --cram=m.pb
  [ "$(rows state,exitcode,cause)" = "FAILED|0:15|signal" ] || { rows state,exitcode,cause && false; }
  nothing_left
}

@test "ranks on two nodes print where ranks on one do" {
  pack --ranks 4 --mpi none -- sh -c 'echo o$CRAM_RANK; echo e$CRAM_RANK >&2'
  user srun -N2 -c2 --cram=m.pb --cram-output=all
  for rank in 0 1 2 3; do
    [ "$(cat "$work/cram.0.$rank.out" "$work/cram.0.$rank.err" | xargs)" = "o$rank e$rank" ]
  done
  rm -r "${work:?}"/cram[.-]*
  user srun -N2 -c2 --cram=m.pb --cram-output=rank0
  [ "$(cat "$work/cram.0.out")" = o0 ]
  [ "$(ls "$work" | grep -c '^cram\.')" -eq 2 ]
  rm -r "${work:?}"/cram[.-]*
  user srun -N2 -c2 --cram=m.pb --cram-output=one.txt
  [ "$(sort "$work/one.txt" | xargs)" = "e0 e1 e2 e3 o0 o1 o2 o3" ]
  rm -r "${work:?}"/cram-*
  run -0 user srun -N2 -c2 --cram=m.pb --cram-output=system
  [ "$(grep -c '^[oe][0-3]$' <<<"$output")" -eq 8 ]
  rm -r "${work:?}"/cram-*
  run -0 user srun -N2 -c2 --cram=m.pb --cram-output=none
  [ "$(grep -c '^[oe][0-3]$' <<<"$output")" -eq 0 ]
}
