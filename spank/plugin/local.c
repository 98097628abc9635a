#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "installed.h"
#include "options.h"

// Of libslurm, which is in srun; asks slurmctld. Not in a header of SPANK's.
extern int slurm_get_end_time(uint32_t job, time_t* end) __attribute__((weak));

static const char kPass[] = "CRAM_PASS";
static const char kEmptyScript[] = "#!/bin/sh\n";

static struct {
  int pass;                // 1, 2 or 3
  int script_given;        // standard input is kEmptyScript now
  int saved_input;         // what it was before; -1: closed
  int view;                // the site's word for every run
  char launch[PATH_MAX];   // cram-launch
  char program[PATH_MAX];  // srun, sbatch or salloc, as the kernel names it
} local = {.pass = 1, .saved_input = -1};

// The pass is in the environment with our process id, so that it means nothing
// to the programs that inherit it.
static void read_pass(void) {
  const char* word = getenv(kPass);
  int pass, pid;
  local.pass = word && sscanf(word, "%d:%d", &pass, &pid) == 2 &&
                       pid == (int)getpid() && pass > 1 && pass <= 3
                   ? pass
                   : 1;
  unsetenv(kPass);
}

static void set_pass(int pass) {
  char word[32];
  snprintf(word, sizeof word, "%d:%d", pass, (int)getpid());
  setenv(kPass, word, 1);
}

// This process's arguments, NULL at the end; `spare` more NULLs follow. Never
// freed: what comes next is exec or the end.
static char** read_arguments(int spare, int* count) {
  int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  size_t size = 0, room = 0;
  ssize_t got;
  char* text = NULL;
  do {
    if (size == room) {
      char* more = realloc(text, room = room ? 2 * room : 65536);
      if (!more) break;
      text = more;
    }
    got = read(fd, text + size, room - size);
    if (got > 0) size += (size_t)got;
  } while (got > 0 || (got < 0 && errno == EINTR));
  close(fd);
  if (!size || text[size - 1] != '\0') return NULL;

  *count = 0;
  for (size_t i = 0; i < size; i++) *count += text[i] == '\0';
  char** arguments = calloc((size_t)(*count + 1 + spare), sizeof *arguments);
  if (!arguments) return NULL;
  char* word = text;
  for (int i = 0; i < *count; i++, word += strlen(word) + 1) {
    arguments[i] = word;
  }
  return arguments;
}

// Standard input as the user gave it.
static void restore_input(void) {
  if (!local.script_given) return;
  if (local.saved_input >= 0) {
    dup2(local.saved_input, STDIN_FILENO);
  } else {
    close(STDIN_FILENO);
  }
}

// srun blocks signals before it loads plugins, and execve keeps the mask.
// Returns only when `path` cannot be run.
static void run(const char* path, char** arguments) {
  sigset_t none, before;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, &before);
  execv(path, arguments);
  slurm_error("cram: cannot run %s: %m", path);
  sigprocmask(SIG_SETMASK, &before, NULL);
}

// Pass 1 of srun: again, with a word that stands for the missing command.
static int on_cram_option(void) {
  if (local.pass != 1) return 0;
  int count = 0;
  char** arguments = read_arguments(1, &count);
  if (!arguments) {
    slurm_error("cram: cannot read /proc/self/cmdline: %m");
    return -1;
  }
  if (access(local.launch, X_OK) != 0) {
    slurm_error(
        "cram: %s: %m; is cram installed there, or does plugstack.conf need "
        "prefix=DIR?",
        local.launch);
    return -1;
  }
  arguments[count] = local.launch;
  set_pass(2);
  run(local.program, arguments);
  unsetenv(kPass);
  return -1;
}

