# What a sub-job sees of the machine, with --view and without, by programs that
# know nothing of us. Everything is installed first: the view's library is found
# beside the agent.
load helper

setup_file() {
  cmake --install "$CRAM_BUILD" --prefix "$BATS_FILE_TMPDIR/opt" >/dev/null
  export library=$(echo "$BATS_FILE_TMPDIR"/opt/lib*/cram/libcram-view.so)
  [ -e "$library" ] ||
    library=$(find "$BATS_FILE_TMPDIR/opt" -name libcram-view.so)
}

setup() {
  in_work
  opt=$BATS_FILE_TMPDIR/opt
  PATH=$opt/bin:/usr/bin:/bin:/usr/sbin:/sbin
  unset CRAM_AGENT LD_PRELOAD
  # For a sanitized agent that is started with something preloaded.
  export ASAN_OPTIONS=verify_asan_link_order=0
  cap=$((200 << 20))
  node=$(awk '/^MemTotal:/ { print $2 * 1024 }' /proc/meminfo)
}

# seen COMMAND...: what it prints as a sub-job of 200 MB and one CPU, with the
# options of cram run in $options. It is told nothing besides: what a runtime
# makes of what it sees is what is asked.
options="--view --tell=none"
seen() {
  rm -rf cram-run-* m.pb
  cram pack -o m.pb --mem 200M --cpus 1 -- "$@" >/dev/null
  cram run $options m.pb >ran 2>&1 || { cat ran && cram output cram-run-* 0 &&
    cram output --stderr cram-run-* 0 && false; }
  cram output cram-run-* 0
}
errors() { cram output --stderr cram-run-* 0; }

# same EXPECTED SEEN
same() { [ "$1" = "$2" ] || { echo "expected: $1" && echo "seen: $2" && false; }; }

@test "free shows the cap and no swap" {
  run -0 seen free -b
  same "$cap 0" "$(awk '/^Mem:/ { m = $2 } /^Swap:/ { print m, $2 }' \
    <<<"$output")"
  # What it uses itself is a few megabytes at most, and never more than all.
  awk -v cap="$cap" '/^Mem:/ { exit !($7 <= cap && $7 > cap / 2 && $3 < cap / 2) }' \
    <<<"$output"
}

@test "getconf shows the cap and the sub-job's CPU" {
  page=$(getconf PAGESIZE)
  same $((cap / page)) "$(seen getconf _PHYS_PAGES)"
  run -0 seen getconf _AVPHYS_PAGES
  [ "$output" -gt $((cap / page / 2)) ] && [ "$output" -le $((cap / page)) ]
  same 1 "$(seen getconf _NPROCESSORS_ONLN)"
  same 1 "$(seen nproc)"
}

@test "the number of configured CPUs is good for an array of CPUs" {
  run -0 seen sh -c 'getconf _NPROCESSORS_CONF; taskset -cp $$ | sed "s/.* //"'
  same $((lines[1] + 1)) "${lines[0]}"
}

@test "awk, cat, a shell and perl read the cap in /proc/meminfo" {
  kb="MemTotal:         204800 kB"
  same "$kb" "$(seen awk 'NR == 1' /proc/meminfo)"
  same "$kb" "$(seen cat /proc/meminfo | head -n 1)"
  same "$kb" "$(seen sh -c 'read -r line </proc/meminfo; echo "$line"' |
    sed 's/: /:         /; s/:  */:         /')"
  same "$kb" "$(seen perl -e 'open F, "/proc/meminfo"; print scalar <F>')"
  # All other lines are there.
  same "$(sed 's/:.*//' /proc/meminfo)" \
    "$(seen cat /proc/meminfo | sed 's/:.*//')"
}

@test "files of CPUs have the sub-job's" {
  cpu=$(seen sh -c 'taskset -cp $$ | sed "s/.* //"')
  same "$cpu" "$(seen cat /sys/devices/system/cpu/online)"
  same 1 "$(seen grep -c '^processor' /proc/cpuinfo)"
  same "cpu$cpu" "$(seen grep -o '^cpu[0-9][0-9]*' /proc/stat)"
}

@test "Python's os sees cap and CPU" {
  same "$cap 1 204800" "$(seen /usr/bin/python3 -c '
import os
kib = open("/proc/meminfo").readline().split()[1]
print(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), os.cpu_count(), kib)')"
}

@test "psutil sees cap and CPU" {
  run -0 seen /usr/bin/python3 -c '
import psutil
memory = psutil.virtual_memory()
assert 0 < memory.available <= memory.total, memory
assert 0 <= memory.used <= memory.total, memory
assert 0 <= memory.percent < 50, memory
print(memory.total, psutil.swap_memory().total, psutil.cpu_count())'
  same "$cap 0 1" "$output"
}

@test "Java without a word of containers makes its heap for the cap" {
  run -0 seen java -XX:-UseContainerSupport -XX:+PrintFlagsFinal -version
  # A quarter of the memory, in steps of 2 MB.
  [[ $output =~ \ MaxHeapSize\ +=\ ([0-9]+) ]]
  [ "${BASH_REMATCH[1]}" -le $((cap / 4 + (2 << 20))) ] ||
    [ "${BASH_REMATCH[1]}" -le $((cap / 2)) ]
  errors | { ! grep -i preload; }
}

