// A member's side of the wire: its way to the root.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "spank/agent/agent/connection.h"
#include "spank/agent/loop/loop.h"

namespace cram {

// Waits for the root's address in the run directory (a network file system may
// show it late), tries each address in turn, says hello. Until then, and
// should it fail, the member works on what it has.
class MemberLink {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void Joined() = 0;
    virtual void RootSays(const wire::Message& message) = 0;
    // Once: the root was not found in time, refused us, or is gone.
    virtual void RootLost(const absl::Status& reason) = 0;
  };

  // `hello` is complete but for the secret.
  MemberLink(Loop* loop, std::string address_path, wire::Hello hello,
             Listener* listener);
  ~MemberLink();

  bool joined() const { return connection_ != nullptr; }
  // Dropped when not joined.
  void Send(const wire::Message& message);

 private:
  void ReadAddress();
  void TryNext();
  void Connected(uint32_t events);
  void TryAgainLater();

  Loop* loop_;
  std::string address_path_;
  wire::Hello hello_;
  Listener* listener_;
  wire::RootAddress address_;
  int next_address_ = 0;
  UniqueFd socket_;  // being connected
  std::unique_ptr<Connection> connection_;
  Loop::TimerId timer_ = 0;
  Loop::Instant started_;
};

}  // namespace cram
