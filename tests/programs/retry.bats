# Attempts after the first.
load helper

@test "codes say which ends are worth another attempt" {
  program end <<'END'
#!/bin/sh
[ "$1" != segv ] || kill -SEGV $$
exit $1
END
  pack --param how=0,1,75,segv,137 -- "$work/end" '{how}'
  run -1 run_m --retry 2:on=75,SIGSEGV
  [ "$(rows attempt | tr '\n' ' ')" = "0 0 2 2 0 " ]
  rm -r cram-run-*
  run -1 run_m --retry 2:except=75,SIGSEGV
  [ "$(rows attempt | tr '\n' ' ')" = "0 2 0 0 2 " ]
  refused "--retry: 'often=2' is neither on=CODES nor except=CODES" \
    run m.pb --retry 2:often=2
  refused "--retry: '999' is neither an exit code" run m.pb --retry 2:on=999
}

@test "a manifest's codes hold where the run says none" {
  pack --retry-codes on=75 --param how=1,75 -- sh -c 'exit {how}'
  cram info m.pb -j 0 | grep -q 'Retry codes *on=75'
  run -1 run_m --retry 1
  [ "$(rows attempt | tr '\n' ' ')" = "0 1 " ]
  rm -r cram-run-*
  run -1 run_m --retry 1:on=1
  [ "$(rows attempt | tr '\n' ' ')" = "1 0 " ]
  refused "--retry-codes: 'often' is neither on=CODES nor except=CODES" \
    pack -o n.pb --retry-codes often -- true
}

@test "a row's codes take the place of the manifest's" {
  printf '%s\n' '{"how": 1, "retry_codes": "on=1"}' '{"how": 1}' >r.jsonl
  pack --retry-codes on=75 --jsonl r.jsonl -- sh -c 'exit {how}'
  run -1 run_m --retry 1
  [ "$(rows attempt | tr '\n' ' ')" = "1 0 " ]
  # What a sub-job does is the same.
  [ "$(cram info -a --json m.pb | grep -o '"hash":"[^"]*"' | uniq | wc -l)" = 1 ]
}

@test "who waits for his next attempt holds no slot" {
  program job <<'END'
#!/bin/sh
date +%s%N >>"times.$1"
[ "$1" != 0 ] || [ "$(wc -l <times.0)" -ge 4 ]
END
  pack --param i=0..200 -- ./job '{i}'
  run -0 run_m --slots 1 --retry 3
  # 0.1, 0.2 and 0.4 seconds, while others ran.
  first=$(head -n 1 times.0) last=$(tail -n 1 times.0)
  [ $((last - first)) -ge 700000000 ]
  [ "$(cat times.1)" -lt "$(sed -n 2p times.0)" ]
}

@test "files keep what each attempt wrote, the last one under the name" {
  program job <<'END'
#!/bin/sh
echo "out $CRAM_ATTEMPT"
echo "err $CRAM_ATTEMPT" >&2
[ "$CRAM_ATTEMPT" = 2 ]
END
  pack --param i=1 --stdout '{i}.out' --stderr '{i}.err' -- ./job
  run -0 run_m --retry 2
  [ "$(cat 1.out 1.out.attempt0 1.out.attempt1 | tr '\n' ' ')" = \
    "out 2 out 0 out 1 " ]
  [ "$(cat 1.err 1.err.attempt0 1.err.attempt1 | tr '\n' ' ')" = \
    "err 2 err 0 err 1 " ]
  # Packed, they are never one.
  pack --param i=1 -- ./job
  rm -r cram-run-*
  run -0 run_m --retry 2
  for k in 0 1 2; do
    [ "$(cram output "$(run_dir)" 0 --attempt $k)" = "out $k" ]
  done
}
