// A stand-in for the programs of Slurm that load SPANK plugins: it defines what
// they export, loads the real plugin as they do, and calls its hooks in their
// order. Which program it is, its file's name says: srun, sbatch, salloc,
// slurmd or slurmstepd.
//
//   FAKE_PLUGIN   path of the plugin
//   FAKE_WORDS    its words in plugstack.conf, separated by blanks
//   FAKE_FAIL     names of the spank_ functions that fail
//   FAKE_STEP, FAKE_TASK, FAKE_OPTIONS ("cram=FILE cram-mem=1G")
//                 for slurmstepd: ids, options of the step
//   FAKE_STEPD_CGROUP, FAKE_CGROUP
//                 the directories into which slurmstepd puts itself, and the
//                 task before task_post_fork
//
// What the hooks return is printed when it is not 0.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <slurm/slurm.h>
#include <slurm/spank.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMaxOptions = 64, kFirstOption = 0xfff };

static void* plugin;
static int word_count;
static char* plugin_words[16];
static struct spank_option registered[kMaxOptions];
static int registered_count;
static pid_t task_pid;
static int task_status;

static const char* setting(const char* name, const char* otherwise) {
  const char* value = getenv(name);
  return value ? value : otherwise;
}

static int fails(const char* function) {
  return strstr(setting("FAKE_FAIL", ""), function) != NULL;
}

// --- what Slurm exports ------------------------------------------------------

// In one write: stepd and task share the descriptor.
static void say(const char* level, const char* format, va_list arguments) {
  char* text = NULL;
  if (vasprintf(&text, format, arguments) < 0) return;
  dprintf(STDERR_FILENO, "%s: %s\n", level, text);
  free(text);
}

#define LOG_FUNCTION(name)                     \
  void slurm_##name(const char* format, ...) { \
    va_list arguments;                         \
    va_start(arguments, format);               \
    say(#name, format, arguments);             \
    va_end(arguments);                         \
  }
LOG_FUNCTION(info)
LOG_FUNCTION(error)

spank_context_t spank_context(void) {
  const char* name = program_invocation_short_name;
  if (strcmp(name, "srun") == 0) return S_CTX_LOCAL;
  if (strcmp(name, "slurmd") == 0) return S_CTX_SLURMD;
  if (strcmp(name, "slurmstepd") == 0) return S_CTX_REMOTE;
  if (strcmp(name, "sbatch") == 0 || strcmp(name, "salloc") == 0) {
    return S_CTX_ALLOCATOR;
  }
  return S_CTX_ERROR;
}

spank_err_t spank_option_register(spank_t spank, struct spank_option* option) {
  (void)spank;
  if (fails("spank_option_register") || registered_count == kMaxOptions) {
    return ESPANK_ERROR;
  }
  registered[registered_count++] = *option;
  return ESPANK_SUCCESS;
}

spank_err_t spank_get_item(spank_t spank, spank_item_t item, ...) {
  (void)spank;
  if (fails("spank_get_item")) return ESPANK_ERROR;
  va_list arguments;
  va_start(arguments, item);
  void* to = va_arg(arguments, void*);
  va_end(arguments);
  switch (item) {
    case S_JOB_ID:
      *(uint32_t*)to = 12;
      return ESPANK_SUCCESS;
    case S_JOB_STEPID:
      *(uint32_t*)to = (uint32_t)strtoul(setting("FAKE_STEP", "0"), NULL, 0);
      return ESPANK_SUCCESS;
    case S_TASK_ID:
      *(int*)to = atoi(setting("FAKE_TASK", "0"));
      return ESPANK_SUCCESS;
    case S_TASK_PID:
      *(pid_t*)to = task_pid;
      return ESPANK_SUCCESS;
    case S_TASK_EXIT_STATUS:
      *(int*)to = task_status;
      return ESPANK_SUCCESS;
    case S_JOB_UID:
      *(uid_t*)to = (uid_t)atoi(setting("FAKE_UID", "65534"));
      return ESPANK_SUCCESS;
    case S_JOB_GID:
      *(gid_t*)to = (gid_t)atoi(setting("FAKE_UID", "65534"));
      return ESPANK_SUCCESS;
    case S_JOB_NCPUS:
      *(uint16_t*)to = 2;
      return ESPANK_SUCCESS;
    case S_STEP_ALLOC_CORES:
      *(const char**)to = "0-1";
      return ESPANK_SUCCESS;
    case S_STEP_ALLOC_MEM:
      *(uint64_t*)to = 500;
      return ESPANK_SUCCESS;
    default:
      return ESPANK_BAD_ARG;
  }
}

