// The names that ranks of a world publish for each other (MPI_Publish_name).
#pragma once

#include <stdint.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cram {

struct NameRequest {
  enum class Kind : uint32_t { kPublish = 1, kLookUp = 2, kUnpublish = 3 };
  Kind kind = Kind::kLookUp;
  std::string name;
  std::string value;  // to be published
};

// What a name was published for, "" when that is not asked; none: refused, for
// it is published already, or is not.
using NameAnswer = std::optional<std::string>;

// Those of one world. Pure.
class Names {
 public:
  NameAnswer Answer(const NameRequest& request);

 private:
  std::map<std::string, std::string, std::less<>> published_;
};

}  // namespace cram