// getopt knows no abbreviation of --cram, because --cram-mem begins so too, and
// of --cram-resume none shorter than this.
static int may_have_cram(void) {
  int count = 0;
  char** arguments = read_arguments(0, &count);
  for (int i = 1; arguments && i < count; i++) {
    if (strcmp(arguments[i], "--cram") == 0 ||
        strncmp(arguments[i], "--cram=", 7) == 0 ||
        strncmp(arguments[i], "--cram-res", 10) == 0) {
      return 1;
    }
  }
  return 0;
}

static void give_empty_script(void) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  local.saved_input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  ssize_t size = sizeof kEmptyScript - 1;
  local.script_given = write(ends[1], kEmptyScript, (size_t)size) == size &&
                       dup2(ends[0], STDIN_FILENO) == STDIN_FILENO;
  close(ends[1]);
  if (ends[0] != STDIN_FILENO) close(ends[0]);
}

int local_init(spank_t spank, int ac, char** av) {
  for (int i = 0; i < ac; i++) {
    if (strcmp(av[i], "view") == 0) {
      local.view = 1;
    } else if (strncmp(av[i], "prefix=", 7) != 0) {
      slurm_error("cram: %s: unknown word in plugstack.conf", av[i]);
    }
  }
  int found =
      installed_path("cram-launch", ac, av, local.launch, sizeof local.launch);
  ssize_t got =
      readlink("/proc/self/exe", local.program, sizeof local.program - 1);
  if (found != 0 || got <= 0) {
    slurm_error("cram: cannot find cram-launch or this program");
    return -1;
  }
  read_pass();
  if (spank_context() == S_CTX_LOCAL) {
    options_listen(on_cram_option);
  } else if (local.pass == 1 && may_have_cram()) {
    give_empty_script();
  }
  return options_register(spank);
}

// cram-launch PROGRAM OPTIND [OPTION=WORD]... -- ARGUMENT...
static char** launch_arguments(void) {
  int count = 0, n = 0;
  char** arguments = read_arguments(0, &count);
  if (!arguments) return NULL;
  if (local.pass == 2) count--;  // the word of pass 1
  char** words = calloc((size_t)(count + options_count() + 6), sizeof *words);
  char* index = NULL;
  if (!words || asprintf(&index, "%d", optind) < 0) return NULL;
  words[n++] = local.launch;
  words[n++] = local.program;
  words[n++] = index;
  for (int i = 0; i < options_count(); i++) {
    if (!options_value(i)) continue;
    if (asprintf(&words[n++], "%s=%s", options_name(i), options_value(i)) < 0) {
      return NULL;
    }
  }
  if (local.view) words[n++] = "cram-view=";
  words[n++] = "--";
  memcpy(words + n, arguments, (size_t)count * sizeof *words);
  return words;
}

static int any_option_given(void) {
  for (int i = 0; i < options_count(); i++) {
    if (options_value(i)) return 1;
  }
  return 0;
}

int local_post_opt(void) {
  int is_srun = spank_context() == S_CTX_LOCAL;
  if (any_option_given() && !(is_srun && local.pass == 3)) {
    restore_input();
    char** words = launch_arguments();
    set_pass(3);
    if (words) run(local.launch, words);
    // Slurm ignores what an optional plugin returns, and would run the user's
    // command once for each task.
    _exit(2);
  }
  if (local.script_given) {
    // A script's own argument looked like --cram: sbatch starts anew with the
    // input that it was given.
    restore_input();
    int count = 0;
    char** arguments = read_arguments(0, &count);
    set_pass(3);
    if (arguments) run(local.program, arguments);
    _exit(2);
  }
  return 0;
}

int local_user_init(spank_t spank) {
  uint32_t job;
  time_t end;
  char word[32];
  if (!options_cram_given() || !slurm_get_end_time ||
      spank_get_item(spank, S_JOB_ID, &job) != ESPANK_SUCCESS ||
      slurm_get_end_time(job, &end) != 0) {
    return 0;
  }
  snprintf(word, sizeof word, "%lld", (long long)end);
  setenv("CRAM_JOB_END", word, 1);
  return 0;
}
