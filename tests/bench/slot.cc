// What each step of a slot's life costs: attempts made one after the other from
// the agent's own rooms, with a clock between the steps. Each beside a bare
// vfork, execve and wait4 of the same program, and beside starts that leave out
// one thing. The agent makes the same steps in spank/agent/agent, slot.cc and
// slot_launch.cc.
//
//   slot [ATTEMPTS [PROGRAM]]      2000 of /bin/true
//
// Caps are by cgroup v1 or v2 where a cgroup can be made, else by the watchdog.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/exit_status.h"
#include "pack/base/program_path.h"
#include "pack/base/size.h"
#include "pack/journal/journal_writer.h"
#include "spank/agent/agent/attempt_directory.h"
#include "spank/agent/agent/verdict.h"
#include "spank/agent/caps/cgroup1.h"
#include "spank/agent/caps/cgroup2.h"
#include "spank/agent/caps/cgroup_mounts.h"
#include "spank/agent/caps/control_file.h"
#include "spank/agent/caps/watchdog.h"
#include "spank/agent/output/collector.h"
#include "spank/agent/output/streams.h"
#include "spank/agent/runner/launcher.h"
#include "spank/agent/truth/cpus.h"
#include "spank/agent/truth/environment.h"

namespace cram {
namespace {

[[noreturn]] void Die(absl::string_view what) {
  fprintf(stderr, "slot: %s\n", std::string(what).c_str());
  exit(1);
}

void Check(const absl::Status& status) {
  if (!status.ok()) Die(status.message());
}

template <typename T>
T Get(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

// The steps in the order of their first lap, and what each lap took.
class Steps {
 public:
  void Start() { last_ = absl::GetCurrentTimeNanos(); }
  void Lap(const char* name) {
    int64_t now = absl::GetCurrentTimeNanos();
    auto step = std::find_if(steps_.begin(), steps_.end(), [&](const Step& s) {
      return absl::string_view(s.name) == name;
    });
    if (step == steps_.end()) step = steps_.insert(step, {name, {}});
    step->nanoseconds.push_back(now - last_);
    last_ = absl::GetCurrentTimeNanos();
  }
  void Print(const char* title, bool with_sum) {
    printf("\n%-44s %9s %9s\n", title, "median", "9 in 10");
    double sum = 0;
    for (Step& step : steps_) {
      std::sort(step.nanoseconds.begin(), step.nanoseconds.end());
      sum += At(step, 0.5);
      printf("  %-42s %9.1f %9.1f\n", step.name, At(step, 0.5), At(step, 0.9));
    }
    if (with_sum) printf("  %-42s %9.1f\n", "sum", sum);
  }

 private:
  struct Step {
    const char* name;
    std::vector<int64_t> nanoseconds;
  };
  static double At(const Step& step, double part) {
    size_t place = static_cast<size_t>(
        part * static_cast<double>(step.nanoseconds.size() - 1));
    return static_cast<double>(step.nanoseconds[place]) / 1000;
  }
  std::vector<Step> steps_;
  int64_t last_ = 0;
};

// Everything that a slot has from its making on.
struct Bench {
  std::string directory;  // for files
  std::string cgroup;     // for leaves; empty: none could be made
  std::unique_ptr<Caps> caps;
  std::unique_ptr<SlotCap> cap;
  std::unique_ptr<OutputWriter> output;
  std::unique_ptr<Collector> collector;
  std::unique_ptr<JournalWriter> journal;
  std::unique_ptr<AttemptDirectory> temporary_directory;
  std::unique_ptr<Environment> environment;
  cpu_set_t cpus;
  std::unique_ptr<Launcher> launcher;
  RunOptions options;
  SubJob subjob;
};

// Below ours with v1, beside it with v2; empty: none can be made.
std::string MakeCgroup() {
  MemoryCgroup mine = FindMemoryCgroup();
  std::string above = mine.v1.empty() ? mine.v2 : mine.v1;
  if (mine.v1.empty() && mine.v2.size() > mine.v2_mount.size()) {
    above.resize(above.rfind('/'));
  }
  std::string path = absl::StrCat(above, "/cram_bench_", getpid());
  if (above.empty() || mkdir(path.c_str(), 0755) != 0) return "";
  ControlFile control;
  if (!mine.v1.empty() ||
      (control.Open(path, "cgroup.subtree_control", O_WRONLY).ok() &&
       control.Write("+memory").ok())) {
    return path;
  }
  rmdir(path.c_str());
  return "";
}

Bench MakeBench(const std::string& program) {
  Bench bench;
  bench.directory = "/tmp/cram-bench.XXXXXX";
  if (mkdtemp(&bench.directory[0]) == nullptr) Die("mkdtemp");
  bench.cgroup = MakeCgroup();
  if (bench.cgroup.empty()) {
    bench.caps = std::make_unique<WatchdogCaps>();
  } else if (Cgroup2Caps::IsFor(bench.cgroup)) {
    bench.caps = Get(Cgroup2Caps::Create(bench.cgroup, {}));
  } else {
    bench.caps = Get(Cgroup1Caps::Create(bench.cgroup, {}));
  }
  bench.cap = Get(bench.caps->MakeSlot(0));
  bench.output = Get(OutputWriter::Create(bench.directory + "/output"));
  bench.collector = Get(Collector::Create(bench.output.get(), 0));
  bench.journal = Get(JournalWriter::Create(bench.directory + "/journal"));
  bench.temporary_directory =
      std::make_unique<AttemptDirectory>(bench.directory + "/tmp", 0);
  RunFacts facts;
  facts.run_directory = bench.directory;
  facts.tell.set();
  bench.environment = std::make_unique<Environment>(environ, facts);
  bench.cpus = Get(NodeCpus::Find(1, "")).Set({0});
  bench.launcher = Get(Launcher::Create());
  bench.subjob.argv = {program};
  return bench;
}

void Remove(Bench* bench) {
  bench->temporary_directory.reset();
  bench->cap.reset();
  if (!bench->cgroup.empty()) rmdir(bench->cgroup.c_str());
  unlink((bench->directory + "/output").c_str());
  unlink((bench->directory + "/journal").c_str());
  rmdir((bench->directory + "/tmp").c_str());
  rmdir(bench->directory.c_str());
}

void Wait(pid_t pid, int* status) {
  rusage usage;
  if (wait4(pid, status, 0, &usage) != pid) Die("wait4");
}

pid_t Start(Bench* bench, const AttemptFacts& facts, Steps* steps) {
  Streams streams =
      OpenStreams(bench->subjob, 0, bench->options, bench->collector.get());
  steps->Lap("open its streams");
  SpawnRequest request;
  request.envp = bench->environment->Build(bench->subjob, facts);
  steps->Lap("build its environment");
  std::vector<std::string> programs =
      ProgramPaths(bench->subjob.argv[0], bench->environment->path());
  char* argv[] = {&bench->subjob.argv[0][0], nullptr};
  request.programs = &programs;
  request.argv = argv;
  request.stdin_fd = streams.in;
  request.stdout_fd = streams.out;
  request.stderr_fd = streams.err;
  request.cgroup_fd = bench->cap->entry_directory_fd();
  request.cgroup_procs_fd = bench->cap->entry_fd();
  bench->launcher->Launch(request, bench->cpus);
  bench->launcher->TellWhenDone();
  pollfd done = {bench->launcher->done_fd(), POLLIN, 0};
  poll(&done, 1, -1);
  SpawnResult result = *bench->launcher->TakeResult();
  steps->Lap("launch: its thread, fork, cgroup, execve");
  if (result.pid < 0) Die(result.failed_step);
  return result.pid;
}

enum class Entry { kNone, kByWrite, kByClone };

// A start alone, by this thread.
void StartInPart(Bench* bench, const char* name, Entry entry, Steps* steps) {
  std::vector<std::string> programs = {bench->subjob.argv[0]};
  char* argv[] = {&bench->subjob.argv[0][0], nullptr};
  SpawnRequest request;
  request.envp = environ;
  request.programs = &programs;
  request.argv = argv;
  request.stdin_fd = STDIN_FILENO;
  request.stdout_fd = STDOUT_FILENO;
  request.stderr_fd = STDERR_FILENO;
  if (entry != Entry::kNone) request.cgroup_procs_fd = bench->cap->entry_fd();
  if (entry == Entry::kByClone) {
    request.cgroup_fd = bench->cap->entry_directory_fd();
  }
  steps->Start();
  SpawnResult result = Spawn(request);
  steps->Lap(name);
  if (result.pid < 0) Die(result.failed_step);
  // The agent asks only those that run for some time.
  (void)bench->cap->Holds(result.pid);
  if (entry != Entry::kNone) steps->Lap("ask whether its cap holds it");
  int status;
  Wait(result.pid, &status);
}

void Attempt(Bench* bench, uint64_t index, Steps* steps) {
  bench->subjob.index = index;
  steps->Start();
  bench->collector->Begin(index, 0);
  Check(bench->cap->Arm(100 * kMiB));
  steps->Lap("arm the cap");
  Check(bench->temporary_directory->Prepare());
  steps->Lap("prepare its temporary directory");
  AttemptFacts facts;
  facts.cap_bytes = 100 * kMiB;
  facts.temporary_directory = bench->temporary_directory->path();
  JournalRecord started, ended;
  absl::Time start = absl::Now();
  started.mutable_started()->set_time_ns(absl::ToUnixNanos(absl::Now()));
  pid_t pid = Start(bench, facts, steps);
  bench->cap->Started(pid);
  started.mutable_started()->set_index(index);
  started.mutable_started()->set_pid(static_cast<uint32_t>(pid));
  bench->journal->Append(started);
  steps->Lap("append the record of the start");

  int status;
  Wait(pid, &status);
  steps->Lap("wait until it has run (wait4)");
  while (!bench->cap->KillAll()) {
  }
  steps->Lap("see that nothing of it is left");
  EndFacts end;
  end.exit = ExitStatus::FromWait(status);
  end.memory = bench->cap->Verdict();
  ended.mutable_ended()->set_cause(static_cast<uint32_t>(CauseOf(end)));
  ended.mutable_ended()->set_peak_bytes(bench->cap->peak_bytes());
  steps->Lap("verdict and peak");
  bench->collector->End();
  steps->Lap("collect its output");
  bench->temporary_directory->Empty();
  steps->Lap("see that its directory is empty");
  bench->cap->RemoveFiles(start, absl::InfiniteDuration());
  steps->Lap("see that it left no file in /dev/shm");
  ended.mutable_ended()->set_index(index);
  ended.mutable_ended()->set_end_ns(absl::ToUnixNanos(absl::Now()));
  bench->journal->Append(ended);
  steps->Lap("append the record of the end");
}

void Bare(char* program, Steps* steps) {
  char* argv[] = {program, nullptr};
  steps->Start();
  pid_t pid = vfork();
  if (pid == 0) {
    execve(program, argv, environ);
    _exit(127);
  }
  steps->Lap("bare vfork and execve");
  int status;
  Wait(pid, &status);
  steps->Lap("bare wait4");
}

int Main(uint32_t attempts, std::string program) {
  Bench bench = MakeBench(program);
  Steps steps, bare, parts;
  // Records reach the kernel twice a second in an agent; here, now and then.
  constexpr uint32_t kFlush = 500;
  for (uint32_t i = 0; i < attempts; ++i) {
    Attempt(&bench, i, &steps);
    Bare(&program[0], &bare);
    StartInPart(&bench, "spawn without thread and cgroup", Entry::kNone,
                &parts);
    StartInPart(&bench, "spawn without thread", Entry::kByWrite, &parts);
    if (bench.cap->entry_directory_fd() >= 0) {
      StartInPart(&bench, "the same, started in its cgroup", Entry::kByClone,
                  &parts);
    }
    if ((i + 1) % kFlush != 0) continue;
    steps.Start();
    Check(bench.journal->Flush());
    steps.Lap("of 500 attempts: flush the journal");
  }
  printf("%u attempts of %s, one at a time, caps by %s; microseconds\n",
         attempts, program.c_str(), std::string(bench.caps->name()).c_str());
  steps.Print("an attempt", true);
  bare.Print("bare", true);
  parts.Print("starts that leave something out", false);
  Remove(&bench);
  return 0;
}

}  // namespace
}  // namespace cram

int main(int argc, char** argv) {
  uint32_t attempts = 2000;
  if (argc > 3 ||
      (argc > 1 && (!absl::SimpleAtoi(argv[1], &attempts) || attempts == 0))) {
    fprintf(stderr, "usage: slot [ATTEMPTS [PROGRAM]]\n");
    return 2;
  }
  return cram::Main(attempts, argc > 2 ? argv[2] : "/bin/true");
}
