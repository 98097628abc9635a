// The root's side of the wire: where members connect.
#pragma once

#include <stdint.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/base/fd.h"
#include "spank/agent/agent/connection.h"
#include "spank/agent/loop/loop.h"

namespace cram {

// Listens on a port of the kernel's choice, tells members where through the
// run directory, and speaks with each that knows the secret. A member is known
// by its node id; one that was lost does not come back.
class RootServer {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void MemberJoined(uint32_t node, const wire::Hello& hello) = 0;
    virtual void MemberSays(uint32_t node, const wire::Message& message) = 0;
    // Once for each node at most: its connection broke, it was silent for too
    // long, or it never came.
    virtual void MemberLost(uint32_t node, const absl::Status& reason) = 0;
  };

  // How long to wait for whom.
  struct Patience {
    // A member reports every second; one that was not heard for this long is
    // gone, or stopped, or cut off.
    absl::Duration silence = absl::Seconds(60);
    // One that never came: as long as it looks for us, member_link.cc.
    absl::Duration absence = absl::Seconds(120);
    // A member's first words are its hello. Others hold our descriptors.
    absl::Duration hello = absl::Seconds(10);
    absl::Duration between_checks = absl::Seconds(5);
  };

  // `address_path` is written with mode 0600. Node 0 is the root itself.
  static absl::StatusOr<std::unique_ptr<RootServer>> Start(
      Loop* loop, uint32_t nodes, uint32_t manifest_crc32,
      const std::string& address_path, Listener* listener, Patience patience);
  ~RootServer();

  void Send(uint32_t node, const wire::Message& message);
  uint32_t connected() const { return static_cast<uint32_t>(members_.size()); }

 private:
  struct Guest {  // connected, has not said hello yet
    std::unique_ptr<Connection> connection;
    Loop::Instant came;
  };
  struct Member {
    std::unique_ptr<Connection> connection;
    Loop::Instant heard;
  };

  RootServer(Loop* loop, uint32_t nodes, uint32_t manifest_crc32,
             Listener* listener, Patience patience);
  absl::Status Listen(const std::string& address_path);
  void Accept();
  void Greet(uint64_t guest, const wire::Message& message);
  void Forget(uint64_t guest);
  void Lose(uint32_t node, const absl::Status& reason);
  void Check();
  void DropSilentGuests();
  void LoseSilentMembers();
  void LoseAbsentMembers();

  Loop* loop_;
  uint32_t manifest_crc32_;
  Listener* listener_;
  Patience patience_;
  UniqueFd socket_;
  std::string secret_;
  std::map<uint64_t, Guest> guests_;
  uint64_t last_guest_ = 0;
  std::map<uint32_t, Member> members_;
  std::vector<bool> settled_;  // by node id: joined once, or given up
  Loop::Instant started_;
  Loop::TimerId check_timer_ = 0;
};

}  // namespace cram
