#include "spank/ranks/names.h"

namespace cram {

NameAnswer Names::Answer(const NameRequest& request) {
  if (request.kind == NameRequest::Kind::kPublish) {
    bool added = published_.emplace(request.name, request.value).second;
    return added ? NameAnswer("") : std::nullopt;
  }
  auto found = published_.find(request.name);
  if (found == published_.end()) return std::nullopt;
  if (request.kind == NameRequest::Kind::kLookUp) return found->second;
  published_.erase(found);
  return "";
}

}  // namespace cram
