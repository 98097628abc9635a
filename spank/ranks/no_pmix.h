// In the place of a PMIx server that there cannot be, for ranks that may or may
// not need one.
#pragma once

#include "spank/ranks/process_manager.h"

namespace cram {

// Gives no world. Ranks that find none must not each take itself for the whole:
// Open MPI 4 ends with an error where it is in a step and has no server.
class NoPmix : public ProcessManager {
 public:
  absl::Status Prepare(uint32_t, RankEnvironment* environment) override {
    environment->SuggestStep("localhost");
    return absl::OkStatus();
  }
  void Started(uint32_t) override {}
  bool Inside(uint32_t) override { return false; }
  bool Greeted(uint32_t) override { return false; }
};

}  // namespace cram
