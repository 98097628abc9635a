# The clock of the machine is somebody else's.
load helper

# A sub-job turns it back by an hour, for itself and the agents.
setup() {
  in_work
  cat >turned.c <<'C'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_REALTIME && access(getenv("TURNED"), F_OK) == 0) {
    now->tv_sec -= 3600;
  }
  return result;
}
C
  gcc -shared -fPIC -o turned.so turned.c
  export TURNED=$work/turned
}

turned() {
  env LD_PRELOAD="$work/turned.so" ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

@test "a clock that is turned back changes no length of time" {
  program job <<'C'
#!/bin/sh
sleep 1
[ "$CRAM_INDEX" -ne 0 ] || touch "$TURNED"
sleep 1
C
  pack --param i=1..4 -- ./job
  turned cram run --slots=2 --time=30 m.pb >out 2>err
  [ -e turned ]
  [ "$(date +%s)" -gt "$(($(turned date +%s) + 3000))" ]
  [[ $(cat err) == *"4 completed (1 node, 2 slots, 00:"[0-5]* ]]
  [[ $(cat err) != *00:00:0[0-3]* ]]
  for seconds in $(rows elapsedraw); do
    [ "$seconds" -ge 2 ]
    [ "$seconds" -lt 1000 ]
  done
}
