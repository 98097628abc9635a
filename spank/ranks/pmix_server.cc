#include "spank/ranks/pmix_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/mpi_settings.h"
#include "spank/ranks/names.h"
#include "spank/ranks/pmix_library.h"
#include "spank/ranks/pmix_names.h"
#include "spank/ranks/pmix_world.h"
#include "spank/ranks/scoped_settings.h"

namespace cram {
namespace {

class PmixServer : public ProcessManager {
 public:
  PmixServer(PmixLibrary library, Loop* loop, std::string name,
             const GangPlace& place, GangLink* elsewhere, Listener* listener)
      : library_(library),
        loop_(loop),
        name_(std::move(name)),
        place_(place),
        elsewhere_(elsewhere),
        listener_(listener),
        inside_(place.ranks_here()),
        greeted_(place.ranks_here()) {}
  ~PmixServer() override;

  absl::Status Start();
  absl::Status Prepare(uint32_t rank, RankEnvironment* environment) override;
  void Started(uint32_t) override {}
  bool Inside(uint32_t rank) override {
    absl::MutexLock lock(&mutex_);
    return inside_[rank - place_.first_rank()];
  }
  bool Greeted(uint32_t rank) override {
    absl::MutexLock lock(&mutex_);
    return greeted_[rank - place_.first_rank()];
  }

  // From libpmix's thread.
  void SetInside(const pmix_proc_t* process, bool inside);
  void Abort(const pmix_proc_t* process, int exit_code);
  void Fence(const std::vector<uint32_t>& ranks, absl::string_view data,
             pmix_modex_cbfunc_t done, void* state);
  void Fetch(uint32_t rank, pmix_modex_cbfunc_t done, void* state);
  void Ask(const NameRequest& request, const NameAnswered& answered);

 private:
  bool IsHere(uint32_t rank) const {
    return rank >= place_.first_rank() &&
           rank - place_.first_rank() < place_.ranks_here();
  }
  void InLoop(std::function<void()> task);
  void RunTasks();
  void Serve(uint32_t rank, const GangLink::Fetched& answer);
  absl::Status InitServer();
  std::string NodeName() const;

