#include "spank/ranks/pmix_names.h"

#include <string.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cram {
namespace {

std::vector<NameRequest> RequestsOf(NameRequest::Kind kind, char** names) {
  std::vector<NameRequest> requests;
  for (; names != nullptr && *names != nullptr; ++names) {
    requests.push_back({kind, *names, ""});
  }
  return requests;
}

using Answers = std::vector<NameAnswer>;

// Answered when all are.
void AskAll(const std::vector<NameRequest>& requests, const AskForName& ask,
            const std::function<void(const Answers&)>& answered) {
  if (requests.empty()) answered({});
  auto answers = std::make_shared<Answers>();
  for (const NameRequest& request : requests) {
    ask(request,
        [answers, answered, all = requests.size()](const NameAnswer& answer) {
          answers->push_back(answer);
          if (answers->size() == all) answered(*answers);
        });
  }
}

}  // namespace

// MPI publishes the names of ports: texts.
pmix_status_t PublishNames(const pmix_info_t* infos, size_t count,
                           pmix_op_cbfunc_t done, void* state,
                           const AskForName& ask) {
  std::vector<NameRequest> requests;
  for (size_t i = 0; i < count; ++i) {
    // What is to be known of the publication, not published.
    if (strncmp(infos[i].key, "pmix.", 5) == 0) continue;
    if (infos[i].value.type != PMIX_STRING) return PMIX_ERR_NOT_SUPPORTED;
    requests.push_back({NameRequest::Kind::kPublish, infos[i].key,
                        infos[i].value.data.string});
  }
  AskAll(requests, ask, [done, state](const Answers& answers) {
    bool all = std::all_of(
        answers.begin(), answers.end(),
        [](const NameAnswer& answer) { return answer.has_value(); });
    done(all ? PMIX_SUCCESS : PMIX_ERR_DUPLICATE_KEY, state);
  });
  return PMIX_SUCCESS;
}

pmix_status_t LookUpNames(const pmix_proc_t& process, char** names,
                          pmix_lookup_cbfunc_t done, void* state,
                          const AskForName& ask) {
  std::vector<NameRequest> requests =
      RequestsOf(NameRequest::Kind::kLookUp, names);
  AskAll(requests, ask,
         [process, requests, done, state](const Answers& answers) {
           std::vector<NameAnswer> texts = answers;
           std::vector<pmix_pdata_t> found;
           for (size_t i = 0; i < texts.size(); ++i) {
             if (!texts[i]) continue;
             pmix_pdata_t data;
             memset(&data, 0, sizeof data);
             data.proc = process;
             strncpy(data.key, requests[i].name.c_str(), PMIX_MAX_KEYLEN);
             data.value.type = PMIX_STRING;
             data.value.data.string = &(*texts[i])[0];
             found.push_back(data);
           }
           done(found.empty() ? PMIX_ERR_NOT_FOUND : PMIX_SUCCESS, found.data(),
                found.size(), state);
         });
  return PMIX_SUCCESS;
}

pmix_status_t UnpublishNames(char** names, pmix_op_cbfunc_t done, void* state,
                             const AskForName& ask) {
  AskAll(RequestsOf(NameRequest::Kind::kUnpublish, names), ask,
         [done, state](const Answers&) { done(PMIX_SUCCESS, state); });
  return PMIX_SUCCESS;
}

}  // namespace cram
