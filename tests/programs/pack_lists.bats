# cram pack from lists that other programs write: JSON Lines, batch scripts,
# files of LLNL's Cram; and adding to a manifest.
load helper

dry() {
  run -0 --separate-stderr cram pack --dry-run "$@"
}

# llnl_cram FILE JOBS: a file of LLNL's Cram, as its own writer makes it.
llnl_cram() {
  python3 - "$@" <<'END'
import struct, sys
number = lambda n: struct.pack(">I", n)
text = lambda t: number(len(t.encode())) + t.encode()
records = []
for i in range(int(sys.argv[2])):
    changed = {"SCRATCH": "/p/s%d" % i}
    if i == 0:
        changed.update({"BRACES": "{x}", "GONE": "1", "SLURM_NTASKS": "7",
                        "PWD": "/login"})
    removed = ["GONE"] if i == 2 else []
    words = ["<exe>" if i != 1 else "./own", "input.%d" % i]
    record = number(2 if i == 1 else 1) + text("/runs/%d" % i)
    record += number(len(words)) + b"".join(map(text, words))
    record += number(len(removed)) + b"".join(map(text, removed))
    record += number(len(changed))
    record += b"".join(text(k) + text(v) for k, v in sorted(changed.items()))
    records.append(record)
ranks = len(records) + (len(records) > 1)
with open(sys.argv[1], "wb") as file:
    file.write(number(0x6372616D) + number(2) + number(len(records)) +
               number(ranks) + number(max(map(len, records))))
    for record in records:
        file.write(number(len(record)) + record)
END
}

