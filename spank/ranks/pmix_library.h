// libpmix, loaded when it is needed, and what its calls take.
#pragma once

#include <pmix.h>
#include <pmix_server.h>
#include <stddef.h>
#include <stdint.h>

#include <deque>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"

namespace cram {

// What we call in it; the same in its versions 3, 4 and 5.
struct PmixLibrary {
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

// Error: it is not on this node, or lacks a function.
absl::StatusOr<PmixLibrary> LoadPmix();

// Attributes as libpmix takes them. It copies them.
class PmixAttributes {
 public:
  void Add(const char* key, const std::string& text);
  void Add(const char* key, uint32_t number);
  pmix_info_t* data() { return infos_.data(); }
  size_t size() const { return infos_.size(); }

 private:
  pmix_info_t* AddOne(const char* key, pmix_data_type_t type);

  std::deque<std::string> texts_;
  std::vector<pmix_info_t> infos_;
};

// A rank, or PMIX_RANK_WILDCARD, of the world `name`.
pmix_proc_t PmixProcess(const std::string& name, uint32_t rank);

// For calls that answer from libpmix's thread: Came and the object go to the
// call, Wait gets what it returned.
class PmixAnswer {
 public:
  static void Came(pmix_status_t status, void* answer);
  pmix_status_t Wait(pmix_status_t returned);

 private:
  absl::Notification came_;
  pmix_status_t status_ = PMIX_SUCCESS;
};

// Gives data to whoever waits for it.
void PmixDeliver(absl::string_view data, pmix_modex_cbfunc_t done, void* state);

}  // namespace cram
