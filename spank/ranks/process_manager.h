// What gives the ranks of a sub-job their world: a server that an MPI library
// speaks with in MPI_Init and after.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "spank/ranks/rank_environment.h"

namespace cram {

class ProcessManager {
 public:
  // Called from the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    // MPI_Abort of one is the end of all.
    virtual void Aborted(uint32_t rank, int exit_code) = 0;
    // Something cannot be served any more, which is the end as well.
    virtual void Broke(uint32_t rank, const std::string& why) = 0;
  };

  virtual ~ProcessManager() = default;

  // Before `rank` is started: the variables by which it finds the server.
  // Descriptors that they name are open, inheritable, until Started(rank).
  virtual absl::Status Prepare(uint32_t rank, RankEnvironment* environment) = 0;
  virtual void Started(uint32_t rank) = 0;

  // It is between MPI_Init and MPI_Finalize, as far as the server knows: what
  // it said before it ended has been read.
  virtual bool Inside(uint32_t rank) = 0;
  // It has called MPI_Init, whether or not it has left since.
  virtual bool Greeted(uint32_t rank) = 0;
};

}  // namespace cram
