// Names that ranks publish (MPI_Publish_name), as libpmix asks for them.
#pragma once

#include <pmix.h>
#include <pmix_server.h>
#include <stddef.h>

#include <functional>

#include "spank/ranks/names.h"

namespace cram {

using NameAnswered = std::function<void(const NameAnswer&)>;
// From libpmix's thread; answers from one that is always the same.
using AskForName = std::function<void(const NameRequest&, const NameAnswered&)>;

// What libpmix's server gives to be published, looked up and unpublished.
pmix_status_t PublishNames(const pmix_info_t* infos, size_t count,
                           pmix_op_cbfunc_t done, void* state,
                           const AskForName& ask);
pmix_status_t LookUpNames(const pmix_proc_t& process, char** names,
                          pmix_lookup_cbfunc_t done, void* state,
                          const AskForName& ask);
pmix_status_t UnpublishNames(char** names, pmix_op_cbfunc_t done, void* state,
                             const AskForName& ask);

}  // namespace cram
