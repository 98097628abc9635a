load helper

# variables SRUN-OPTION...: the environment of sub-job 2 of 6.
variables() {
  pack --mem 100M --param i=10..15 --param word=a -- env
  user srun "$@" --cram=m.pb
  user cram output "$(run_dir)" 2
}

@test "a sub-job knows itself" {
  run -0 variables -N2 -c2
  for wanted in CRAM_INDEX=2 CRAM_SUBJOBS=6 CRAM_ATTEMPT=0 CRAM_PARAM_i=12 \
    CRAM_PARAM_word=a CRAM_MEM_BYTES=$((100 << 20)) OMP_NUM_THREADS=1 \
    CRAM_RUN_DIR="$work/$(run_dir)"; do
    [[ $'\n'$output$'\n' == *$'\n'"$wanted"$'\n'* ]] || {
      echo "missing: $wanted"
      return 1
    }
  done
  grep -E "^CRAM_NODE=(${nodes[0]}|${nodes[1]})$" <<<"$output"
}

@test "Slurm's variables tell the truth of a sub-job" {
  run -0 variables -N4 -n8 -c1
  for wanted in SLURM_PROCID=0 SLURM_NTASKS=1 SLURM_NPROCS=1 SLURM_LOCALID=0 \
    SLURM_NNODES=1 SLURM_CPUS_PER_TASK=1; do
    grep -x "$wanted" <<<"$output"
  done
  grep -x 'SLURM_JOB_ID=[0-9]*' <<<"$output"
  ! grep -E '^(PMI|SLURM_TASK_PID|SLURM_SPANK)' <<<"$output"
}

@test "TMPDIR is private, empty, and gone afterwards" {
  pack --param i=1..6 -- \
    sh -c 'ls -A "$TMPDIR"; touch "$TMPDIR/mine"; sleep 0.2; echo "$TMPDIR"'
  user srun -N2 -c2 --cram=m.pb
  for i in 0 1 2 3 4 5; do
    run -0 user cram output "$(run_dir)" $i
    [ "${#lines[@]}" -eq 1 ]
    [ ! -e "$output" ]
  done
}

@test "a user's OMP_NUM_THREADS stays" {
  pack --param i=1 -- sh -c 'echo $OMP_NUM_THREADS'
  user env OMP_NUM_THREADS=7 srun -N1 -c2 --cram=m.pb
  [ "$(user cram output "$(run_dir)" 0)" = 7 ]
}

@test "each sub-job is pinned to CPUs of its own" {
  pack --cpus 1 --param i=1..4 -- sh -c 'taskset -cp $$; echo $CRAM_SLOT; sleep 0.3'
  user srun -N1 -c2 --cram=m.pb
  for i in 0 1 2 3; do user cram output "$(run_dir)" $i; done >"$work/all"
  [ "$(grep -c 'list: [0-9]*$' "$work/all")" -eq 4 ]
  [ "$(grep -o 'list: [0-9]*$' "$work/all" | sort -u | wc -l)" -eq 2 ]
}

@test "a sub-job of two CPUs has two" {
  pack --cpus 2 --param i=1 -- sh -c 'nproc --ignore=0; echo $OMP_NUM_THREADS'
  user srun -N1 -c2 --cram=m.pb
  [ "$(user cram output "$(run_dir)" 0)" = "$(printf '2\n2')" ]
}

@test "a job array's script sees what Slurm shows it, and writes the same files" {
  program job.sh <<'END'
#!/bin/bash -e
#SBATCH --array=3-7:2 --job-name=demo -n 1
#SBATCH -c 2 --output=%x.%3a.%u.%%   # errors, too
echo "$SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MIN"
echo "$SLURM_ARRAY_TASK_MAX $SLURM_ARRAY_TASK_STEP $SLURM_JOB_NAME"
echo "$SLURM_NTASKS $SLURM_CPUS_PER_TASK $((SLURM_ARRAY_JOB_ID > 0)) $*"
pwd >&2
END
  user sbatch --wait job.sh 'a  b' c
  user sh -c 'mkdir slurm; mv demo.* slurm'
  user cram pack -o m.pb --array job.sh -- 'a  b' c
  echo 'exit 1' >>"$work/job.sh"
  user srun -N2 -c2 --cram=m.pb
  user sh -c 'mkdir ours; mv demo.* ours'
  [ "$(ls "$work/slurm" | wc -l)" -eq 3 ]
  diff -r "$work/slurm" "$work/ours"
}