int slurm_get_end_time(uint32_t job, time_t* end) {
  if (fails("slurm_get_end_time") || job != 12) return -1;
  *end = 1795320000;
  return 0;
}

spank_err_t spank_setenv(spank_t spank, const char* name, const char* value,
                         int overwrite) {
  (void)spank;
  if (fails("spank_setenv")) return ESPANK_ERROR;
  return setenv(name, value, overwrite) == 0 ? ESPANK_SUCCESS : ESPANK_ERROR;
}

spank_err_t spank_getenv(spank_t spank, const char* name, char* value,
                         int room) {
  (void)spank;
  const char* found = getenv(name);
  if (fails("spank_getenv") || !found) return ESPANK_ENV_NOEXIST;
  return snprintf(value, (size_t)room, "%s", found) < room ? ESPANK_SUCCESS
                                                           : ESPANK_NOSPACE;
}

spank_err_t spank_unsetenv(spank_t spank, const char* name) {
  (void)spank;
  if (fails("spank_unsetenv")) return ESPANK_ERROR;
  return unsetenv(name) == 0 ? ESPANK_SUCCESS : ESPANK_ERROR;
}

const char* spank_strerror(spank_err_t error) {
  return error == ESPANK_SUCCESS ? "Success" : "Generic error";
}

// --- the hosts ---------------------------------------------------------------

static int hook(const char* name) {
  int (*function)(spank_t, int, char**);
  *(void**)&function = dlsym(plugin, name);
  int result = function ? function(NULL, word_count, plugin_words) : 0;
  if (result) fprintf(stderr, "%s returned %d\n", name, result);
  return result;
}

static void load_plugin(void) {
  plugin = dlopen(setting("FAKE_PLUGIN", ""), RTLD_LAZY);
  if (!plugin) {
    fprintf(stderr, "%s\n", dlerror());
    exit(99);
  }
  char *words = strdup(setting("FAKE_WORDS", "")), *word;
  while ((word = strsep(&words, " ")) && word_count < 15) {
    if (*word) plugin_words[word_count++] = word;
  }
}

// As Slurm: its own short options and --wrap, then the plugin's.
static void read_options(int argc, char** argv, int call_back, char** wrap) {
  struct option table[kMaxOptions + 2] = {{"wrap", required_argument, NULL, 1}};
  for (int i = 0; i < registered_count; i++) {
    table[i + 1] = (struct option){registered[i].name, registered[i].has_arg,
                                   NULL, kFirstOption + i};
  }
  optind = 0;
  int found;
  while ((found = getopt_long(argc, argv, "+n:J:", table, NULL)) != -1) {
    if (found == '?') exit(1);
    if (found == 1) *wrap = optarg;
    if (found < kFirstOption || !call_back) continue;
    struct spank_option* option = &registered[found - kFirstOption];
    if (option->cb(option->val, optarg, 0) != 0) {
      fprintf(stderr, "Invalid --%s argument: %s\n", option->name, optarg);
      exit(1);
    }
  }
}

static void print_words(const char* title, char** words) {
  printf("%s:", title);
  for (; *words; words++) printf(" [%s]", *words);
  printf("\n");
}

