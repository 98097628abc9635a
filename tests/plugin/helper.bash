# shellcheck shell=bash
# The real plugin in fake_slurm, a stand-in for Slurm's programs.
#   PLUGIN      cram.so
#   FAKE_SLURM  the stand-in

setup() {
  hosts=$BATS_TEST_TMPDIR/bin
  prefix=$BATS_TEST_TMPDIR/prefix
  launch=$prefix/libexec/cram/cram-launch
  mkdir -p "$hosts" "$(dirname "$launch")"
  local name
  for name in srun sbatch salloc slurmd slurmstepd other; do
    cp "$FAKE_SLURM" "$hosts/$name"
  done
  # A shell that keeps the signal mask that it is given.
  cat >"$launch" <<'EOF'
#!/bin/bash
printf 'launch:'
printf ' [%s]' "$@"
printf '\n'
grep SigBlk /proc/self/status
echo "input: $(head -c 20)"
EOF
  chmod +x "$launch"
  export FAKE_PLUGIN=$PLUGIN FAKE_WORDS="prefix=$prefix" FAKE_FAIL=
  unset CRAM_PASS CRAM_CGROUP CRAM_STEP_CORES CRAM_STEP_MEM_MB
  PATH=$hosts:$PATH
}

# cleaner: standard input becomes the cram-agent that the plugin runs after a
# task that was killed, in the directory $said, which is the user's.
cleaner() {
  [ "$(id -u)" -eq 0 ] || skip "only root becomes the user"
  shared=$(mktemp -d /tmp/cram-plugin.XXXXXX)
  said=$shared/said
  mkdir -p "$shared/libexec/cram" "$said"
  chmod 755 "$shared"
  chown 65534 "$said"
  { echo '#!/bin/bash' && echo "cd $said" && cat; } \
    >"$shared/libexec/cram/cram-agent"
  chmod 755 "$shared/libexec/cram/cram-agent"
  export FAKE_WORDS=prefix=$shared
}

teardown() { [ -z "${shared-}" ] || rm -r "$shared"; }

says() {
  [[ $output == *"$1"* ]] || {
    echo "not said: $1"
    echo "$output"
    return 1
  }
}

says_not() {
  [[ $output != *"$1"* ]] || {
    echo "said: $1"
    echo "$output"
    return 1
  }
}
