# The plugin in srun, sbatch, salloc and slurmd, and in slurmstepd what has
# nothing to do with cgroups.
load helper

# --- what the file is ----------------------------------------------------------

@test "the plugin needs libc and nothing else" {
  run bash -c "readelf -d '$PLUGIN' | grep NEEDED"
  [ "${#lines[@]}" -eq 1 ]
  says "[libc.so.6]"
}

@test "the plugin exports what Slurm looks up and nothing else" {
  run bash -c "nm -D --defined-only '$PLUGIN' | awk '{print \$3}' |
    grep -v '^plugin_\(name\|type\|version\)\$' | grep -v ^slurm_spank_"
  [ "$output" = "" ]
  run nm -D --defined-only "$PLUGIN"
  says " plugin_version"
  says " slurm_spank_init"
}

@test "the plugin is bound at once and has no executable stack" {
  run readelf -d "$PLUGIN"
  says "BIND_NOW"
  run readelf -lW "$PLUGIN"
  says "GNU_RELRO"
  [[ $output =~ GNU_STACK.*\ RW\ +0x ]]
}

# --- srun ------------------------------------------------------------------------

@test "srun without --cram runs as ever" {
  run srun -n2 true --cram=x
  [ "$status" -eq 0 ]
  [ "$output" = "srun runs: [true] [--cram=x]" ]
  run srun -n2
  [ "$output" = "No command given to execute." ]
}

@test "srun --cram without a command reaches cram-launch" {
  run srun -n2 --cram=m.pb
  [ "$status" -eq 0 ]
  says "launch: [$hosts/srun] [3] [cram=m.pb] [--] [srun] [-n2] [--cram=m.pb]"
  says_not "No command"
}

@test "srun --cram tells cram-launch where the user's command begins" {
  run srun --cram-mem=1G --cram m.pb --cram-progress -- echo '' --cram=x
  says "launch: [$hosts/srun] [6] [cram=m.pb] [cram-mem=1G] [cram-progress=] [--] [srun] [--cram-mem=1G] [--cram] [m.pb] [--cram-progress] [--] [echo] [] [--cram=x]"
}

@test "srun hands over with no signal blocked and its standard input" {
  run bash -c 'echo hello | srun --cram=m.pb'
  says $'SigBlk:\t0000000000000000'
  says "input: hello"
}

@test "srun that cram-launch has started goes on" {
  cat >"$launch" <<'EOF'
#!/bin/sh
exec srun --cram=m.pb agent --manifest=m.pb
EOF
  run srun --cram=m.pb
  [ "$status" -eq 0 ]
  [ "$output" = "srun runs: [agent] [--manifest=m.pb]" ]
}

@test "another process's pass means nothing" {
  CRAM_PASS=3:1 run srun --cram=m.pb
  says "launch: [$hosts/srun] [2]"
}

@test "an option without --cram is cram-launch's to refuse" {
  run srun --cram-mem=1G true
  says "launch: [$hosts/srun] [2] [cram-mem=1G] [--] [srun]"
}

@test "srun stops when cram-launch is not there" {
  rm "$launch"
  run srun --cram=m.pb true
  [ "$status" -eq 1 ]
  says "error: cram: $launch: "
  says_not "srun runs"
  run srun true
  [ "$output" = "srun runs: [true]" ]
}

@test "srun stops when cram-launch cannot be run" {
  printf 'no program' >"$launch"
  run srun --cram=m.pb true
  [ "$status" -eq 2 ]
  says "error: cram: cannot run $launch"
  says_not "srun runs"
}

@test "a site's word gives every run --cram-view, and no other step" {
  export FAKE_WORDS="$FAKE_WORDS view"
  run srun --cram=m.pb
  says "launch: [$hosts/srun] [2] [cram=m.pb] [cram-view=] [--]"
  run srun true
  [ "$output" = "srun runs: [true]" ]
}

@test "an unknown word in plugstack.conf is named" {
  FAKE_WORDS="$FAKE_WORDS prefx=/usr" run srun true
  says "error: cram: prefx=/usr: unknown word in plugstack.conf"
  says "srun runs: [true]"
}

@test "options that cannot be registered are an error, not a crash" {
  FAKE_FAIL=spank_option_register run srun true
  says "error: cram: cannot register --cram"
  says "slurm_spank_init returned -1"
}

# --- sbatch and salloc -------------------------------------------------------------

@test "sbatch without --cram reads its script from standard input" {
  run bash -c 'printf "#!/bin/sh\ntrue" | sbatch -n1'
  [ "$output" = $'sbatch submits: #!/bin/sh\ntrue\nwith:' ]
}

