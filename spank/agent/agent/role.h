// What a node's agent is to the run: its root, or a member.
#pragma once

#include <string>

#include "spank/agent/agent/family.h"

namespace cram {

class Role {
 public:
  virtual ~Role() = default;

  // The node's counts changed, or a second has passed: say so, and ask for
  // more work when it has too little.
  virtual void Update() = 0;

  // Records cannot be written at present, so there is nothing to report but
  // that we are there.
  virtual void StillHere() {}

  // The node and what is below it, which both roles have.
  virtual Family* family() = 0;

  // This agent was told from outside to stop.
  virtual void StopRun(const std::string& reason) = 0;

  // The run is over for this node, everything that it had to say is said.
  virtual bool done() const = 0;

  // With done(): the exit status of the agent.
  virtual int Conclude() = 0;
};

}  // namespace cram