static int run_srun(int argc, char** argv) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGINT);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  char* wrap = NULL;
  hook("slurm_spank_init");
  read_options(argc, argv, 1, &wrap);
  if (optind >= argc) {
    fprintf(stderr, "No command given to execute.\n");
    return 1;
  }
  hook("slurm_spank_init_post_opt");
  hook("slurm_spank_local_user_init");
  print_words("srun runs", argv + optind);
  hook("slurm_spank_exit");
  return 0;
}

static int run_sbatch(int argc, char** argv) {
  char *wrap = NULL, script[4096] = "";
  hook("slurm_spank_init");
  read_options(argc, argv, 0, &wrap);
  if (optind == argc && !wrap) {
    size_t size = fread(script, 1, sizeof script - 1, stdin);
    if (strncmp(script, "#!", 2) != 0) {
      fprintf(stderr, "This does not look like a batch script: %zu bytes\n",
              size);
      return 1;
    }
  }
  read_options(argc, argv, 1, &wrap);
  hook("slurm_spank_init_post_opt");
  printf("sbatch submits: %s%s\n", wrap ? wrap : "", script);
  print_words("with", argv + optind);
  hook("slurm_spank_exit");
  return 0;
}

static int run_salloc(int argc, char** argv) {
  char* wrap = NULL;
  hook("slurm_spank_init");
  read_options(argc, argv, 1, &wrap);
  hook("slurm_spank_init_post_opt");
  print_words("salloc runs", argv + optind);
  hook("slurm_spank_exit");
  return 0;
}

static int run_slurmd(void) {
  hook("slurm_spank_init");
  hook("slurm_spank_slurmd_exit");
  hook("slurm_spank_exit");
  return 0;
}

static void deliver_step_options(void) {
  char *options = strdup(setting("FAKE_OPTIONS", "")), *word;
  while ((word = strsep(&options, " "))) {
    char* value = strchr(word, '=');
    if (value) *value++ = '\0';
    for (int i = 0; i < registered_count; i++) {
      if (strcmp(registered[i].name, word) == 0) {
        registered[i].cb(registered[i].val, value, 1);
      }
    }
  }
}

static void put_into_cgroup(pid_t pid, const char* directory) {
  if (!directory) return;
  char path[4096];
  snprintf(path, sizeof path, "%s/cgroup.procs", directory);
  FILE* file = fopen(path, "w");
  if (!file || fprintf(file, "%d\n", (int)pid) < 0 || fclose(file) != 0) {
    perror(path);
  }
}

static int run_slurmstepd(char** argv) {
  put_into_cgroup(getpid(), getenv("FAKE_STEPD_CGROUP"));
  hook("slurm_spank_init");
  deliver_step_options();
  hook("slurm_spank_init_post_opt");
  hook("slurm_spank_user_init");
  int go[2];
  if (pipe(go) != 0) return 99;
  fflush(stdout);
  task_pid = fork();
  if (task_pid == 0) {
    char byte;
    close(go[1]);
    if (hook("slurm_spank_task_init_privileged") != 0) _exit(1);
    if (read(go[0], &byte, 1) != 0) _exit(1);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  put_into_cgroup(task_pid, getenv("FAKE_CGROUP"));
  hook("slurm_spank_task_post_fork");
  close(go[1]);
  waitpid(task_pid, &task_status, 0);
  hook("slurm_spank_task_exit");
  hook("slurm_spank_exit");
  return WIFEXITED(task_status) ? WEXITSTATUS(task_status) : 1;
}

int main(int argc, char** argv) {
  load_plugin();
  switch (spank_context()) {
    case S_CTX_LOCAL:
      return run_srun(argc, argv);
    case S_CTX_ALLOCATOR:
      return strcmp(program_invocation_short_name, "sbatch") == 0
                 ? run_sbatch(argc, argv)
                 : run_salloc(argc, argv);
    case S_CTX_REMOTE:
      return run_slurmstepd(argv);
    default:
      return run_slurmd();
  }
}
