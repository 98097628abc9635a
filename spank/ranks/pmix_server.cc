#include "spank/ranks/pmix_server.h"

#include <dlfcn.h>
#include <errno.h>
#include <pmix.h>
#include <pmix_server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"

namespace cram {
namespace {

// What we call in libpmix; the same in its versions 3, 4 and 5.
struct Library {
  decltype(&PMIx_server_init) server_init;
  decltype(&PMIx_server_finalize) server_finalize;
  decltype(&PMIx_generate_regex) generate_regex;
  decltype(&PMIx_generate_ppn) generate_ppn;
  decltype(&PMIx_server_register_nspace) register_nspace;
  decltype(&PMIx_server_register_client) register_client;
  decltype(&PMIx_server_setup_fork) setup_fork;
  decltype(&PMIx_server_dmodex_request) dmodex_request;
  decltype(&PMIx_Error_string) error_string;
};

absl::StatusOr<Library> Load() {
  void* handle = dlopen("libpmix.so.2", RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        "its MPI needs PMIx, which is not on this node: ", dlerror()));
  }
  Library library;
  bool complete = true;
  auto find = [&](const char* name, auto* function) {
    void* found = dlsym(handle, name);
    complete = complete && found != nullptr;
    *reinterpret_cast<void**>(function) = found;
  };
  find("PMIx_server_init", &library.server_init);
  find("PMIx_server_finalize", &library.server_finalize);
  find("PMIx_generate_regex", &library.generate_regex);
  find("PMIx_generate_ppn", &library.generate_ppn);
  find("PMIx_server_register_nspace", &library.register_nspace);
  find("PMIx_server_register_client", &library.register_client);
  find("PMIx_server_setup_fork", &library.setup_fork);
  find("PMIx_server_dmodex_request", &library.dmodex_request);
  find("PMIx_Error_string", &library.error_string);
  if (complete) return library;
  return absl::NotFoundError("libpmix.so.2 lacks a function of PMIx's server");
}

// Attributes as libpmix takes them. It copies them.
class Attributes {
 public:
  void Add(const char* key, const std::string& text) {
    texts_.push_back(text);
    pmix_info_t* info = AddOne(key, PMIX_STRING);
    info->value.data.string = &texts_.back()[0];
  }
  void Add(const char* key, uint32_t number) {
    AddOne(key, PMIX_UINT32)->value.data.uint32 = number;
  }
  pmix_info_t* data() { return infos_.data(); }
  size_t size() const { return infos_.size(); }

 private:
  pmix_info_t* AddOne(const char* key, pmix_data_type_t type) {
    infos_.emplace_back();
    pmix_info_t* info = &infos_.back();
    memset(info, 0, sizeof *info);
    strncpy(info->key, key, PMIX_MAX_KEYLEN);
    info->value.type = type;
    return info;
  }
  std::deque<std::string> texts_;
  std::vector<pmix_info_t> infos_;
};

pmix_proc_t Process(const std::string& name, uint32_t rank) {
  pmix_proc_t process;
  memset(&process, 0, sizeof process);
  strncpy(process.nspace, name.c_str(), PMIX_MAX_NSLEN);
  process.rank = rank;
  return process;
}

// For calls that answer from libpmix's thread.
struct Answer {
  absl::Notification came;
  pmix_status_t status = PMIX_SUCCESS;

  static void Came(pmix_status_t status, void* answer) {
    auto* self = static_cast<Answer*>(answer);
    self->status = status;
    self->came.Notify();
  }
  pmix_status_t Wait(pmix_status_t returned) {
    if (returned == PMIX_OPERATION_SUCCEEDED) return PMIX_SUCCESS;
    if (returned != PMIX_SUCCESS) return returned;
    came.WaitForNotification();
    return status;
  }
};

// What libpmix frees when it has read it.
char* Copied(absl::string_view data) {
  char* copy = static_cast<char*>(malloc(data.size() + 1));
  if (copy != nullptr) memcpy(copy, data.data(), data.size());
  return copy;
}

void Deliver(absl::string_view data, pmix_modex_cbfunc_t done, void* state) {
  char* copy = Copied(data);
  done(copy == nullptr ? PMIX_ERR_NOMEM : PMIX_SUCCESS, copy, data.size(),
       state, free, copy);
}

class PmixServer : public ProcessManager {
 public:
  PmixServer(Library library, Loop* loop, std::string name,
             const GangPlace& place, GangLink* elsewhere, Listener* listener)
      : library_(library),
        loop_(loop),
        name_(std::move(name)),
        place_(place),
        elsewhere_(elsewhere),
        listener_(listener),
        inside_(place.ranks_here()) {}
  ~PmixServer() override;

  absl::Status Start();
  absl::Status Prepare(uint32_t rank, RankEnvironment* environment) override;
  void Started(uint32_t) override {}
  bool Inside(uint32_t rank) override {
    absl::MutexLock lock(&mutex_);
    return inside_[rank - place_.first_rank()];
  }

