// cram-ranks: starts the ranks of a sub-job on this node, gives them their
// world, and ends as they do. Run by the agent, in the sub-job's cgroup, on its
// CPUs, with its environment; a user has no need of it.
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pack/base/io.h"
#include "pack/base/linked_mpi.h"
#include "pack/base/mpi_settings.h"
#include "pack/base/program_path.h"
#include "spank/ranks/no_pmix.h"
#include "spank/ranks/pmi1_server.h"
#include "spank/ranks/pmix_server.h"
#include "spank/ranks/rank_group.h"

namespace cram {
namespace {

struct Options {
  RankRequest request;
  uint32_t ranks = 0;
  Mpi mpi = Mpi::kUnsaid;
  std::string name = "cram";
};

// With several nodes the agent says which ranks are ours.
bool FindPlace(uint32_t ranks, GangPlace* place) {
  if (ranks == 0) return false;
  *place = GangPlace::OneNode(ranks);
  const char* text = getenv(std::string(kGangVariable).c_str());
  if (text == nullptr) return true;
  std::optional<GangPlace> gang = GangPlace::Parse(text);
  if (!gang) return false;
  *place = *std::move(gang);
  return true;
}

// They are a rank's each, and no other's.
bool TakeDescriptors(absl::string_view text, std::vector<int>* fds) {
  for (absl::string_view word : absl::StrSplit(text, ',')) {
    int fd = -1;
    if (!absl::SimpleAtoi(word, &fd)) return false;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fds->push_back(fd);
  }
  return true;
}

// The agent's words, which it writes as they are read here.
bool Parse(int argc, char** argv, Options* options) {
  RankRequest& request = options->request;
  const option known[] = {{"ranks", required_argument, nullptr, 'n'},
                          {"name", required_argument, nullptr, 'N'},
                          {"shared-memory", required_argument, nullptr, 'M'},
                          {"mpi", required_argument, nullptr, 'm'},
                          {"rank0-output", no_argument, nullptr, '0'},
                          {"output-stem", required_argument, nullptr, 's'},
                          {"stdout-fds", required_argument, nullptr, 'o'},
                          {"stderr-fds", required_argument, nullptr, 'e'},
                          {nullptr, 0, nullptr, 0}};
  int found;
  while ((found = getopt_long(argc, argv, "+", known, nullptr)) != -1) {
    switch (found) {
      case 'n':
        if (!absl::SimpleAtoi(optarg, &options->ranks)) return false;
        break;
      case 'N':
        options->name = optarg;
        break;
      case 'm': {
        absl::StatusOr<Mpi> mpi = ParseMpi(optarg);
        if (!mpi.ok()) return false;
        options->mpi = *mpi;
        break;
      }
      case 'M':
        request.shared_memory = optarg;
        break;
      case '0':
        request.output = RankRequest::Output::kRank0;
        break;
      case 's':
        request.output = RankRequest::Output::kFiles;
        request.output_stem = optarg;
        break;
      case 'o':
        if (!TakeDescriptors(optarg, &request.stdout_fds)) return false;
        break;
      case 'e':
        if (!TakeDescriptors(optarg, &request.stderr_fds)) return false;
        break;
      default:
        return false;
    }
  }
  request.argv.assign(argv + optind, argv + argc);
  return FindPlace(options->ranks, &request.place) && !request.argv.empty();
}

// Ends as the sub-job has ended, without a second core file.
[[noreturn]] void EndAs(const ExitStatus& status) {
  if (status.signal != 0) {
    rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(status.signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, status.signal);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    raise(status.signal);
    _exit(128 + status.signal);
  }
  _exit(status.code);
}

// `lacks`: what the ranks may turn out to need; empty: nothing.
absl::Status AddManagers(const Options& options, Mpi mpi, Loop* loop,
                         RankGroup* group, std::string* lacks) {
  const GangPlace& place = options.request.place;
  if (mpi == Mpi::kPmi1 || mpi == Mpi::kBoth) {
    group->Use(std::make_unique<Pmi1Server>(
        loop, options.name, place, group->elsewhere(), group->listener()));
  }
  if (mpi != Mpi::kPmix && mpi != Mpi::kBoth) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<ProcessManager>> pmix = StartPmixServer(
      loop, options.name, place, group->elsewhere(), group->listener());
  if (pmix.ok()) {
    group->Use(*std::move(pmix));
    return absl::OkStatus();
  }
  if (mpi == Mpi::kPmix) return pmix.status();
  // A program that needs the other can do without this one.
  group->Use(std::make_unique<NoPmix>());
  *lacks = std::string(pmix.status().message());
  return absl::OkStatus();
}

absl::Status Tell(const RankReport& report) {
  return WriteFull(kRankReportFd, report.ToText(), "report");
}

absl::StatusOr<ExitStatus> RunRanks(const Options& options,
                                    RankReport* report) {
  RankRequest request = options.request;
  const char* path = getenv("PATH");
  std::vector<std::string> programs =
      ProgramPaths(request.argv[0], path == nullptr ? kDefaultPath : path);
  Mpi mpi = ResolveMpi(options.mpi, request.place.ranks(), programs);
  if (options.mpi == Mpi::kNode && request.place.parts.size() == 1) {
    request.settings = SettingsForOneNode(mpi);
  }
  request.is_linked_with_mpi = [&programs] {
    Mpi linked = ResolveMpi(Mpi::kAuto, 1, programs);
    return linked == Mpi::kPmi1 || linked == Mpi::kPmix;
  };
  // Which of them a cap has ended is told by their pids.
  request.started = [](const std::vector<pid_t>& pids) {
    RankReport started;
    started.pids = pids;
    (void)Tell(started);
  };
  absl::StatusOr<std::unique_ptr<Loop>> loop = Loop::Create();
  if (!loop.ok()) return loop.status();
  absl::StatusOr<std::unique_ptr<RankGroup>> group =
      RankGroup::Create(loop->get(), &request);
  if (!group.ok()) return group.status();
  RankReport hub;
  std::string lacks;
  absl::Status status = (*group)->Join(&hub.port);
  if (status.ok()) {
    status = AddManagers(options, mpi, loop->get(), group->get(), &lacks);
  }
  if (!status.ok()) return status;
  // The agent tells the others where to come.
  if (hub.port != 0) {
    status = Tell(hub);
    if (!status.ok()) return status;
  }
  ExitStatus ended = (*group)->Run();
  *report = (*group)->report();
  if (!lacks.empty() && !ended.success() && !(*group)->AnybodyGreeted()) {
    fprintf(stderr, "cram: this may be why: %s\n", lacks.c_str());
  }
  // Nothing is undone, for the process ends: libpmix waits for itself for ever
  // when a rank has failed to connect. What it has in TMPDIR goes with that.
  (void)group->release();
  (void)loop->release();
  return ended;
}

int Main(const Options& options) {
  fcntl(kRankReportFd, F_SETFD, FD_CLOEXEC);
  RankReport report;
  absl::StatusOr<ExitStatus> ended = RunRanks(options, &report);
  if (!ended.ok()) {
    report.failed_step = std::string(ended.status().message());
    ended = ExitStatus{127, 0, false};
  }
  // Without an agent there is nobody to read it.
  (void)Tell(report);
  EndAs(*ended);
}

}  // namespace
}  // namespace cram

int main(int argc, char** argv) {
  cram::Options options;
  if (!cram::Parse(argc, argv, &options)) {
    fprintf(stderr, "cram: cram-ranks is run by cram-agent\n");
    return 2;
  }
  return cram::Main(options);
}
