# Going on with an earlier run, without Slurm.
load helper

setup() {
  in_work
  # Notes that it ran, in the file ran. While there is a file `fail`, those it
  # names do.
  program job <<'END'
#!/bin/sh
echo "$1" >>"$WORK/ran"
echo "out of $1"
! grep -qsx "$1" "$WORK/fail"
END
  export WORK=$work
}

ran() { sort -n ran | tr '\n' ' '; }
# first STATUS NAME [WORD...]: a run in the directory NAME.
first() {
  local status=$1 name=$2
  shift 2
  mkdir "$name"
  run "-$status" cram run --dir "$name" "$@"
  last=$(echo "$name"/cram-run-*)
}
# states [RUN]: index and state of each sub-job.
states() { cramacct -nP -j "${1-$last}" -o index,state | tr '\n' ' '; }

@test "what completed is not run again, and the new run has it all" {
  cram pack -o m.pb --param i=1..6 -- ./job '{i}'
  printf '2\n5\n' >fail
  first 1 a m.pb
  rm fail ran
  first 0 b --resume a
  [ "$(ran)" = "2 5 " ]
  [[ $output == *"6 sub-jobs: 6 completed"* ]]
  [[ $output == *"4 of them had completed before, in "*"/a/cram-run-"* ]]
  [ "$(states)" = "$(printf '%s|COMPLETED ' 0 1 2 3 4 5)" ]
  for i in 0 1 2 3 4 5; do
    [ "$(cram output "$last" $i)" = "out of $((i + 1))" ]
  done
}

@test "a run that was killed is gone on with where it was" {
  cram pack -o m.pb --param i=1..200 -- sh -c './job {i}; sleep 0.02'
  mkdir a
  cram run --dir a m.pb 2>err 3>&- &
  until [ "$(wc -l <ran)" -gt 20 ]; do sleep 0.05; done 2>/dev/null
  kill -KILL "$(pgrep -P $!)" # the agent
  wait $! && false
  done_before=$(cramacct -nP -j a -s CD -o index | wc -l)
  [ "$done_before" -gt 0 ]
  first 0 b --resume a
  [[ $output == *"200 sub-jobs: 200 completed"* ]]
  [[ $output == *"$done_before of them had completed before"* ]]
  # What ran when it was killed ran twice, and what was not yet recorded.
  [ "$(sort -n ran | uniq -d | wc -l)" -le $((3 * $(nproc))) ]
}

@test "who was cut off is long, and goes first when the run is gone on with" {
  cram pack -o m.pb --param i=1..6 -- sh -c '
    [ {i} -lt 6 ] || [ -e quick ] || sleep 1000; ./job {i}'
  echo 1 >fail
  first 1 a --time=2s m.pb
  touch quick
  rm fail ran
  first 0 b --resume a --slots=1
  [ "$(tr '\n' ' ' <ran)" = "6 1 " ]
  rm ran
  cram remainder a -o rest.pb
  first 0 c rest.pb --slots=1
  [ "$(tr '\n' ' ' <ran)" = "6 1 " ]
}

@test "a run whose manifest was not there yet is not gone on with, and says why" {
  cram pack -o m.pb --param i=1..2 -- ./job '{i}'
  seq 2 >fail
  first 1 a m.pb
  rm "$last/manifest.pb"
  run -2 cram run --resume a
  [[ $output == *"/manifest.pb: No such file"*"run its manifest itself" ]]
  [ "${#lines[@]}" -eq 1 ]
}

@test "a run whose manifest was lost is gone on with when it is put back" {
  cram pack -o m.pb --param i=1..3 -- ./job '{i}'
  echo 2 >fail
  first 1 a m.pb
  rm fail "$last/manifest.pb"
  run -2 cram run --resume a m.pb
  [[ $output == *"/manifest.pb: No such file"*"a copy of the manifest that it ran"* ]]
  [ "${#lines[@]}" -eq 1 ]
  cp m.pb "$last/manifest.pb"
  run -0 cram run --resume a --dir b
  [[ $output == *"2 sub-jobs completed there, 1 to run"* ]]
}