@test "an object is a sub-job, its keys are placeholders" {
  printf '%s\n' '{"n": 1, "mesh": "a b"}' '{"mesh": "{c}", "n": 0.50}' >r.jsonl
  dry --jsonl r.jsonl --cwd d{index} -- run {n} {mesh}
  [ "$output" = "0: cd d0 && run 1 'a b'
1: cd d1 && run 0.50 '{c}'" ]
}

@test "an object may say all of a sub-job" {
  cat >r.jsonl <<'END'
{"argv": ["run", "{x}"], "cwd": "/d", "env": {"A": "1", "B": null}, "cpus": 2}

{"argv": ["go"], "mem": "1.5G", "time": "90s", "name": "second", "stdout": "o"}
END
  dry --jsonl r.jsonl --cpus 4 --env C=3
  [ "${lines[0]}" = "0: cd /d && unset B; C=3 A=1 run '{x}'  # 2 CPUs" ]
  [ "${lines[1]}" = "1: C=3 go >o  # second, 4 CPUs, 1.50G, 00:01:30" ]
}

@test "the mode of an object's cap comes before that of the option" {
  mode() { cram info -j "$1" --json m.pb | grep -c '"mem_mode": "rlimit"'; }
  printf '%s\n' '{"mem_mode": "rlimit"}' '{"mem_mode": "cgroup"}' '{}' >r.jsonl
  pack --jsonl r.jsonl -- run
  [ "$(mode 0)" = 1 ] && [ "$(mode 1)" = 0 ] && [ "$(mode 2)" = 0 ]
  pack --jsonl r.jsonl --mem-mode rlimit -- run
  [ "$(mode 0)" = 1 ] && [ "$(mode 1)" = 0 ] && [ "$(mode 2)" = 1 ]
  echo '{"mem_mode": "hard"}' >r.jsonl
  refused "r.jsonl:1: 'mem_mode': " pack -o m.pb --jsonl r.jsonl -- run
}

@test "objects come from pipes and from standard input" {
  run -0 cram pack -o m.pb --jsonl - -- run {n} < <(
    seq -f '{"n":%g}' 1000)
  [[ $output == "m.pb: 1000 sub-jobs, "* ]]
  run -0 cram pack -o m.pb --jsonl <(seq -f '{"n":%g}' 1000) -- run {n}
  run -0 cram info -j 999 m.pb
  [[ $output == *"run 1000"* ]]
}

@test "a table comes from standard input, too, with its lines in errors" {
  dry --csv - -- run {n} < <(printf 'n\n1\n2\n')
  [ "$output" = "0: run 1
1: run 2" ]
  refused "standard input:3: 2 fields, where the header has 1" \
    pack -o m.pb --csv - -- run < <(printf 'n\n1\n2,3\n')
}

@test "what is wrong with an object is said with its line" {
  bad() {
    printf '{"a":1}\n\n%s\n' "$1" >r.jsonl
    refused "r.jsonl:3: $2" pack -o m.pb --jsonl r.jsonl -- run
  }
  bad '{"a":1,"a":2}' "'a' is there twice"
  bad '{"b":1}' "'b' is not in the first object"
  bad '{}' "has no 'a', which the first object has"
  bad '{"a":[1]}' "'a' holds a list, which is no value"
  bad '{"a":null}' "'a' is null"
  bad "$(printf '{"a":"\xff"}')" "not JSON at byte 7: invalid string: ill-formed UTF-8"
  bad "{\"a\":$(printf '[%.0s' {1..9999})" "'a' holds a list"
  bad '{"a":1' "not JSON at byte"
  bad '{"a":1,"mem":"much"}' "'mem': 'much' is not a size"
  # What a file says does not write on a terminal.
  printf '{"a\\n\\u001b[2Jb": 1}\n' >r.jsonl
  refused "r.jsonl:1: 'a\n\033[2Jb' is not a parameter's name" \
    pack -o m.pb --jsonl r.jsonl -- run
  printf '{"argv":["x"]}\n' >r.jsonl
  refused "another command after -- is one too many" \
    pack -o m.pb --jsonl r.jsonl -- run
  refused "{n:03d}: 'x' is not a whole number" \
    pack -o m.pb --jsonl <(echo '{"n":"x"}') -- run {n:03d}
}

@test "what a sub-job cannot have is refused before it runs" {
  printf '{"ranks":1}\n{"ranks":999}\n' >r.jsonl
  cram pack -o r.pb --jsonl r.jsonl -- run
  run -2 cram run r.pb
  [[ $output == *"sub-job 1: sub-jobs of 999 ranks"* ]]
}

write_script() {
  cat >job.sh <<'END'
#!/bin/bash -e
#SBATCH --job-name=sweep -n 2
#SBATCH --cpus-per-task=3 --mem-per-cpu 100
#SBATCH -o %x.%A_%4a.log   # one each
#SBATCH --array=1-10:3%2 --mail-type=ALL -p short
#SBATCH -t 1:00:00 --export=ALL,MODE=fast
echo "$SLURM_ARRAY_TASK_ID {x}"
#SBATCH --job-name=late
END
}

@test "an array's script is packed unchanged" {
  write_script
  run -0 --separate-stderr cram pack -o m.pb --array job.sh
  [[ $output == "m.pb: 4 sub-jobs, "* ]]
  [ "$stderr" = "cram: job.sh: not for sub-jobs, and ignored: --mail-type, \
-p, the array's %2 (srun --cram-slots limits a node)" ]
  run -0 cram info -j 2 m.pb
  for line in "Name         sweep_7" "Command      job.sh" \
    "Environment  SLURM_ARRAY_TASK_ID=7" "Environment  SLURM_ARRAY_TASK_COUNT=4" \
    "Environment  SLURM_ARRAY_TASK_MIN=1" "Environment  SLURM_ARRAY_TASK_MAX=10" \
    "Environment  SLURM_ARRAY_TASK_STEP=3" "Environment  SLURM_NTASKS=2" \
    "Environment  MODE=fast" "CPUs         6" "Memory       600M" \
    "Time limit   01:00:00"; do
    [[ $output == *"$line"$'\n'* ]]
  done
}

@test "a million tasks are some hundred bytes" {
  printf '#!/bin/sh\ntrue\n' >job.sh
  run -0 cram pack -o m.pb --array 0-999999 job.sh
  [[ $output == "m.pb: 1000000 sub-jobs, "* ]]
  [ "$(stat -c %s m.pb)" -lt 700 ]
  run -0 cram pack -o m.pb --array=0-3999999:7,1,5 job.sh -- --task {task}
  run -0 cram info -j 3 m.pb
  [[ $output == *"Command      job.sh --task 7"$'\n'* ]]
}

@test "options go before what the script says" {
  write_script
  run -0 --separate-stderr cram pack -o m.pb --array 5 job.sh --cpus 1 \
    --mem 2G --time 5 --stdout o.{task} --name mine --env MODE=slow
  run -0 cram info -a m.pb
  [[ $output == *" MODE=slow job.sh >o.5 2>o.5  # mine, 1 CPU, 2G, 00:05:00, "* ]]
}

@test "an array runs without Slurm, and a later edit changes nothing" {
  cat >job.sh <<'END'
#!/usr/bin/env bash
#SBATCH -a 3-5 -o out.%A.%a -J demo
echo "$1 $SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT in $SLURM_ARRAY_JOB_ID"
echo "$SLURM_JOB_NAME $0" >&2
exit $((SLURM_ARRAY_TASK_ID == 4))
END
  cram pack -o m.pb --array job.sh -- "it's {index}"
  printf '#!/bin/sh\nfalse\n' >job.sh
  run -1 cram run m.pb
  [[ $output == *"3 sub-jobs: 2 completed, 1 failed"* ]]
  out=$(compgen -G 'out.*.3')
  job=${out#out.} job=${job%.3}
  [ -n "$job" ]
  [ -d "cram-$job.0" ]
  [ "$(sed -n 1p "$out")" = "it's 0 3 of 3 in $job" ]
  [[ $(sed -n 2p "$out") == "demo "*/slurm_script.* ]]
  [ "$(sed -n 1p "out.$job.5")" = "it's 2 5 of 3 in $job" ]
}

@test "scripts and arrays that sbatch would refuse are refused" {
  printf 'echo\n' >job.sh
  refused "job.sh: not a batch script" pack -o m.pb --array 1 job.sh
  printf '#!/bin/sh\r\n' >job.sh
  refused "job.sh: has DOS line ends" pack -o m.pb --array 1 job.sh
  printf '#!/bin/sh\n' >job.sh
  refused "job.sh has no #SBATCH --array" pack -o m.pb --array job.sh
  refused "--array: '5-1' is no array" pack -o m.pb --array 5-1 job.sh
  refused "0-9: No such file" pack -o m.pb --array 0-9
  printf '#!/bin/sh\n#SBATCH -a 1 -N2\n' >job.sh
  refused "job.sh:2: -N: a sub-job runs on one node, not on 2" \
    pack -o m.pb --array job.sh
  refused "--csv and --array do not go together" \
    pack -o m.pb --array job.sh --csv x
}

@test "a script comes from standard input, too, and need not have an end" {
  printf '#!/bin/sh\n#SBATCH --array=3-4\n' |
    cram pack -o m.pb --array - >packed
  [[ $(cram info -j 0 m.pb) == *"Name         sbatch_3"* ]]
  local most=1000000
  # A sanitizer reserves terabytes of addresses.
  ! ldd "$(command -v cram)" | grep -q libasan || most=unlimited
  (
    ulimit -v "$most"
    refused "/dev/zero: not a batch script" pack -o n.pb --array 1 /dev/zero
    mkfifo endless
    { printf '#!/bin/sh\n' && yes; } >endless 2>/dev/null &
    refused "endless: longer than 1048576 bytes" pack -o n.pb --array 1 endless
  )
}

@test "jobs of LLNL's Cram become sub-jobs" {
  llnl_cram jobs.cram 3
  dry --from-cram jobs.cram -- ./app -v
  [ "$output" = "0: cd /runs/0 && BRACES='{x}' GONE=1 SCRATCH=/p/s0 ./app -v input.0
1: cd /runs/1 && BRACES='{x}' GONE=1 SCRATCH=/p/s1 ./own input.1  # 2 ranks
2: cd /runs/2 && unset GONE; BRACES='{x}' SCRATCH=/p/s2 ./app -v input.2" ]
  cram pack -o m.pb --from-cram - -- ./app <jobs.cram
  run -0 cram info -j 1 m.pb
  [[ $output == *"Ranks        2"$'\n'* ]]
}

@test "damaged files of LLNL's Cram are refused, with the place" {
  llnl_cram jobs.cram 3
  refused "jobs.cram: job 0: names no program; give it after --" \
    pack -o m.pb --from-cram jobs.cram
  head -c 100 jobs.cram >cut.cram
  refused "cut.cram: byte 100: truncated" pack -o m.pb --from-cram cut.cram -- run
  printf '\x63\x72\x61\x6d\0\0\0\2\0\0\0\1\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff' >bomb.cram
  refused "bomb.cram: byte 20: a record of 4294967295 bytes" \
    pack -o m.pb --from-cram bomb.cram -- run
  refused "not a file of LLNL's Cram" pack -o m.pb --from-cram /etc/passwd -- run
}

@test "a hundred thousand jobs take little memory" {
  llnl_cram jobs.cram 100000
  [ "$(stat -c %s jobs.cram)" -gt 5000000 ]
  # A sanitizer reserves terabytes of addresses.
  local most=$((64 * 1024))
  ! ldd "$(command -v cram)" | grep -q libasan || most=unlimited
  (ulimit -v "$most" && cram pack -o m.pb --from-cram jobs.cram -- run)
  run -0 cram info -j 99999 m.pb
  [[ $output == *"run input.99999"* ]]
}

@test "what is appended follows what is there" {
  cram pack -o m.pb --param a=1..3 --cpus 2 -- one {a}
  run -0 cram pack --append -o m.pb --csv <(printf 'b,c\nx,y\n') -- two {b} {c}
  [[ $output == "m.pb: 4 sub-jobs (1 added), "* ]]
  cram pack --append -o m.pb --lines <(echo three)
  run -0 cram info -a m.pb
  [ "$output" = "0: one 1  # 2 CPUs
1: one 2  # 2 CPUs
2: one 3  # 2 CPUs
3: two x y
4: three" ]
  [ "$(ls)" = m.pb ]
}

@test "what is appended to a link is added where it leads" {
  cram pack -o m.pb -- one
  ln -s m.pb newest
  cram pack --append -o newest -- two
  [ -L newest ]
  [ "$(cram info -a m.pb)" = "0: one
1: two" ]
}

@test "what cannot be appended to is refused, and stays" {
  refused "there is no manifest to add to" pack --append -o m.pb -- run
  cram pack -o keep.pb -- run
  sum=$(cksum <keep.pb)
  refused "unknown placeholder {x}" pack --append -o keep.pb -- run {x}
  refused "--dry-run writes nothing" pack --append --dry-run -o keep.pb -- run
  head -c 50 keep.pb >cut.pb
  refused "cut.pb: truncated" pack --append -o cut.pb -- run
  [ "$(cksum <keep.pb)" = "$sum" ]
}

@test "a second writer is refused while the first adds" {
  cram pack -o keep.pb -- run
  mkfifo lines
  cram pack --append -o keep.pb --lines lines &
  first=$!
  exec 7>lines
  echo one >&7
  for _ in {1..100}; do
    compgen -G 'keep.pb.*' >/dev/null && break
    sleep 0.05
  done
  refused "somebody else is adding to it" \
    pack --append -o keep.pb -- two
  exec 7>&-
  wait "$first"
  run -0 cram info -a keep.pb
  [ "$output" = "0: run
1: one" ]
}

@test "kill -9 while adding leaves the old manifest or the new" {
  cram pack -o keep.pb --lines <(seq -f 'run %g' 20000)
  for try in {1..12}; do
    before=$(cram info --json keep.pb | grep -o '"subjobs": *[0-9]*' | head -n 1)
    rm -f said
    cram pack --append -o keep.pb --lines <(seq -f 'more %g' 20000) >said &
    sleep "0.0$((RANDOM % 10))"
    kill -9 $! 2>/dev/null || true
    wait $! || true
    cram info --check keep.pb
    after=$(cram info --json keep.pb | grep -o '"subjobs": *[0-9]*' | head -n 1)
    [ ! -s said ] || [ "$after" != "$before" ]
    rm -f keep.pb.*
  done
}

@test "a full disk leaves nothing new, or the old manifest" {
  [ "$(id -u)" -eq 0 ] || skip "only root can mount a small file system"
  mkdir small
  mount -t tmpfs -o size=256k none small || skip "this machine mounts no tmpfs"
  lines() { for i in {1..10}; do head -c 100000 /dev/urandom | base64; done | sed "s/^/run /"; }
  run -2 cram pack -o small/m.pb --lines <(lines)
  [[ $output == *"No space left on device"* ]]
  [ -z "$(ls small)" ]
  cram pack -o small/m.pb -- run
  sum=$(cksum <small/m.pb)
  run -2 cram pack --append -o small/m.pb --lines <(lines)
  [[ $output == *"No space left on device"* ]]
  [ "$(ls small)" = m.pb ]
  [ "$(cksum <small/m.pb)" = "$sum" ]
  umount small
}

teardown() {
  ! mountpoint -q "$BATS_TEST_TMPDIR/work/small" || umount "$BATS_TEST_TMPDIR/work/small"
}
