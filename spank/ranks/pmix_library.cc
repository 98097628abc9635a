#include "spank/ranks/pmix_library.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "absl/strings/str_cat.h"

namespace cram {

absl::StatusOr<PmixLibrary> LoadPmix() {
  void* handle = dlopen("libpmix.so.2", RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        "its MPI needs PMIx, which is not on this node: ", dlerror()));
  }
  PmixLibrary library;
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

void PmixAttributes::Add(const char* key, const std::string& text) {
  texts_.push_back(text);
  pmix_info_t* info = AddOne(key, PMIX_STRING);
  info->value.data.string = &texts_.back()[0];
}

void PmixAttributes::Add(const char* key, uint32_t number) {
  AddOne(key, PMIX_UINT32)->value.data.uint32 = number;
}

pmix_info_t* PmixAttributes::AddOne(const char* key, pmix_data_type_t type) {
  infos_.emplace_back();
  pmix_info_t* info = &infos_.back();
  memset(info, 0, sizeof *info);
  strncpy(info->key, key, PMIX_MAX_KEYLEN);
  info->value.type = type;
  return info;
}

pmix_proc_t PmixProcess(const std::string& name, uint32_t rank) {
  pmix_proc_t process;
  memset(&process, 0, sizeof process);
  strncpy(process.nspace, name.c_str(), PMIX_MAX_NSLEN);
  process.rank = rank;
  return process;
}

void PmixAnswer::Came(pmix_status_t status, void* answer) {
  auto* self = static_cast<PmixAnswer*>(answer);
  self->status_ = status;
  self->came_.Notify();
}

pmix_status_t PmixAnswer::Wait(pmix_status_t returned) {
  if (returned == PMIX_OPERATION_SUCCEEDED) return PMIX_SUCCESS;
  if (returned != PMIX_SUCCESS) return returned;
  came_.WaitForNotification();
  return status_;
}

void PmixDeliver(absl::string_view data, pmix_modex_cbfunc_t done,
                 void* state) {
  // libpmix frees it when it has read it.
  char* copy = static_cast<char*>(malloc(data.size() + 1));
  if (copy != nullptr) memcpy(copy, data.data(), data.size());
  done(copy == nullptr ? PMIX_ERR_NOMEM : PMIX_SUCCESS, copy, data.size(),
       state, free, copy);
}

}  // namespace cram
