#include "spank/ranks/pmix_server.h"

#include <dlfcn.h>
#include <errno.h>
#include <pmix.h>
#include <pmix_server.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
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

class PmixServer : public ProcessManager {
 public:
  PmixServer(Library library, Loop* loop, std::string name, uint32_t ranks,
             Listener* listener)
      : library_(library),
        loop_(loop),
        name_(std::move(name)),
        ranks_(ranks),
        listener_(listener),
        inside_(ranks) {}
  ~PmixServer() override;

  absl::Status Start();
  absl::Status Prepare(uint32_t rank, RankEnvironment* environment) override;
  void Started(uint32_t) override {}
  bool Inside(uint32_t rank) override {
    absl::MutexLock lock(&mutex_);
    return inside_[rank];
  }

  // From libpmix's thread.
  void SetInside(const pmix_proc_t* process, bool inside);
  void Abort(const pmix_proc_t* process, int exit_code);

 private:
  absl::Status Failed(const char* what, pmix_status_t status) const;
  absl::Status InitServer();
  absl::Status RegisterNamespace();
  void HandleAborts();

  const Library library_;
  Loop* const loop_;
  const std::string name_;
  const uint32_t ranks_;
  Listener* const listener_;
  UniqueFd event_;
  bool initialised_ = false;
  absl::Mutex mutex_;
  std::vector<bool> inside_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<uint32_t, int>> aborts_ ABSL_GUARDED_BY(mutex_);
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

// All ranks are here: what they gave is what they get.
pmix_status_t Fence(const pmix_proc_t*, size_t, const pmix_info_t*, size_t,
                    char* data, size_t bytes, pmix_modex_cbfunc_t done,
                    void* state) {
  char* copy = nullptr;
  if (bytes > 0) {
    copy = static_cast<char*>(malloc(bytes));
    if (copy == nullptr) return PMIX_ERR_NOMEM;
    memcpy(copy, data, bytes);
  }
  done(PMIX_SUCCESS, copy, bytes, state, free, copy);
  return PMIX_SUCCESS;
}

PmixServer::~PmixServer() {
  if (event_.valid()) loop_->Unwatch(event_.get());
  if (initialised_) library_.server_finalize();
  the_server = nullptr;
}

void PmixServer::SetInside(const pmix_proc_t* process, bool inside) {
  if (process->rank >= ranks_) return;
  absl::MutexLock lock(&mutex_);
  inside_[process->rank] = inside;
}

void PmixServer::Abort(const pmix_proc_t* process, int exit_code) {
  {
    absl::MutexLock lock(&mutex_);
    aborts_.emplace_back(process->rank < ranks_ ? process->rank : 0, exit_code);
  }
  eventfd_write(event_.get(), 1);
}

void PmixServer::HandleAborts() {
  eventfd_t count;
  eventfd_read(event_.get(), &count);
  std::vector<std::pair<uint32_t, int>> aborts;
  {
    absl::MutexLock lock(&mutex_);
    aborts.swap(aborts_);
  }
  for (const auto& [rank, code] : aborts) listener_->Aborted(rank, code);
}

absl::Status PmixServer::Failed(const char* what, pmix_status_t status) const {
  return absl::InternalError(
      absl::StrCat(what, ": ", library_.error_string(status)));
}

absl::Status PmixServer::Start() {
  event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event_.valid()) return ErrnoStatus("eventfd", "", errno);
  absl::Status status =
      loop_->Watch(event_.get(), EPOLLIN, [this](uint32_t) { HandleAborts(); });
  if (status.ok()) status = InitServer();
  if (status.ok()) status = RegisterNamespace();
  for (uint32_t rank = 0; status.ok() && rank < ranks_; ++rank) {
    pmix_proc_t process = Process(name_, rank);
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
    functions.fence_nb = Fence;
    return functions;
  }();
  the_server = this;
  const char* directory = getenv("TMPDIR");
  Attributes attributes;
  if (directory != nullptr) {
    attributes.Add(PMIX_SERVER_TMPDIR, std::string(directory));
    attributes.Add(PMIX_SYSTEM_TMPDIR, std::string(directory));
  }
  pmix_status_t status =
      library_.server_init(&module, attributes.data(), attributes.size());
  if (status != PMIX_SUCCESS) return Failed("PMIx_server_init", status);
  initialised_ = true;
  return absl::OkStatus();
}

absl::Status PmixServer::RegisterNamespace() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  std::string peers = "0";
  for (uint32_t rank = 1; rank < ranks_; ++rank) {
    absl::StrAppend(&peers, ",", rank);
  }
  char *nodes = nullptr, *processes = nullptr;
  pmix_status_t status = library_.generate_regex(host, &nodes);
  if (status == PMIX_SUCCESS) {
    status = library_.generate_ppn(peers.c_str(), &processes);
  }
  if (status == PMIX_SUCCESS) {
    Attributes attributes;
    attributes.Add(PMIX_NODE_MAP, std::string(nodes));
    attributes.Add(PMIX_PROC_MAP, std::string(processes));
    attributes.Add(PMIX_JOBID, name_);
    attributes.Add(PMIX_LOCAL_PEERS, peers);
    for (const char* key : {PMIX_UNIV_SIZE, PMIX_JOB_SIZE, PMIX_LOCAL_SIZE,
                            PMIX_NODE_SIZE, PMIX_MAX_PROCS}) {
      attributes.Add(key, ranks_);
    }
    attributes.Add(PMIX_NUM_NODES, 1u);
    pmix_proc_t all = Process(name_, PMIX_RANK_WILDCARD);
    Answer answer;
    status = answer.Wait(library_.register_nspace(
        all.nspace, static_cast<int>(ranks_), attributes.data(),
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
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  const std::pair<const char*, const char*> step[] = {{"SLURM_JOB_ID", "1"},
                                                      {"SLURM_JOBID", "1"},
                                                      {"SLURM_STEP_ID", "0"},
                                                      {"SLURM_STEPID", "0"},
                                                      {"SLURM_NODELIST", host}};
  for (const auto& [variable, value] : step) {
    if (environment->Get(variable).empty()) environment->Set(variable, value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessManager>> StartPmixServer(
    Loop* loop, const std::string& name, uint32_t ranks,
    ProcessManager::Listener* listener) {
  absl::StatusOr<Library> library = Load();
  if (!library.ok()) return library.status();
  auto server =
      std::make_unique<PmixServer>(*library, loop, name, ranks, listener);
  absl::Status status = server->Start();
  if (!status.ok()) return status;
  return server;
}

}  // namespace cram