@test "a chain: each run is resumed by the next, outputs stay found" {
  cram pack -o m.pb --param i=1..9 -- ./job '{i}'
  seq 4 9 >fail
  first 1 a m.pb
  seq 7 9 >fail
  first 1 b --resume a
  rm fail
  first 0 c --resume b
  [ "$(ran)" = "1 2 3 4 4 5 5 6 6 7 7 7 8 8 8 9 9 9 " ]
  [ "$(cramacct -nP -j "$last" -s CD -o index | wc -l)" -eq 9 ]
  for i in 0 4 8; do [ "$(cram output "$last" $i)" = "out of $((i + 1))" ]; done
  # All three moved together.
  mkdir moved elsewhere
  mv a/cram-* b/cram-* c/cram-* moved
  for i in 0 4 8; do
    [ "$(cram output "moved/${last##*/}" $i)" = "out of $((i + 1))" ]
  done
}

@test "a changed manifest: what is the same by content is not run again" {
  cram pack -o m.pb --param i=1..6 -- ./job '{i}'
  echo 3 >fail
  first 1 a m.pb
  rm fail ran
  # Another order, one gone (2), new ones (7, 8), one of them twice.
  cram pack -o n.pb --param i=8,6,5,4,3,1,7,7 -- ./job '{i}'
  first 0 b n.pb --resume a
  [ "$(ran)" = "3 7 7 8 " ]
  [ "$(cram output "$last" 1)" = "out of 6" ]
  [ "$(cram output "$last" 5)" = "out of 1" ]
  [[ $output == *"8 sub-jobs: 8 completed"*"4 of them had completed before"* ]]
}

@test "equal sub-jobs are matched as often as they were completed" {
  printf 'i\n1\n1\n2\n' >t.csv
  cram pack -o m.pb --csv t.csv -- ./job '{i}'
  first 0 a m.pb
  rm ran
  printf 'i\n1\n1\n1\n1\n2\n' >t.csv
  cram pack -o n.pb --csv t.csv -- ./job '{i}'
  first 0 b n.pb --resume a
  [ "$(ran)" = "1 1 " ]
}

@test "nothing left to do is status 0, at once" {
  cram pack -o m.pb --param i=1..3 -- ./job '{i}'
  first 0 a m.pb
  rm ran
  first 0 b --resume a
  [[ $output == *"nothing is left to do"* ]]
  [ ! -e ran ]
  [ "$(states)" = "0|COMPLETED 1|COMPLETED 2|COMPLETED " ]
}

@test "the command that sub-jobs lack is that of the earlier run" {
  cram pack -o m.pb --param i=1..3
  echo 2 >fail
  first 1 a m.pb -- ./job '{i}'
  rm fail ran
  first 0 b --resume a
  [ "$(ran)" = "2 " ]
  # With another one everything is something else.
  rm ran
  first 0 c --resume a -- ./job '1{i}'
  [ "$(ran)" = "11 12 13 " ]
}

@test "variables of the run do not make a sub-job another one" {
  cram pack -o m.pb --param i=1..3 -- ./job '{i}' '{$HERE}'
  echo 2 >fail
  HERE=x first 1 a m.pb
  rm fail ran
  HERE=y first 0 b --resume a
  [ "$(ran)" = "2 " ]
}

@test "torn and missing journals: what can be read counts" {
  cram pack -o m.pb --param i=1..20 -- ./job '{i}'
  first 0 a m.pb --slots 1
  journal=$last/journal.0
  truncate -s $(($(stat -c %s "$journal") * 2 / 3)) "$journal"
  rm "$last/summary.json" ran
  left=$((20 - $(cramacct -nP -j "$last" -s CD -o index 2>/dev/null | wc -l)))
  [ "$left" -gt 0 ] && [ "$left" -lt 20 ]
  first 0 b --resume a
  [ "$(wc -l <ran)" -eq "$left" ]
  rm "$(echo a/cram-run-*)/journal.0" ran
  first 0 c --resume a/cram-run-*
  [ "$(wc -l <ran)" -eq 20 ]
}

@test "a damaged journal.resumed is made good by the run before" {
  cram pack -o m.pb --param i=1..20 -- ./job '{i}'
  seq 11 20 >fail
  first 1 a m.pb
  seq 16 20 >fail
  first 1 b --resume a
  rm fail ran
  truncate -s 300 "$last/journal.resumed"
  first 0 c --resume b
  [ "$(ran)" = "16 17 18 19 20 " ]
  [ "$(cram output "$last" 9)" = "out of 10" ]
  [ "$(cramacct -nP -j "$last" -s CD -o index | wc -l)" -eq 20 ]
}

@test "a run that still runs is not resumed" {
  cram pack -o m.pb --param i=1..2 -- sleep 1000
  mkdir a
  cram run --dir a m.pb 2>err 3>&- &
  until [ -s a/cram-run-*/journal.0 ]; do sleep 0.05; done
  run -2 cram run --resume a
  [[ $output == "cram: --resume: "*"this run is not over, "*"journal.0"* ]]
  kill %1
  wait %1 || true
  first 1 b --resume a --time=1s
}

@test "what cannot be resumed is one error before anything starts" {
  run -2 cram run --resume nowhere
  [[ $output == "cram: --resume: "*nowhere* ]]
  run -2 cram run
  [[ $output == *"MANIFEST is required"* ]]
  cram pack -o m.pb --param i=1..3 -- ./job '{i}'
  first 0 a m.pb
  echo rubbish >"$last/manifest.pb"
  run -2 cram run --resume a
  [[ $output == "cram: --resume: "*manifest.pb* ]]
  [ "${#lines[@]}" -eq 1 ]
}

@test "cram remainder writes what did not complete" {
  cram pack -o m.pb --param i=1..6 --stdout '{index}.out' -- ./job '{i}'
  printf '2\n5\n' >fail
  first 1 a m.pb
  rm fail ran
  [ ! -e "$last/remainder.pb" ] # it was not stopped early
  run -0 cram remainder a -o rest.pb
  [[ $output == "rest.pb: 2 of 6 sub-jobs"* ]]
  first 0 b rest.pb
  [ "$(ran)" = "2 5 " ]
  [ "$(cat 4.out)" = "out of 5" ]
  # By content they are those of the run.
  first 0 c m.pb --resume b
  [ "$(ran)" = "1 2 3 4 5 6 " ] # once each
  run -2 cram remainder b -o rest.pb
  [[ $output == "cram: "*"all sub-jobs completed; none is left" ]]
}