  // From libpmix's thread.
  void SetInside(const pmix_proc_t* process, bool inside);
  void Abort(const pmix_proc_t* process, int exit_code);
  void Fence(const std::vector<uint32_t>& ranks, absl::string_view data,
             pmix_modex_cbfunc_t done, void* state);
  void Fetch(uint32_t rank, pmix_modex_cbfunc_t done, void* state);
  bool Publish(absl::string_view name, absl::string_view value);
  std::string LookUp(absl::string_view name);  // empty: nobody published it
  void Unpublish(absl::string_view name);

 private:
  bool IsHere(uint32_t rank) const {
    return rank >= place_.first_rank() &&
           rank - place_.first_rank() < place_.ranks_here();
  }
  void InLoop(std::function<void()> task);
  void RunTasks();
  void Serve(uint32_t rank, const GangLink::Fetched& answer);
  absl::Status Failed(const char* what, pmix_status_t status) const;
  absl::Status InitServer();
  absl::Status RegisterNamespace();
  std::string NodeName() const;

  const Library library_;
  Loop* const loop_;
  const std::string name_;
  const GangPlace place_;
  GangLink* const elsewhere_;
  Listener* const listener_;
  UniqueFd event_;
  bool initialised_ = false;
  absl::Mutex mutex_;
  std::vector<bool> inside_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string, std::less<>> published_
      ABSL_GUARDED_BY(mutex_);
};

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