@test "sbatch --cram waits for no script" {
  printf '#!/bin/sh\necho "launch: $*"\n' >"$launch"
  mkfifo "$BATS_TEST_TMPDIR/silent"
  exec 8<>"$BATS_TEST_TMPDIR/silent"
  run timeout 10 sbatch -n1 --cram=m.pb <&8
  exec 8<&-
  [ "$status" -eq 0 ]
  says "launch: $hosts/sbatch 3 cram=m.pb -- sbatch -n1 --cram=m.pb"
}

@test "sbatch --cram gives cram-launch its standard input back" {
  run bash -c 'echo hello | sbatch --cram=m.pb'
  says "input: hello"
}

@test "sbatch with --cram among the script's arguments submits the script" {
  run bash -c 'echo hello | sbatch -n1 job.sh --cram=m.pb'
  [ "$output" = $'sbatch submits: \nwith: [job.sh] [--cram=m.pb]' ]
}

@test "sbatch with an option's value that looks like --cram reads its script" {
  run bash -c 'printf "#!/bin/sh\ntrue" | sbatch -J --cram'
  [ "$output" = $'sbatch submits: #!/bin/sh\ntrue\nwith:' ]
}

@test "salloc --cram is cram-launch's to refuse" {
  run salloc --cram=m.pb true
  says "launch: [$hosts/salloc] [2] [cram=m.pb]"
  run salloc true
  [ "$output" = "salloc runs: [true]" ]
}

# --- slurmd, slurmstepd --------------------------------------------------------------

@test "slurmd and unknown programs are left alone" {
  run slurmd
  [ "$output" = "" ]
  run other
  [ "$output" = "" ]
}

@test "a step without --cram is left alone" {
  before=$(cat /proc/self/oom_score_adj)
  run slurmstepd sh -c 'env | grep ^CRAM_; cat /proc/self/oom_score_adj'
  [ "$output" = "$before" ]
}

@test "the first task is told of its step's cores and memory" {
  FAKE_OPTIONS=cram=m.pb run slurmstepd env
  [ "$status" -eq 0 ]
  says "CRAM_STEP_CORES=0-1"
  says "CRAM_STEP_MEM_MB=500"
}

@test "other tasks and steps that are not the user's are told nothing" {
  export FAKE_OPTIONS=cram=m.pb
  FAKE_TASK=1 run slurmstepd env
  says_not CRAM_STEP
  FAKE_STEP=0xfffffffb run slurmstepd env
  says_not CRAM_STEP
  FAKE_STEP=0xfffffffc run slurmstepd env
  says_not CRAM_STEP
}

@test "the first task is spared by the OOM killer" {
  FAKE_OPTIONS=cram=m.pb run slurmstepd cat /proc/self/oom_score_adj
  [ "$status" -eq 0 ]
  # Lowering it needs CAP_SYS_RESOURCE, which root in a container may lack.
  [[ $output == *-500* || $output == *"oom_score_adj: Permission denied"* ]]
}

@test "without a memory cgroup of Slurm's the task runs and has no CRAM_CGROUP" {
  FAKE_OPTIONS=cram=m.pb CRAM_CGROUP=/old run slurmstepd env
  [ "$status" -eq 0 ]
  says "info: cram: no memory cgroup for sub-jobs: No such file or directory"
  says_not CRAM_CGROUP=
}

@test "after a task that was killed cram-agent cleans up as the user, and after no other" {
  cleaner <<'END'
mapfile -t status </proc/self/status
ls /proc/$$/fd >descriptors
exec >all
echo "$@"
id -u
id -G
readlink /proc/$$/fd/0
cat /proc/self/oom_score_adj
printf '%s\n' "${status[@]}" | sed -n 's/^SigBlk:\t//p; s/^NoNewPrivs:\t//p'
tr '\0' '\n' </proc/$$/environ | sort
cat descriptors
END
  export FAKE_OPTIONS=cram=m.pb TMPDIR=/some/where
  run slurmstepd false
  [ "$status" -eq 1 ]
  [ ! -e "$said/all" ]
  SLURM_JOB_ID=12 SLURM_STEP_ID=3 run slurmstepd sh -c 'kill -KILL $$'
  cat "$said/all"
  grep -qxE -- '--sweep=[0-9]{10}' "$said/all"
  [ "$(tail -n +2 "$said/all")" = "65534
65534
/dev/null
0
0000000000000000
1
SLURM_JOB_ID=12
SLURM_STEP_ID=3
TMPDIR=/some/where
0
1
2
255" ]
}

@test "failing functions of Slurm's fail no job" {
  export FAKE_OPTIONS=cram=m.pb
  local function
  for function in spank_get_item spank_setenv spank_unsetenv; do
    FAKE_FAIL=$function run slurmstepd echo ran
    [ "$status" -eq 0 ]
    says ran
    says_not returned
  done
}
