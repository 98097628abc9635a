// The middle of a world of several nodes: gathers what its parts give, and
// tells all of them when it ends. Pure.
#pragma once

#include <stdint.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pack/base/exit_status.h"
#include "spank/ranks/gang_message.h"
#include "spank/ranks/names.h"

namespace cram {

// Runs in the cram-ranks of part 0, which is a part like the others.
class GangHub {
 public:
  // Calls may come from inside of any call and must not call back.
  class Host {
   public:
    virtual ~Host() = default;
    virtual void Send(uint32_t part, const GangMessage& message) = 0;
    // Every part has said that its ranks have ended, or was lost.
    virtual void WorldIsOver() = 0;
  };

  // Of so many parts, each of which joins or is lost; nobody waits for them
  // when one is done before the start, which only who was told to end is. The
  // host outlives it.
  GangHub(uint32_t parts, Host* host) : host_(host), parts_(parts) {}

  void Joined(uint32_t part);
  void Receive(uint32_t part, GangMessage message);
  // It will not be heard of any more. The first one before it was done is the
  // end of the world.
  void Lost(uint32_t part);
  // To all: a signal for their ranks; SIGTERM once, from whichever part it came
  // first.
  void Signal(uint32_t number);

  // How the ranks ended: the one that ended all, or the first that failed.
  const ExitStatus& status() const { return status_; }
  std::optional<uint32_t> rank() const { return rank_; }
  std::optional<uint32_t> lost() const { return lost_; }

 private:
  struct Part {
    bool joined = false;
    bool gone = false;  // done, or lost
  };
  struct Gathering {
    std::vector<uint32_t> parts;
    std::map<uint32_t, std::string> given;
  };

  void ToAll(GangMessage message);
  void Gather(uint32_t part, GangMessage message);
  void AnswerName(uint32_t part, const GangMessage& message);
  void End(uint32_t rank, const ExitStatus& exit);
  void Leave(uint32_t part);
  void DoNotWaitForTheAbsent();

  Host* host_;
  std::vector<Part> parts_;
  uint32_t joined_ = 0, gone_ = 0;
  bool ended_ = false, told_to_end_ = false;
  ExitStatus status_;
  std::optional<uint32_t> rank_, lost_;
  std::map<std::string, Gathering> gatherings_;
  Names names_;
};

}  // namespace cram
