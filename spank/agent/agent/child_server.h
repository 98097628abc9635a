// An agent's side of the wire to the agents below it: where they connect.
#pragma once

#include <stdint.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"
#include "spank/agent/agent/connection.h"
#include "spank/agent/agent/patience.h"
#include "spank/agent/loop/loop.h"

namespace cram {

// Listens on a port of the kernel's choice, tells children where through the
// run directory, and speaks with each that knows the secret and is welcome. A
// child is known by its node id; one whose connection broke may come back.
class ChildServer {
 public:
  struct Answer {
    enum { kWelcome, kLater, kRefused } what = kWelcome;
    std::string reason;  // unless welcome
  };

  class Listener {
   public:
    virtual ~Listener() = default;
    // Since it may itself have been given up: how long it is sure that it was
    // not. Zero: it is not.
    virtual absl::Duration VouchesFor() = 0;
    // It knows the secret, is of this version and has the same manifest.
    virtual Answer ChildComes(uint32_t node, const wire::Hello& hello) = 0;
    // It was welcome, and can be spoken to.
    virtual void ChildJoined(uint32_t node, const wire::Hello& hello) = 0;
    virtual void ChildSays(uint32_t node, const wire::Message& message) = 0;
    // Its connection broke, or it was silent for too long.
    virtual void ChildBroke(uint32_t node, const absl::Status& reason) = 0;
  };

  // `address_path` is written with mode 0600.
  static absl::StatusOr<std::unique_ptr<ChildServer>> Start(
      Loop* loop, uint32_t manifest_crc32, const std::string& address_path,
      Listener* listener, const Patience& patience);
  ~ChildServer();

  // Dropped when it is not connected.
  void Send(uint32_t node, const wire::Message& message);
  void SendToAll(const wire::Message& message);
  uint32_t connected() const { return static_cast<uint32_t>(children_.size()); }

 private:
  struct Guest {  // connected, has not said hello yet
    std::unique_ptr<Connection> connection;
    Instant came;
  };
  struct Child {
    std::unique_ptr<Connection> connection;
    Instant heard;
    uint64_t said_ms = 0;  // by its clock
  };

  ChildServer(Loop* loop, uint32_t manifest_crc32, Listener* listener,
              const Patience& patience);
  absl::Status Listen(const std::string& address_path);
  void Accept();
  void Greet(uint64_t guest, const wire::Message& message);
  Answer AnswerTo(const wire::Hello& hello);
  void Welcome(uint64_t guest, const wire::Hello& hello);
  void Vouch(const Child& child, wire::Vouch* vouch);
  void Break(uint32_t node, const absl::Status& reason);
  void Check();
  void DropSilentGuests();
  void DropSilentChildren();
  void Beat();

  Loop* loop_;
  uint32_t manifest_crc32_;
  Listener* listener_;
  Patience patience_;
  UniqueFd socket_;
  std::string secret_;
  std::map<uint64_t, Guest> guests_;
  uint64_t last_guest_ = 0;
  std::map<uint32_t, Child> children_;
  Instant checked_;
  Instant beaten_;
  Loop::TimerId check_timer_ = 0;
};

}  // namespace cram