@test "Node sees cap and CPU" {
  same "$cap 1" "$(seen "$(command -v node)" -p \
    'os.totalmem() + " " + os.cpus().length')"
}

@test "what is in use is not available, files that can be dropped are" {
  run -0 seen /usr/bin/python3 -c '
import os
def kib(name):
  return next(int(line.split()[1]) for line in open("/proc/meminfo")
              if line.startswith(name + ":"))
before = kib("MemAvailable")
memory = b"x" * (60 << 20)
print(before - kib("MemAvailable"), "CRAM_MEM_CGROUP" in os.environ)'
  if [[ $output == *True ]]; then
    [ "${output% *}" -gt 55000 ] && [ "${output% *}" -lt 70000 ]
  else
    same "0 False" "$output"
  fi
}

@test "a program sees the numbers through every door of libc" {
  cat >doors.c <<'END'
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static const char path[] = "/proc/meminfo";
extern int __open_2(const char*, int), __open64_2(const char*, int);
extern int __openat_2(int, const char*, int), __openat64_2(int, const char*, int);

static void check(int fd) {
  char text[64] = "";
  assert(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
  if (strncmp(text, "MemTotal:         204800 kB\n", 28) != 0) puts(text);
  assert(lseek(fd, 0, SEEK_SET) == 0 && close(fd) == 0);
}

static void check_stream(FILE* stream) {
  char text[64] = "";
  assert(stream && fgets(text, sizeof text, stream));
  if (strcmp(text, "MemTotal:         204800 kB\n") != 0) puts(text);
  fclose(stream);
}

int main(void) {
  const char* volatile none = NULL;
  struct sysinfo info;
  char name[] = "madeXXXXXX";
  struct stat made;
  check(open(path, O_RDONLY));
  check(open64(path, O_RDONLY | O_NONBLOCK));
  check(openat(AT_FDCWD, path, O_RDONLY));
  check(openat64(0, path, O_RDONLY));
  check(__open_2(path, O_RDONLY));
  check(__open64_2(path, O_RDONLY));
  check(__openat_2(AT_FDCWD, path, O_RDONLY));
  check(__openat64_2(AT_FDCWD, path, O_RDONLY));
  check_stream(fopen(path, "r"));
  check_stream(fopen64(path, "rbe"));
  assert(sysinfo(&info) == 0);
  printf("%lu %lu %d %d %ld\n", info.totalram * info.mem_unit,
         info.totalswap, get_nprocs(), get_nprocs_conf() >= get_nprocs(),
         get_phys_pages() * sysconf(_SC_PAGESIZE));
  assert(info.freeram <= info.totalram && get_avphys_pages() > 0);

  int fd = open(path, O_RDONLY | O_CLOEXEC);
  assert(fcntl(fd, F_GETFD) == FD_CLOEXEC);
  close(fd);
  fd = open(path, O_RDONLY);
  assert(fcntl(fd, F_GETFD) == 0);
  close(fd);
  /* Everything else is as it was. */
  assert(open(none, O_RDONLY) == -1 && errno == EFAULT);
  assert(open("/proc/nothing", O_RDONLY) == -1 && errno == ENOENT);
  assert(open(path, O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
  assert(!fopen("/proc/nothing", "r") && !fopen(path, "x"));
  fd = open(name, O_CREAT | O_EXCL | O_RDWR, 0640);
  assert(fd >= 0 && fstat(fd, &made) == 0 && (made.st_mode & 0777) == 0640);
  errno = 7;
  close(open(path, O_RDONLY));
  assert(errno == 7);
  assert(sysconf(_SC_OPEN_MAX) > 0 && sysconf(-1) == -1);
  return 0;
}
END
  gcc -o doors doors.c
  umask 022
  same "$cap 0 1 1 $cap" "$(seen "$PWD/doors")"
  if command -v musl-gcc >/dev/null; then
    # Another libc, the same library.
    rm made*
    sed -i '/^extern/d; /check(__open/d; s/open64(/open(/; s/openat64(/openat(/' doors.c
    musl-gcc -D_LARGEFILE64_SOURCE -o doors doors.c
    same "$cap 0 1 1 $cap" "$(seen "$PWD/doors")"
  fi
}

@test "a static program runs, and sees the node" {
  same "$((node / 1024))" "$(seen busybox free | awk '/^Mem:/ { print $2 }')"
  same "" "$(errors)"
}

@test "a set-user-ID program runs, and sees the node" {
  [ "$(id -u)" -eq 0 ] || skip "needs root, to give a program to another user"
  cp /bin/cat other
  chown nobody other
  chmod 4755 other
  same "$node" "$(seen "$PWD/other" /proc/meminfo |
    awk 'NR == 1 { print $2 * 1024 }')"
  same "" "$(errors)"
}

@test "a 32-bit program runs, and the loader says that it has no view" {
  [ "$(uname -m)" = x86_64 ] || skip "no 32-bit programs on this machine"
  run -0 seen /lib32/libc.so.6
  [[ $output == "GNU C Library"* ]]
  [[ $(errors) == *"$library"*"cannot be preloaded"*"ignored"* ]]
}

@test "a program with AddressSanitizer runs when it is told not to mind" {
  echo 'int main(void) { return 0; }' >plain.c
  gcc -fsanitize=address -o plain plain.c
  run -0 seen "$PWD/plain"
}

@test "what the user preloads is loaded too, and comes first" {
  cat >own.c <<'END'
#include <unistd.h>
long __sysconf(int name);
long sysconf(int name) {
  return name == _SC_NPROCESSORS_ONLN ? 77 : __sysconf(name);
}
END
  gcc -shared -fPIC -o own.so own.c
  see="getconf _NPROCESSORS_ONLN; head -n 1 /proc/meminfo | tr -s ' '"
  both=$'77\nMemTotal: 204800 kB'
  LD_PRELOAD=$PWD/own.so run -0 seen sh -c "$see"
  same "$both" "$output"
  cram pack -o m.pb --mem 200M --env "LD_PRELOAD=$PWD/own.so" -- sh -c "$see"
  rm -rf cram-run-*
  run -0 cram run --view m.pb
  same "$both" "$(cram output cram-run-* 0)"
}

@test "a manifest can take a sub-job out of the view" {
  cram pack -o m.pb --mem 200M --env LD_PRELOAD= -- cat /proc/meminfo
  run -0 cram run --view m.pb
  same "$node" "$(cram output cram-run-* 0 | awk 'NR == 1 { print $2 * 1024 }')"
}

@test "the record says whether there was a view" {
  seen true
  run -0 cramacct -j "$(echo cram-run-*)" --summary
  [[ $output =~ (cgroup/v[12]|watchdog),\ view ]]
  cramacct -j "$(echo cram-run-*)" --json >with.json
  options=
  seen true
  run -0 cramacct -j "$(echo cram-run-*)" --summary
  [[ $output != *view* ]]
  cramacct -j "$(echo cram-run-*)" --json >without.json
  python3 -c '
import json
views = [json.load(open(name))["run"]["nodes"][0]["view"]
         for name in ("with.json", "without.json")]
assert views == [True, False], views'
}

@test "without --view nothing changes" {
  options=
  same "$node" "$(seen free -b | awk '/^Mem:/ { print $2 }')"
  same "" "$(seen env | grep -e ^LD_PRELOAD -e ^CRAM_MEM_CGROUP)"
  LD_PRELOAD=libm.so.6 run -0 seen env
  same LD_PRELOAD=libm.so.6 "$(grep ^LD_PRELOAD <<<"$output")"
}

@test "without a cap in the environment the library changes nothing" {
  for value in "" 0 x 1G -1; do
    CRAM_MEM_BYTES=$value LD_PRELOAD=$library run -0 cat /proc/meminfo
    same "$node" "$(awk 'NR == 1 { print $2 * 1024 }' <<<"$output")"
    CRAM_MEM_BYTES=$value LD_PRELOAD=$library run -0 \
      taskset -c 0 getconf _NPROCESSORS_ONLN
    same "$(getconf _NPROCESSORS_ONLN)" "$output"
  done
}

@test "a library that is not there is an error before anything starts" {
  mv "$library" "$library.away"
  cram pack -o m.pb -- touch started
  run -2 cram run --view m.pb
  run -2 "$opt/libexec/cram/cram-launch" /no/srun 2 cram=m.pb cram-view= -- \
    srun --cram=m.pb
  local said=$output
  run -2 cram run --view m.pb
  mv "$library.away" "$library"
  same 1 "${#lines[@]}"
  [[ $output == *"--view: the library is not installed: "*libcram-view.so*"No such file"* ]]
  [[ $said == "cram: --cram-view: the library is not installed: "*"No such file"* ]]
  [ ! -e started ]
  [ -z "$(ls -d cram-run-* 2>/dev/null)" ]
}

@test "the library needs libc and nothing else, and no new one" {
  run bash -c "readelf -d '$library' | grep NEEDED"
  [ "${#lines[@]}" -eq 1 ]
  [[ $output == *"[libc.so.6]"* ]]
  # memcpy has the newest version, of 2011; aarch64 begins with 2.17.
  newest=$(objdump -T "$library" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
  [ "$(printf '%s\n' "$newest" GLIBC_2.17 | sort -V | tail -n 1)" = GLIBC_2.17 ]
}

@test "the library exports what it stands in for and nothing else" {
  run -0 nm -D --defined-only --format=just-symbols "$library"
  same "__open64_2
__open_2
__openat64_2
__openat_2
fopen
fopen64
get_avphys_pages
get_nprocs
get_nprocs_conf
get_phys_pages
open
open64
openat
openat64
sysconf
sysinfo" "$(LC_ALL=C sort <<<"$output")"
}
