# Caps and what Slurm makes of them: the same on cgroup v1, v2 and the watchdog.
load helper

# A program that passes its cap in its first attempt, and not in its second.
forgetful_script() {
  taker hog
  program forgetful <<'END'
#!/bin/sh
[ "$CRAM_ATTEMPT" != 0 ] || exec ./hog
END
}

# A file grows while this runs, so that one sees whether it runs. It has a file
# in /dev/shm and one in its TMPDIR.
ticker_script() {
  program ticker <<END
#!/usr/bin/python3
import os, time
index = os.environ["CRAM_INDEX"]
held = [open(path, "wb", 0)
        for path in ("$shm." + index, os.environ["TMPDIR"] + "/held")]
for file in held:
    file.write(b"x" * 3000000)
with open("ticks." + index, "w", buffering=1) as file:
    while True:
        print(file=file)
        time.sleep(0.05)
END
}

# Two of them in the background, until they run.
start_tickers() {
  ticker_script
  user mkdir tmp
  pack --param i=1..2 -- ./ticker
  background env TMPDIR="$work/tmp" \
    srun -N1 -c2 --job-name=tickers --cram=m.pb
  until_true 60 test -s "$work/ticks.0" -a -s "$work/ticks.1"
  [ "$(find "$work/tmp" -name held | wc -l)" -eq 2 ]
  # Other clusters may have a job of this number.
  shared=$(readlink "/proc/$(keeper)/fd"/* | grep '^/dev/shm/cram-tmp-')
}

# Whether the file grows within a second.
grows() {
  local before
  before=$(wc -c <"$1")
  sleep 1
  [ "$(wc -c <"$1")" -gt "$before" ]
}
stands() { ! grows "$1"; }

ended() {
  status=0
  wait "$pid" || status=$?
}

# ends_clean [no]: the step ends soon, not well, and without a trace. no: where
# there is no cgroup nobody is left who knows whose a file in /dev/shm is.
ends_clean() {
  SECONDS=0
  ended
  [ "$status" -ne 0 ]
  [ "$SECONDS" -lt 30 ]
  nothing_left
  [ -z "$(ls -A "$work/tmp")" ]
  [ ! -e "$shared" ]
  [ "${1-}" = "$CLUSTER_CGROUP" ] || [ -z "$(ls "$shm".* 2>/dev/null)" ]
}

ticking_job() { squeue -h -o %A --name=tickers; }

# agents_of PARENT: the keeper is slurmstepd's child, the agent cram-agent's.
agents_of() {
  local pid
  for pid in $("$here/../cluster/cluster" processes "$cluster"); do
    if [ "$(ps -o comm= -p "$pid")" = cram-agent ] &&
      [ "$(ps -o comm= -p "$(ps -o ppid= -p "$pid" | tr -d ' ')")" = "$1" ]; then
      echo "$pid"
    fi
  done
}
keeper() { agents_of slurmstepd; }
agent() { agents_of cram-agent; }

# succeeded NAME: to Slurm, and no step of it ran out of memory.
succeeded() {
  [ "$(user sacct -nP --name="$1" -o state | sort -u)" = COMPLETED ]
}

# bats test_tags=slow
@test "to Slurm a run succeeds whose sub-jobs hit their caps and then completed" {
  forgetful_script
  pack --mem 200M --param i=1..3 -- ./forgetful
  user srun -N1 -c2 --job-name=retried --cram=m.pb --cram-retry=1
  [ "$(rows state,attempt | sort -u)" = "COMPLETED|1" ]
  until_true 60 succeeded retried
}

# bats test_tags=slow
@test "a job that waits for success starts after caps were hit" {
  forgetful_script
  pack --mem 200M --param i=1..2 -- ./forgetful
  first=$(user sbatch --parsable -N1 -c2 --cram=m.pb --cram-retry=1)
  user sbatch -N1 --dependency="afterok:$first" --wrap='touch second'
  until_true 120 test -e "$work/second"
}

# bats test_tags=slow
@test "kill -9 of the agent leaves nothing, and the step ends" {
  start_tickers
  kill -KILL "$(agent)"
  ends_clean no
  [ "$status" -eq 3 ]
}

@test "kill -9 of agent and keeper leaves nothing, and the step ends" {
  start_tickers
  kill -KILL "$(agent)" "$(keeper)"
  ends_clean no
}

@test "scancel --signal=KILL leaves nothing" {
  start_tickers
  user scancel --signal=KILL "$(ticking_job)"
  ends_clean no
}

@test "scancel of the step, which kills all at once, leaves nothing" {
  start_tickers
  user scancel "$(ticking_job).0"
  ends_clean no
}

# bats test_tags=slow
@test "scancel of the job leaves nothing" {
  start_tickers
  user scancel "$(ticking_job)"
  ends_clean
}

@test "suspend stops sub-jobs, resume continues them" {
  start_tickers
  scontrol suspend "$(ticking_job)"
  until_true 20 stands "$work/ticks.0"
  stands "$work/ticks.1"
  scontrol resume "$(ticking_job)"
  until_true 20 grows "$work/ticks.0"
  grows "$work/ticks.1"
}

# bats test_tags=slow
@test "for how long a job is suspended is not on its sub-jobs' time limits" {
  pack --param i=1..2 -- sh -c 'until [ -e go ]; do sleep 0.2; done'
  background srun -N1 -c2 --cram=m.pb --cram-time=12s
  until_true 20 eval '[ "$(count R)" -eq 2 ]'
  id=$(squeue -h -o %A)
  scontrol suspend "$id"
  sleep 12
  touch "$work/go"
  scontrol resume "$id"
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 0 ]
  [ "$(count CD)" -eq 2 ]
}

# bats test_tags=slow
@test "scancel of a suspended job leaves nothing" {
  start_tickers
  scontrol suspend "$(ticking_job)"
  until_true 20 stands "$work/ticks.0"
  user scancel "$(ticking_job)"
  ends_clean no
}

@test "TotalCPU covers the sub-jobs" {
  program burn <<'END'
#!/usr/bin/python3
import time
while time.process_time() < 2:
    pass
END
  pack --param i=1..3 -- ./burn
  user srun -N1 -c2 --job-name=burners --cram=m.pb
  until_true 60 succeeded burners
  # [HH:]MM:SS.mmm, of the job and of the step
  run -0 user sacct -nP --name=burners -o totalcpu
  seconds=$(awk -F'[:.]' '{ print $(NF - 1) + 60 * $(NF - 2) }' \
    <<<"${lines[1]}")
  [ "$seconds" -ge 6 ]
  [ "$seconds" -lt 20 ]
}

@test "MaxRSS covers the sub-jobs where Slurm does not look at cgroups, else the agent" {
  taker take
  pack --mem 400M -- ./take 300 3
  user srun -N1 -c1 --acctg-freq=task=1 --job-name=resident --cram=m.pb
  until_true 60 succeeded resident
  run -0 user sacct -nP --name=resident --units=M -o maxrss
  # The job has none; its step is the last.
  maxrss=${lines[-1]%M}
  echo "MaxRSS: $maxrss"
  case $CLUSTER_CGROUP in
    no) awk -v m="$maxrss" 'BEGIN { exit !(300 <= m && m < 500) }' ;;
    *) awk -v m="$maxrss" 'BEGIN { exit !(0 < m && m < 200) }' ;;
  esac
  [ "$(rows maxrss --units=M | cut -d . -f 1 | tr -d M)" -ge 300 ]
}

# bats test_tags=kernel
@test "files in /dev/shm go with the sub-job, and what another step staged stays" {
  [ "$CLUSTER_CGROUP" != no ] || skip "nobody knows whose they are"
  program job.sh <<END
#!/bin/sh
srun -n1 sh -c 'head -c 3M /dev/zero >$shm.staged'
srun --cram=m.pb
ls $shm.* >kept
END
  pack --param i=1..6 -- sh -c "cat $shm.staged >$shm.{i}; mkdir $shm.d{i}
echo {i} >$shm.d{i}/{i}"
  user sbatch --wait -N1 -c2 job.sh
  cat "$work/kept"
  [ "$(cat "$work/kept")" = "$shm.staged" ]
  [ "$(count CD)" -eq 6 ]
}

@test "what a sub-job started and left is killed" {
  pack --param i=1..3 -- sh -c 'setsid sleep 1000 & sleep 0.3'
  user srun -N1 -c2 --cram=m.pb
  nothing_left
}

# Raises every limit, enters every cgroup and writes to every descriptor that it
# can, then takes too much.
escape_script() {
  program escape <<'END'
#!/usr/bin/python3
import os

def write(file, text):
    try:
        with open(file, "w") as opened:
            opened.write(text)
    except OSError:
        pass

def attack(directory):
    for limit in "memory.max", "memory.high":
        write(directory + "/" + limit, "max")
    for limit in "memory.memsw.limit_in_bytes", "memory.limit_in_bytes":
        write(directory + "/" + limit, "-1")
    try:
        os.mkdir(directory + "/escape")
    except OSError:
        pass
    write(directory + "/escape/cgroup.procs", "0")
    write(directory + "/cgroup.procs", "0")

for line in open("/proc/self/cgroup"):
    number, controllers, path = line.strip().split(":", 2)
    mount = "/sys/fs/cgroup"
    if "memory" in controllers.split(","):
        mount += "/memory"
    elif number != "0":
        continue
    while path.count("/") > 1:
        for entry in [e for e in os.scandir(mount + path) if e.is_dir()]:
            attack(entry.path)
        path = os.path.dirname(path)
for file in map(int, os.listdir("/proc/self/fd")):
    for limit in b"max", b"-1":
        try:
            if file > 2:
                os.write(file, limit)
        except OSError:
            pass
memory = b"x" * (400 << 20)
END
}

@test "a sub-job can neither raise its cap nor leave it" {
  escape_script
  pack --mem 100M --param i=1..2 -- ./escape
  run -1 user srun -N1 -c2 --mem=1000M --cram=m.pb
  [ "$(rows state,cause | sort -u)" = "OUT_OF_MEMORY|own cap" ]
  nothing_left
}

@test "nor for a step of the batch script's" {
  escape_script
  pack --mem 100M --param i=1..2 -- ./escape
  user sbatch --wait -N1 -c2 --mem=1000M --wrap='srun --cram=m.pb' || true
  [ "$(rows state,cause | sort -u)" = "OUT_OF_MEMORY|own cap" ]
  nothing_left
}

# Tries to get at the memory and the descriptors of the agent and its keeper.
intruder_script() {
  program intruder <<'END'
#!/usr/bin/python3
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_DETACH, WALL, PIDFD_GETFD = 16, 17, 1 << 30, 438

def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")

def attach(pid):
    check(libc.ptrace(PTRACE_ATTACH, pid, None, None))
    os.waitpid(pid, WALL)
    libc.ptrace(PTRACE_DETACH, pid, None, None)

class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

def memory(call):
    def attempt(pid):
        here = ctypes.create_string_buffer(8)
        local = Piece(ctypes.addressof(here), 8)
        far = Piece(int(open("/proc/%d/stat" % pid).read().split()[27]), 8)
        check(call(pid, ctypes.byref(local), 1, ctypes.byref(far), 1, 0))
    return attempt

def take_descriptor(pid):
    held = os.pidfd_open(pid)
    check(libc.syscall(PIDFD_GETFD, held, 0, 0))

attempts = {
    "attach": attach,
    "mem": lambda pid: open("/proc/%d/mem" % pid, "r+b"),
    "maps": lambda pid: open("/proc/%d/maps" % pid).read(),
    "fd": lambda pid: os.listdir("/proc/%d/fd" % pid),
    "fd/0": lambda pid: os.readlink("/proc/%d/fd/0" % pid),
    "readv": memory(libc.process_vm_readv),
    "writev": memory(libc.process_vm_writev),
    "pidfd_getfd": take_descriptor,
    "oom_score_adj": lambda pid: open("/proc/%d/oom_score_adj" % pid, "w"),
}

def parent(pid):
    return int(open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[1])

agent = os.getppid()
for name, pid in ("agent", agent), ("keeper", parent(agent)):
    assert open("/proc/%d/comm" % pid).read() == "cram-agent\n"
    for how, attempt in attempts.items():
        try:
            attempt(pid)
            print(name, how, "let in")
        except PermissionError:
            print(name, how, "refused")
END
}

@test "a sub-job gets into neither the agent nor its keeper" {
  intruder_script
  pack -- ./intruder
  user srun -N1 -c2 --cram=m.pb
  user cram output "$(run_dir)" 0 >"$work/told"
  cat "$work/told"
  [ "$(grep -c refused "$work/told")" -eq 18 ]
  [ "$(wc -l <"$work/told")" -eq 18 ]
}

@test "the OOM killer spares the agent, and no sub-job" {
  # A program that may be run but not read: its files in /proc are root's.
  install -m 711 "$(command -v sleep)" "$work/unreadable"
  program scores <<'END'
#!/bin/sh
./unreadable 20 &
(cat /proc/self/oom_score_adj)
cat "/proc/$$/oom_score_adj" "/proc/$!/oom_score_adj"
sleep 1
cat "/proc/$PPID/oom_score_adj"
kill "$!"
END
  pack --param i=1..3 -- ./scores
  user srun -N1 -c1 --cram=m.pb
  # Root may be no more here than in a container.
  spared=-500
  sh -c 'echo -500 >/proc/self/oom_score_adj' || spared=0
  for i in 0 1 2; do
    user cram output "$(run_dir)" $i >"$work/told"
    cat "$work/told"
    [ "$(tr '\n' ' ' <"$work/told")" = "0 0 0 $spared " ]
  done
}

@test "a sub-job has no descriptor of a cgroup's" {
  pack --param i=1..4 -- sh -c 'ls /proc/$$/fd; true'
  user srun -N1 -c2 --cram=m.pb
  for i in 0 1 2 3; do
    [ "$(user cram output "$(run_dir)" $i)" = "$(printf '0\n1\n2')" ]
  done
}
