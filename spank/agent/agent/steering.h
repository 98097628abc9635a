// What the user asks of a run while it goes on: the root reads it, and says in
// its journal how far it has come.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "pack/journal/requests.h"
#include "spank/agent/agent/family.h"
#include "spank/agent/agent/records.h"
#include "spank/agent/agent/run.h"

namespace cram {

class Steering {
 public:
  // Makes the file of requests. `run` outlives it.
  static absl::StatusOr<std::unique_ptr<Steering>> Create(const Run* run);

  // Carries out what is new. Call it now and then.
  void Heed(Family* family, Records* records);

 private:
  explicit Steering(const Run* run)
      : run_(run), requests_(run->directory.requests()) {}

  const Run* run_;
  RequestReader requests_;
  bool over_ = false;  // the file is damaged
};

}  // namespace cram
