# A run on many nodes that is steered while it goes on.
load helper

job_id() { squeue -h -o %A | head -n 1; }

@test "cancel reaches sub-jobs on every node, those that nobody holds yet, and no others" {
  program sleeper <<'END'
#!/bin/sh
# The first two of each node, as first shares are dealt out to four.
case $CRAM_INDEX in [0-3] | 4 | 6 | 8 | 10) exec sleep 1000 ;; esac
END
  pack --param i=1..200 -- ./sleeper
  background srun -N4 -c2 --cram=m.pb
  until_true 30 eval '[ "$(count R)" -eq 8 ]'
  run -0 user cram cancel "$(job_id)" -i 0,2-3,6,100-149,198
  [[ $output == *"cancelled 55 sub-jobs: "* ]]
  until_true 40 eval '[ "$(count CD)" -eq 141 ]'
  run -0 user cram cancel "$(job_id)" -i 1,4,8,10
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 1 ]
  [ "$(count CA)" -eq 59 ]
  [ "$(count CD)" -eq 141 ]
  nothing_left
}

@test "what is added is run by all nodes" {
  program work <<'END'
#!/bin/sh
until [ -e go ]; do sleep 0.1; done
echo "$1 on $CRAM_NODE"
END
  pack --param i=1..8 -- ./work '{i}'
  cp "$work/m.pb" "$work/run.pb"
  pack --param i=9..80 -- ./work '{i}'
  background srun -N4 -c2 --cram=run.pb
  until_true 60 eval '[ "$(count R)" -ge 4 ]'
  run -0 user cram add "$(job_id)" m.pb
  [[ $output == *": added 72 sub-jobs: 8-79" ]]
  touch "$work/go"
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 0 ]
  [ "$(count CD)" -eq 80 ]
  [[ $(user cram output "$(run_dir)" 79) == "80 on "* ]]
  [ "$(rows nodelist -i 8-79 | sort -u | wc -l)" -ge 2 ]
  nothing_left
}

@test "only the run's user may cancel or add" {
  pack --param i=1..8 -- sleep 1000
  background srun -N2 -c2 --cram=m.pb
  until_true 20 eval '[ "$(count R)" -ge 4 ]'
  chmod 755 "$work"
  run -2 setpriv --reuid nobody --regid nogroup --clear-groups \
    "$CRAM_BUILD/sbin/cram/cram" cancel "$work/$(run_dir)" -i 1
  [[ $output == *"requests: Permission denied"* ]] || { echo "$output" && false; }
  run -2 setpriv --reuid nobody --regid nogroup --clear-groups \
    "$CRAM_BUILD/sbin/cram/cram" add "$work/$(run_dir)" "$work/m.pb"
  [[ $output == *"manifest.pb: Permission denied"* ]] || { echo "$output" && false; }
  user scancel "$(job_id)"
  wait "$pid" || true
}
