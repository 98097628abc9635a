#include "sbin/cram/own_properties.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

struct Property {
  int field;
  absl::string_view name;
};

constexpr Property kProperties[] = {
    {SubJobTemplate::kNameFieldNumber, "name"},
    {SubJobTemplate::kCwdFieldNumber, "directory"},
    {SubJobTemplate::kEnvFieldNumber, "environment"},
    {SubJobTemplate::kMpiFieldNumber, "MPI"},
    {SubJobTemplate::kCpusFieldNumber, "CPUs"},
    {SubJobTemplate::kMemoryBytesFieldNumber, "memory"},
    {SubJobTemplate::kMemoryModeFieldNumber, "memory mode"},
    {SubJobTemplate::kTimeLimitMsFieldNumber, "time limit"},
    {SubJobTemplate::kRetryCodesFieldNumber, "retry codes"},
    {SubJobTemplate::kStdinFieldNumber, "input"},
    {SubJobTemplate::kStdoutFieldNumber, "output"},
    {SubJobTemplate::kStderrFieldNumber, "errors"},
};

}  // namespace

void OwnProperties::Add(absl::string_view own) {
  uint64_t ranks = template_ranks_;
  WireReader reader(own);
  while (reader.Next()) {
    if (reader.field() < 64) fields_ |= uint64_t{1} << reader.field();
    if (reader.field() == SubJobTemplate::kRanksFieldNumber) {
      ranks = reader.number();
    }
  }
  ranks = std::max<uint64_t>(ranks, 1);
  least_ranks_ = std::min(least_ranks_, ranks);
  most_ranks_ = std::max(most_ranks_, ranks);
}

std::vector<std::string> OwnProperties::Names() const {
  std::vector<std::string> names;
  for (const Property& property : kProperties) {
    if ((fields_ >> property.field & 1) != 0) names.emplace_back(property.name);
  }
  if (most_ranks_ > 1) {
    std::string least =
        least_ranks_ < most_ranks_ ? absl::StrCat(least_ranks_, " to ") : "";
    names.push_back(absl::StrCat("ranks (", least, most_ranks_, ")"));
  }
  return names;
}

}  // namespace cram
