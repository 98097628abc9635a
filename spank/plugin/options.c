#include "options.h"

#include <stdlib.h>
#include <string.h>

#define OPTION(name, argument, help, number) \
  { name, argument, help, (argument) != NULL, number, remember }

enum { RESUME = 12 };  // the place of --cram-resume

static int remember(int number, const char* word, int remote);

static struct spank_option options[] = {
    OPTION("cram", "FILE",
           "run the sub-jobs of this manifest; see cram(1) and spank_cram(8)",
           0),
    OPTION("cram-mem", "SIZE|share|auto",
           "cap of each sub-job, over what the manifest says; share: the "
           "node's budget / slots; auto: learned from measured peaks",
           1),
    OPTION("cram-mem-mode", "MODE",
           "cgroup (the cap alone) or rlimit (RLIMIT_DATA below it, too), "
           "over what the manifest says",
           2),
    OPTION("cram-tell", "NAMES",
           "which language runtimes are told of the cap and the CPUs: all "
           "(default), none, or [-]NAME,...",
           3),
    OPTION("cram-slots", "N", "at most N sub-jobs at once on a node", 4),
    OPTION("cram-time", "TIME",
           "time limit of each sub-job, over what the manifest says", 5),
    OPTION("cram-retry", "N[:on=CODES][:except=CODES]",
           "run a sub-job that did not complete up to N more times; of exit "
           "codes and signals (75,SIGSEGV) only those, or all but those",
           6),
    OPTION("cram-oom-retry", "FACTOR[:MAX]",
           "run a sub-job that reached its cap again with FACTOR times the "
           "cap, up to MAX (default: the node's budget); not counted by retry",
           7),
    OPTION("cram-max-failures", "N|P%",
           "stop the run when more than N (or P percent of all) sub-jobs "
           "failed",
           8),
    OPTION("cram-output", "MODE",
           "packed (default), rank0, all, none, system, or a file name with "
           "{placeholders}",
           9),
    OPTION("cram-output-limit", "SIZE[:kill]",
           "of packed output keep the start and the end of a stream that is "
           "longer (default 16M, 0: all of it); kill: end its sub-job as well",
           10),
    OPTION("cram-dir", "DIR", "where the run directory is made (default: here)",
           11),
    OPTION("cram-resume", "DIR",
           "go on with an earlier run: what it completed is not run again",
           RESUME),
    OPTION("cram-signal", "SIG[@TIME]",
           "what running sub-jobs get, and how long before the job ends "
           "(default: TERM@30s)",
           13),
    OPTION("cram-view", NULL,
           "show sub-jobs their cap and their CPUs as the machine's", 14),
    OPTION("cram-progress", NULL, "show progress on standard error", 15),
    OPTION("cram-release", NULL,
           "give nodes that have nothing left to do back to Slurm", 16),
};
enum { COUNT = sizeof options / sizeof options[0] };

static char* words[COUNT];
static options_listener listener;

static int remember(int number, const char* word, int remote) {
  if (number < 0 || number >= COUNT) return -1;
  char* copy = strdup(word && options[number].has_arg ? word : "");
  if (!copy) return -1;
  free(words[number]);
  words[number] = copy;
  // Either starts a run without a command.
  int starts = number == 0 || number == RESUME;
  return starts && !remote && listener ? listener() : 0;
}

int options_register(spank_t spank) {
  for (int i = 0; i < COUNT; i++) {
    if (spank_option_register(spank, &options[i]) != ESPANK_SUCCESS) {
      slurm_error("cram: cannot register --%s", options[i].name);
      return -1;
    }
  }
  return 0;
}

void options_listen(options_listener to) { listener = to; }

int options_count(void) { return COUNT; }

const char* options_name(int number) { return options[number].name; }

const char* options_value(int number) { return words[number]; }

const char* options_word(const char* name) {
  for (int i = 0; i < COUNT; i++) {
    if (strcmp(options[i].name, name) == 0) return words[i];
  }
  return NULL;
}

int options_cram_given(void) { return words[0] != NULL; }