// MPI publishes the names of ports: texts.
pmix_status_t RankPublishes(const pmix_proc_t*, const pmix_info_t* infos,
                            size_t count, pmix_op_cbfunc_t, void*) {
  for (size_t i = 0; i < count; ++i) {
    // What is to be known of the publication, not published.
    if (strncmp(infos[i].key, "pmix.", 5) == 0) continue;
    if (infos[i].value.type != PMIX_STRING) return PMIX_ERR_NOT_SUPPORTED;
    if (!the_server->Publish(infos[i].key, infos[i].value.data.string)) {
      return PMIX_ERR_DUPLICATE_KEY;
    }
  }
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t RankLooksUp(const pmix_proc_t* process, char** keys,
                          const pmix_info_t*, size_t, pmix_lookup_cbfunc_t done,
                          void* state) {
  std::deque<std::string> texts;
  std::vector<pmix_pdata_t> found;
  for (; keys != nullptr && *keys != nullptr; ++keys) {
    std::string text = the_server->LookUp(*keys);
    if (text.empty()) continue;
    texts.push_back(std::move(text));
    pmix_pdata_t data;
    memset(&data, 0, sizeof data);
    data.proc = *process;
    strncpy(data.key, *keys, PMIX_MAX_KEYLEN);
    data.value.type = PMIX_STRING;
    data.value.data.string = &texts.back()[0];
    found.push_back(data);
  }
  if (found.empty()) return PMIX_ERR_NOT_FOUND;
  done(PMIX_SUCCESS, found.data(), found.size(), state);
  return PMIX_SUCCESS;
}

pmix_status_t RankUnpublishes(const pmix_proc_t*, char** keys,
                              const pmix_info_t*, size_t, pmix_op_cbfunc_t,
                              void*) {
  for (; keys != nullptr && *keys != nullptr; ++keys) {
    the_server->Unpublish(*keys);
  }
  return PMIX_OPERATION_SUCCEEDED;
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
  inside_[process->rank - place_.first_rank()] = inside;
}

void PmixServer::Abort(const pmix_proc_t* process, int exit_code) {
  uint32_t rank = IsHere(process->rank) ? process->rank : place_.first_rank();
  InLoop([this, rank, exit_code] { listener_->Aborted(rank, exit_code); });
}

void PmixServer::Fence(const std::vector<uint32_t>& ranks,
                       absl::string_view data, pmix_modex_cbfunc_t done,
                       void* state) {
  if (elsewhere_ == nullptr) {
    Deliver(data, done, state);
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
      Deliver(all, done, state);
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
                          Deliver(data, done, state);
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
  pmix_proc_t process = Process(name_, rank);
  auto asked = std::make_unique<Asked>(Asked{this, answer});
  if (library_.dmodex_request(&process, Asked::Came, asked.get()) ==
      PMIX_SUCCESS) {
    asked.release();
  } else {
    answer(false, "");
  }
}

bool PmixServer::Publish(absl::string_view name, absl::string_view value) {
  absl::MutexLock lock(&mutex_);
  return published_.emplace(name, value).second;
}

std::string PmixServer::LookUp(absl::string_view name) {
  absl::MutexLock lock(&mutex_);
  auto found = published_.find(name);
  return found == published_.end() ? "" : found->second;
}

void PmixServer::Unpublish(absl::string_view name) {
  absl::MutexLock lock(&mutex_);
  auto found = published_.find(name);
  if (found != published_.end()) published_.erase(found);
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

absl::Status PmixServer::Failed(const char* what, pmix_status_t status) const {
  return absl::InternalError(
      absl::StrCat(what, ": ", library_.error_string(status)));
}

absl::Status PmixServer::Start() {
  event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event_.valid()) return ErrnoStatus("eventfd", "", errno);
  absl::Status status =
      loop_->Watch(event_.get(), EPOLLIN, [this](uint32_t) { RunTasks(); });
  if (status.ok()) status = InitServer();
  if (status.ok()) status = RegisterNamespace();
  if (elsewhere_ != nullptr) {
    elsewhere_->ServeFetches(
        [this](uint32_t rank, const GangLink::Fetched& answer) {
          Serve(rank, answer);
        });
  }
  for (uint32_t i = 0; status.ok() && i < place_.ranks_here(); ++i) {
    pmix_proc_t process = Process(name_, place_.first_rank() + i);
    Answer answer;
    pmix_status_t registered = answer.Wait(library_.register_client(
        &process, getuid(), getgid(), nullptr, Answer::Came, &answer));
    if (registered != PMIX_SUCCESS) {
      status = Failed("PMIx_server_register_client", registered);
    }
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
  Attributes attributes;
  if (directory != nullptr) {
    attributes.Add(PMIX_SERVER_TMPDIR, std::string(directory));
    attributes.Add(PMIX_SYSTEM_TMPDIR, std::string(directory));
  }
  if (elsewhere_ != nullptr) attributes.Add(PMIX_HOSTNAME, NodeName());
  pmix_status_t status =
      library_.server_init(&module, attributes.data(), attributes.size());
  if (status != PMIX_SUCCESS) return Failed("PMIx_server_init", status);
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

absl::Status PmixServer::RegisterNamespace() {
  std::string names, peers, everywhere;
  for (uint32_t part = 0; part < place_.parts.size(); ++part) {
    bool own = part == place_.part;
    absl::StrAppend(&names, part == 0 ? "" : ",",
                    own ? NodeName() : place_.parts[part].node);
    std::string there;
    for (uint32_t i = 0; i < place_.parts[part].ranks; ++i) {
      absl::StrAppend(&there, i == 0 ? "" : ",", place_.FirstRankOf(part) + i);
    }
    absl::StrAppend(&everywhere, part == 0 ? "" : ";", there);
    if (own) peers = there;
  }
  char *nodes = nullptr, *processes = nullptr;
  pmix_status_t status = library_.generate_regex(names.c_str(), &nodes);
  if (status == PMIX_SUCCESS) {
    status = library_.generate_ppn(everywhere.c_str(), &processes);
  }
  if (status == PMIX_SUCCESS) {
    Attributes attributes;
    attributes.Add(PMIX_NODE_MAP, std::string(nodes));
    attributes.Add(PMIX_PROC_MAP, std::string(processes));
    attributes.Add(PMIX_JOBID, name_);
    attributes.Add(PMIX_LOCAL_PEERS, peers);
    for (const char* key : {PMIX_UNIV_SIZE, PMIX_JOB_SIZE, PMIX_MAX_PROCS}) {
      attributes.Add(key, place_.ranks());
    }
    for (const char* key : {PMIX_LOCAL_SIZE, PMIX_NODE_SIZE}) {
      attributes.Add(key, place_.ranks_here());
    }
    attributes.Add(PMIX_NUM_NODES, static_cast<uint32_t>(place_.parts.size()));
    attributes.Add(PMIX_NODEID, place_.part);
    pmix_proc_t all = Process(name_, PMIX_RANK_WILDCARD);
    Answer answer;
    status = answer.Wait(library_.register_nspace(
        all.nspace, static_cast<int>(place_.ranks_here()), attributes.data(),
        attributes.size(), Answer::Came, &answer));
  }
  free(nodes);
  free(processes);
  if (status == PMIX_SUCCESS) return absl::OkStatus();
  return Failed("PMIx_server_register_nspace", status);
}

absl::Status PmixServer::Prepare(uint32_t rank, RankEnvironment* environment) {
  pmix_proc_t process = Process(name_, rank);
  char** variables = nullptr;
  pmix_status_t status = library_.setup_fork(&process, &variables);
  if (status != PMIX_SUCCESS) return Failed("PMIx_server_setup_fork", status);
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
  // Open MPI 4 believes that it was started alone, unless it sees itself in a
  // step of Slurm's.
  const std::pair<const char*, std::string> step[] = {
      {"SLURM_JOB_ID", "1"},
      {"SLURM_JOBID", "1"},
      {"SLURM_STEP_ID", "0"},
      {"SLURM_STEPID", "0"},
      {"SLURM_NODELIST", NodeName()}};
  for (const auto& [variable, value] : step) {
    if (environment->Get(variable).empty()) environment->Set(variable, value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessManager>> StartPmixServer(
    Loop* loop, const std::string& name, const GangPlace& place,
    GangLink* elsewhere, ProcessManager::Listener* listener) {
  absl::StatusOr<Library> library = Load();
  if (!library.ok()) return library.status();
  auto server = std::make_unique<PmixServer>(*library, loop, name, place,
                                             elsewhere, listener);
  absl::Status status = server->Start();
  if (!status.ok()) return status;
  return server;
}

}  // namespace cram
