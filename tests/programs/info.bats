# cram info and cram run: what a manifest holds, and whether it can run.
load helper

sweep() {
  cram pack -o m.pb --param seed=0..9 --cpus 1 --mem 200M --time 2 \
    --cwd /data/{seed} --env SEED={seed} --name run{seed} "$@" \
    -- run --seed {seed:03d} 'a b' >packed
}

# An agent that prints the words it was given, one a line.
fake_agent() {
  printf '#!/bin/sh\nprintf "%%s\\n" "$@"\nexit 3\n' >agent
  chmod +x agent
  export CRAM_AGENT=$PWD/agent
}

@test "the summary says what is in it" {
  sweep --param mode=a,b
  run -0 cram info m.pb
  [[ $output == *"Sub-jobs     20"* ]]
  [[ $output == *"Command      run --seed '{seed:03d}' 'a b'"* ]]
  [[ $output == *"Memory       200M"* ]]
  [[ $output == *"Varies       seed = 0..9 (10 values)"* ]]
  [[ $output == *"Varies       mode = a,b (2 values)"* ]]
  run -0 cram info --json m.pb
  [ "$(python3 -c 'import json, sys
summary = json.load(sys.stdin)
print(summary["subjobs"], summary["templates"][0]["memory_bytes"])' \
    <<<"$output")" = "20 209715200" ]
}

@test "the summary says how many values columns have, and what is sampled" {
  printf 'n,word\n1,a\n2,b\n3,a\n' >rows.csv
  cram pack -o m.pb --csv rows.csv -- run {n} >packed
  run -0 cram info m.pb
  [[ $output == *"Varies       n (3 values)"* ]]
  [[ $output == *"Varies       word (2 values)"* ]]
  { echo n,k && seq -f '%g,1' 40000; } >rows.csv
  cram pack -o m.pb --csv rows.csv -- run {n} >packed
  run -0 cram info m.pb
  [[ $output == *"Varies       n (more than 10000 values)"* ]]
  [[ $output == *"Varies       k (1 value)"* ]]
  cram pack -o m.pb --param 'x=normal(0,1)' --sample 7 -- run {x} >packed
  run -0 cram info m.pb
  [[ $output == *"Varies       x = normal(0,1) (sampled)"* ]]
  [[ $output == *"Sample       7 points, lhs, seed 0"* ]]
  run -0 cram info --json m.pb
  [ "$(python3 -c 'import json, sys
print(json.load(sys.stdin)["templates"][0]["varies"][0]["sample"])' \
    <<<"$output")" = "{'points': 7, 'design': 'lhs', 'seed': 0}" ]
}

@test "the summary says what rows have of their own" {
  varies() { cram info m.pb | sed -n 's/^Varies *//p'; }
  printf '%s\n' '{"ranks": 2, "cwd": "/a"}' '{"mem": "2G"}' '{}' '{"ranks": 64}' \
    >rows.jsonl
  cram pack -o m.pb --jsonl rows.jsonl >packed
  [ "$(varies)" = "directory, memory, ranks (1 to 64)" ]
  cram pack -o m.pb --jsonl rows.jsonl --ranks 64 >packed
  [ "$(varies)" = "directory, memory, ranks (2 to 64)" ]
  # One rank is nothing to speak of.
  echo '{"ranks": 1, "env": {"A": "1"}, "retry_codes": "on=75"}' >rows.jsonl
  cram pack -o m.pb --jsonl rows.jsonl >packed
  [ "$(varies)" = "environment, retry codes" ]
  cram info --json m.pb | tr -d ' \n' |
    grep -qF '"own":true,"properties":["environment","retrycodes"]'
}

# As worked out in cram-manifest(5).
@test "a sub-job has one hash, however it was packed" {
  echo 'echo 3' >runs.txt
  printf 'word,n\nthree,2\nthree,3\n' >rows.csv
  cram pack -o sweep.pb --param n=1..3 --mem 200M -- echo {n} >packed
  cram pack -o lines.pb --lines runs.txt --mem 200M --stdout out >packed
  cram pack -o csv.pb --csv rows.csv --mem 200M --name {word} -- \
    echo {n} >packed
  cram pack -o plain.pb --mem 200M --name x -- echo 3 >packed
  for place in 'sweep 2' 'lines 0' 'plain 0'; do
    run -0 cram info -j "${place#* }" "${place% *}.pb"
    [[ $output == *"Hash         65ed72441a597529"* ]]
  done
  # Its word reaches it as CRAM_PARAM_word only.
  run -0 cram info -j 1 --json csv.pb
  [[ $output == *'"hash": "7ca3358a2041aa64"'* ]]
}

@test "one sub-job is shown as it will run" {
  sweep
  run -0 cram info --tell none -j 7 m.pb
  [ "$output" = "Sub-job      7
Hash         7292a49a40767f69
Name         run7
Command      run --seed 007 'a b'
Directory    /data/7
Environment  SEED=7
Parameter    seed=7
CPUs         1
Memory       200M
Time limit   00:02:00
Input        /dev/null" ]
}

@test "one sub-job is shown as JSON" {
  sweep
  run -0 cram info -j 7 --json m.pb
  [ "$(python3 -c 'import json, sys
job = json.load(sys.stdin)
print(job["argv"], job["env"], job["params"], job["time_limit_seconds"])' \
    <<<"$output")" = "['run', '--seed', '007', 'a b'] \
[{'name': 'SEED', 'value': '7'}] {'seed': '7'} 120.0" ]
}

@test "all sub-jobs are a line each" {
  seq -f 'run %g' 40000 >runs.txt
  cram pack -o m.pb --lines runs.txt >packed
  cram info -a m.pb | cut -d ' ' -f 2- | cmp - runs.txt
  [ "$(cram info -a --json m.pb | wc -l)" -eq 40000 ]
  cram pack -o m.pb --ranks 4 --cpus 2 --mem 200M -- run >packed
  [ "$(cram info -a m.pb)" = "0: run  # 4 ranks, 2 CPUs, 200M" ]
  cram pack -o m.pb --name $'a\nreboot' -- run >packed
  [ "$(cram info -a m.pb)" = '0: run  # a\nreboot' ]
}

@test "all sub-jobs go to a reader that leaves early" {
  cram pack -o m.pb --param n=1..10000000 -- run {n} >packed
  [ "$(cram info -a m.pb | head -1)" = "0: run 1" ]
}

@test "a sub-job that is not there is refused" {
  sweep
  refused "m.pb: no sub-job 10; the last is 9" info -j 10 m.pb
  refused "--job: 'x' is not a whole number" info -j x m.pb
  refused "--job: '-1' is not a whole number" info -j -1 m.pb
  # As of a variable of a shell that is not set.
  refused "--job: '' is not a whole number" info -j "" m.pb
  refused "--job: 18446744073709551616 is too large" \
    info -j 18446744073709551616 m.pb
}

@test "a check of what can run is silent" {
  sweep
  run -0 --separate-stderr cram info --check m.pb
  [ -z "$output$stderr" ]
  run -0 cram info --check --mem 1G --slots 4 --output 'o.{seed}' m.pb
}

@test "a check says what is wrong" {
  sweep
  refused "none.pb: No such file or directory" info --check none.pb
  refused "--mem: " info --check --mem much m.pb
  refused "--slots: " info --check --slots 0 m.pb
  refused "--output: unknown placeholder {x}" info --check --output o.{x} m.pb
  echo hello >text
  refused "text: not a manifest" info --check text
  head -c 100 m.pb >short.pb
  refused "short.pb: truncated" info --check short.pb
  sed 's/200M/300M/; s/seed/sead/' m.pb >damaged.pb
  refused "damaged.pb: " info --check damaged.pb
  cram pack -o m.pb --param n=1..3 >packed
  refused "sub-job 0 names no command" info --check m.pb
  refused "unknown placeholder {m}" info --check m.pb -- run {m}
  run -0 cram info --check m.pb -- run {n}
}

@test "run hands manifest, options and command to the agent" {
  sweep
  fake_agent
  run -3 cram run m.pb --mem 1G --progress --slots=2 -- run '[x]' -- {seed}
  [ "$output" = "--manifest=$PWD/m.pb
--alone
--mem=1G
--slots=2
--progress
--
run
[x]
--
{seed}" ]
}

@test "run refuses before anything starts" {
  sweep
  fake_agent
  refused "none.pb: No such file" run none.pb
  refused "--time: " run m.pb --time soon
  refused "--mem: a cap of" run m.pb --mem 1000T
  cram pack -o m.pb --cpus 100000 -- true >packed
  refused "sub-jobs of 100000 CPUs; a node has" run m.pb
}

@test "run says when there is no agent" {
  sweep
  CRAM_AGENT=/none/cram-agent
  export CRAM_AGENT
  refused "cannot run the agent /none/cram-agent: No such file" run m.pb
}

@test "protoc shows the plain parts" {
  pack --param n=1..3 --mem 200M -- echo {n}
  proto=$BATS_TEST_DIRNAME/../../pack/manifest
  protoc -I "$proto" --decode=cram.Manifest "$proto/manifest.proto" <m.pb >shown
  for line in 'magic: "cram manifest"' 'argv: "{n}"' 'memory_bytes: 209715200' \
    'name: "n"' 'count: 3' 'subjobs: 3'; do
    grep -qF -- "$line" shown
  done
  cram pack -o rows.pb --csv <(seq 3 | sed '1i n') -- echo {n}
  protoc -I "$proto" --decode=cram.Manifest "$proto/manifest.proto" \
    <rows.pb >shown
  grep -qF 'columns: "n"' shown
}

@test "a manifest of version 1.0 is read for ever" {
  golden=$BATS_TEST_DIRNAME/../golden/manifest-1.0
  cram info -a --json "$golden.pb" >read.txt
  cmp read.txt "$golden.txt"
  run -0 --separate-stderr cram info --check "$golden.pb" -- run
  [ -z "$output$stderr" ]
}

@test "rows with properties and scripts of version 1.2 are read for ever" {
  golden=$BATS_TEST_DIRNAME/../golden/manifest-1.2
  cram info -a --json "$golden.pb" >read.txt
  cmp read.txt "$golden.txt"
  run -0 cram info --check "$golden.pb"
}

@test "row groups of version 1.3 are read for ever" {
  golden=$BATS_TEST_DIRNAME/../golden/manifest-1.3
  cram info -a --json "$golden.pb" >read.txt
  cmp read.txt "$golden.txt"
  run -0 cram info --check "$golden.pb"
}

@test "samples of version 1.1 have the same values for ever" {
  for design in random lhs sobol; do
    golden=$BATS_TEST_DIRNAME/../golden/manifest-1.1-$design
    cram info -a "$golden.pb" >read.txt
    cmp read.txt "$golden.txt"
    run -0 cram info --check "$golden.pb"
  done
}

@test "help and version" {
  run -0 cram --version
  [[ $output == "cram "[0-9]* ]]
  run -0 cram --help
  for command in pack info run output; do [[ $output == *"$command"* ]]; done
  run -0 cram run --help
  [[ $output == *"--max-failures"* ]]
  refused "" bogus
  refused "" 
}

# told ARGUMENT...: what cram info says of m.pb's first sub-job.
told() { env -i "$(command -v cram)" info -j 0 "$@" m.pb | sed -n 's/^Told  *//p'; }

@test "it says what runtimes will be told" {
  cram pack -o m.pb --mem 232M --cpus 2 --env NODE_OPTIONS=--no-warnings \
    --env R_MAX_VSIZE=1G -- run >packed
  [[ $(told) == *"PYPY_GC_MAX=140928614"* ]]
  [[ $(told) == *"NODE_OPTIONS=--no-warnings --max-old-space-size=150"* ]]
  [[ $(told) == *"OMP_NUM_THREADS=2"* ]]
  [[ $(told) != *R_MAX_VSIZE* ]]
  [ "$(told --tell=java)" = "JAVA_TOOL_OPTIONS=-Xmx150m" ]
  [ "$(told --tell=java --mem=432M)" = "JAVA_TOOL_OPTIONS=-Xmx300m" ]
  [ "$(told --tell=java --mem=share)" = \
    "JAVA_TOOL_OPTIONS=-Xmx<75% of cap - 32M>m" ]
  [ -z "$(told --tell=none)" ]
  run -0 env -u GOMEMLIMIT cram info --json --tell=go -j 0 m.pb
  [ "$(python3 -c 'import json, sys
print(json.load(sys.stdin)["told"])' <<<"$output")" = \
    "{'GOMEMLIMIT': '218942668'}" ]
  refused "--tell: 'perl' is no runtime" info --tell=go,perl -j 0 m.pb
}

@test "it says which memory mode" {
  cram pack -o m.pb --mem-mode rlimit -- run >packed
  [[ $(cram info -j 0 m.pb) == *"Memory mode  rlimit"* ]]
  refused "--mem-mode: 'soft' is neither" pack -o m.pb --mem-mode soft -- run
  refused "--mem-mode: 'soft' is neither" run m.pb --mem-mode=soft
}