  const PmixLibrary library_;
  Loop* const loop_;
  const std::string name_;
  const GangPlace place_;
  GangLink* const elsewhere_;
  Listener* const listener_;
  UniqueFd event_;
  bool initialised_ = false;
  absl::Mutex mutex_;
  std::vector<bool> inside_ ABSL_GUARDED_BY(mutex_);
  std::vector<bool> greeted_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  Names names_;  // of a world that is all here
};

// The server asks hwloc for a topology, which takes as long as all else that it
// does, and has no use of it; what ranks want of hwloc is theirs.
constexpr MpiSetting kNoTopology = {"HWLOC_COMPONENTS", "no_os,stop"};
// What ranks say to each other goes through the server and is kept by each, not
// in files that all map and lock: making these takes a small world longer than
// all else that the server does. The server tells the ranks.
constexpr MpiSetting kNoFiles = {"PMIX_MCA_gds", "hash"};

// libpmix gives its callbacks nothing of ours for calls about all ranks.
PmixServer* the_server = nullptr;

pmix_status_t ClientConnected(const pmix_proc_t* process, void*,
                              pmix_op_cbfunc_t, void*) {
  the_server->SetInside(process, true);
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t ClientFinalized(const pmix_proc_t* process, void*,
                              pmix_op_cbfunc_t, void*) {
  the_server->SetInside(process, false);
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t ClientAborts(const pmix_proc_t* process, void*, int exit_code,
                           const char*, pmix_proc_t*, size_t, pmix_op_cbfunc_t,
                           void*) {
  the_server->Abort(process, exit_code);
  return PMIX_OPERATION_SUCCEEDED;
}

// libpmix has gathered what the ranks here gave, and wants what all gave.
pmix_status_t RanksFence(const pmix_proc_t* processes, size_t count,
                         const pmix_info_t*, size_t, char* data, size_t bytes,
                         pmix_modex_cbfunc_t done, void* state) {
  std::vector<uint32_t> ranks;
  for (size_t i = 0; i < count; ++i) ranks.push_back(processes[i].rank);
  the_server->Fence(ranks, {data, bytes}, done, state);
  return PMIX_SUCCESS;
}

// A rank wants to know of one on another node what no fence has told.
pmix_status_t RankFetches(const pmix_proc_t* process, const pmix_info_t*,
                          size_t, pmix_modex_cbfunc_t done, void* state) {
  the_server->Fetch(process->rank, done, state);
  return PMIX_SUCCESS;
}

void AskServer(const NameRequest& request, const NameAnswered& answered) {
  the_server->Ask(request, answered);
}

pmix_status_t RankPublishes(const pmix_proc_t*, const pmix_info_t* infos,
                            size_t count, pmix_op_cbfunc_t done, void* state) {
  return PublishNames(infos, count, done, state, AskServer);
}

pmix_status_t RankLooksUp(const pmix_proc_t* process, char** names,
                          const pmix_info_t*, size_t, pmix_lookup_cbfunc_t done,
                          void* state) {
  return LookUpNames(*process, names, done, state, AskServer);
}

pmix_status_t RankUnpublishes(const pmix_proc_t*, char** names,
                              const pmix_info_t*, size_t, pmix_op_cbfunc_t done,
                              void* state) {
  return UnpublishNames(names, done, state, AskServer);
}

// Open MPI tells the rank that asked, and forgets the others, who wait: at
// least it is said why.
pmix_status_t RankSpawns(const pmix_proc_t* process, const pmix_info_t*, size_t,
                         const pmix_app_t*, size_t, pmix_spawn_cbfunc_t,
                         void*) {
  fprintf(
      stderr,
      "cram: rank %u asks for more processes, which a sub-job cannot have\n",
      process->rank);
  return PMIX_ERR_NOT_SUPPORTED;
}

PmixServer::~PmixServer() {
  if (event_.valid()) loop_->Unwatch(event_.get());
  if (initialised_) library_.server_finalize();
  the_server = nullptr;
}

void PmixServer::SetInside(const pmix_proc_t* process, bool inside) {
  if (!IsHere(process->rank)) return;
  absl::MutexLock lock(&mutex_);
  uint32_t rank = process->rank - place_.first_rank();
  inside_[rank] = inside;
  if (inside) greeted_[rank] = true;
}

void PmixServer::Abort(const pmix_proc_t* process, int exit_code) {
  uint32_t rank = IsHere(process->rank) ? process->rank : place_.first_rank();
  InLoop([this, rank, exit_code] { listener_->Aborted(rank, exit_code); });
}

void PmixServer::Fence(const std::vector<uint32_t>& ranks,
                       absl::string_view data, pmix_modex_cbfunc_t done,
                       void* state) {
  if (elsewhere_ == nullptr) {
    PmixDeliver(data, done, state);
    return;
  }
  std::set<uint32_t> parts;
  std::string key = "fence";
  for (uint32_t rank : ranks) {
    absl::StrAppend(&key, " ", rank);
    if (rank < place_.ranks()) {
      parts.insert(place_.PartOf(rank));
      continue;
    }
    for (uint32_t i = 0; i < place_.parts.size(); ++i) parts.insert(i);
  }
  std::vector<uint32_t> with(parts.begin(), parts.end());
  InLoop([this, key, with, given = std::string(data), done, state] {
    elsewhere_->Gather(key, with, given, [done, state](const std::string& all) {
      PmixDeliver(all, done, state);
    });
  });
}

void PmixServer::Fetch(uint32_t rank, pmix_modex_cbfunc_t done, void* state) {
  if (elsewhere_ == nullptr || rank >= place_.ranks()) {
    done(PMIX_ERR_NOT_FOUND, nullptr, 0, state, nullptr, nullptr);
    return;
  }
  InLoop([this, rank, done, state] {
    elsewhere_->Fetch(place_.PartOf(rank), rank,
                      [done, state](bool found, const std::string& data) {
                        if (found) {
                          PmixDeliver(data, done, state);
                        } else {
                          done(PMIX_ERR_NOT_FOUND, nullptr, 0, state, nullptr,
                               nullptr);
                        }
                      });
  });
}

// A rank elsewhere wants it of one of ours, which may not have given it yet:
// libpmix answers when it has.
void PmixServer::Serve(uint32_t rank, const GangLink::Fetched& answer) {
  if (!IsHere(rank)) {
    answer(false, "");
    return;
  }
  struct Asked {
    PmixServer* server;
    GangLink::Fetched answer;
    static void Came(pmix_status_t status, char* data, size_t bytes,
                     void* asked) {
      std::unique_ptr<Asked> self(static_cast<Asked*>(asked));
      bool found = status == PMIX_SUCCESS;
      self->server->InLoop(
          [found, answer = self->answer,
           text = found ? std::string(data, bytes) : std::string()] {
            answer(found, text);
          });
    }
  };
  pmix_proc_t process = PmixProcess(name_, rank);
  auto asked = std::make_unique<Asked>(Asked{this, answer});
  if (library_.dmodex_request(&process, Asked::Came, asked.get()) ==
      PMIX_SUCCESS) {
    asked.release();
  } else {
    answer(false, "");
  }
}

void PmixServer::Ask(const NameRequest& request, const NameAnswered& answered) {
  InLoop([this, request, answered] {
    if (elsewhere_ == nullptr) {
      answered(names_.Answer(request));
      return;
    }
    elsewhere_->AskForName(request,
                           [answered](bool found, const std::string& value) {
                             answered(found ? NameAnswer(value) : std::nullopt);
                           });
  });
}

// From any thread.
void PmixServer::InLoop(std::function<void()> task) {
  {
    absl::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }
  eventfd_write(event_.get(), 1);
}

void PmixServer::RunTasks() {
  eventfd_t count;
  eventfd_read(event_.get(), &count);
  std::vector<std::function<void()>> tasks;
  {
    absl::MutexLock lock(&mutex_);
    tasks.swap(tasks_);
  }
  for (const std::function<void()>& task : tasks) task();
}

absl::Status PmixServer::Start() {
  event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event_.valid()) return ErrnoStatus("eventfd", "", errno);
  absl::Status status =
      loop_->Watch(event_.get(), EPOLLIN, [this](uint32_t) { RunTasks(); });
  if (status.ok()) status = InitServer();
  if (status.ok()) status = RegisterWorld(library_, name_, place_, NodeName());
  if (elsewhere_ != nullptr) {
    elsewhere_->ServeFetches(
        [this](uint32_t rank, const GangLink::Fetched& answer) {
          Serve(rank, answer);
        });
  }
  return status;
}

absl::Status PmixServer::InitServer() {
  static pmix_server_module_t module = [] {
    pmix_server_module_t functions = {};
    functions.client_connected = ClientConnected;
    functions.client_finalized = ClientFinalized;
    functions.abort = ClientAborts;
    functions.fence_nb = RanksFence;
    functions.direct_modex = RankFetches;
    functions.publish = RankPublishes;
    functions.lookup = RankLooksUp;
    functions.spawn = RankSpawns;
    functions.unpublish = RankUnpublishes;
    return functions;
  }();
  the_server = this;
  const char* directory = getenv("TMPDIR");
  PmixAttributes attributes;
  if (directory != nullptr) {
    attributes.Add(PMIX_SERVER_TMPDIR, std::string(directory));
    attributes.Add(PMIX_SYSTEM_TMPDIR, std::string(directory));
  }
  if (elsewhere_ != nullptr) attributes.Add(PMIX_HOSTNAME, NodeName());
  pmix_status_t status;
  {
    ScopedSettings settings({kNoTopology, kNoPlugins, kNoFiles});
    status =
        library_.server_init(&module, attributes.data(), attributes.size());
  }
  if (status != PMIX_SUCCESS)
    return PmixError(library_, "PMIx_server_init", status);
  initialised_ = true;
  return absl::OkStatus();
}

// Among several nodes the name that the others know, too.
std::string PmixServer::NodeName() const {
  if (elsewhere_ != nullptr) return place_.parts[place_.part].node;
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return host;
}

absl::Status PmixServer::Prepare(uint32_t rank, RankEnvironment* environment) {
  pmix_proc_t process = PmixProcess(name_, rank);
  char** variables = nullptr;
  pmix_status_t status = library_.setup_fork(&process, &variables);
  if (status != PMIX_SUCCESS)
    return PmixError(library_, "PMIx_server_setup_fork", status);
  for (char** variable = variables; variable != nullptr && *variable != nullptr;
       ++variable) {
    absl::string_view text = *variable;
    size_t equals = text.find('=');
    if (equals != absl::string_view::npos) {
      environment->Set(text.substr(0, equals), text.substr(equals + 1));
    }
    free(*variable);
  }
  free(variables);
  environment->SuggestStep(NodeName());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessManager>> StartPmixServer(
    Loop* loop, const std::string& name, const GangPlace& place,
    GangLink* elsewhere, ProcessManager::Listener* listener) {
  absl::StatusOr<PmixLibrary> library = LoadPmix();
  if (!library.ok()) return library.status();
  auto server = std::make_unique<PmixServer>(*library, loop, name, place,
                                             elsewhere, listener);
  absl::Status status = server->Start();
  if (!status.ok()) return status;
  return server;
}

}  // namespace cram
