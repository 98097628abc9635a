// A socket between two agents: messages in, messages out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "pack/base/fd.h"
#include "spank/agent/loop/loop.h"
#include "spank/wire/frames.h"

namespace cram {

// Takes a connected, non-blocking stream socket. Nothing is lost or blocked by
// a slow peer: what it does not take at once is kept and sent as it does.
class Connection {
 public:
  // Both are called from the loop. `closed` is called once, with the reason,
  // and may destroy the connection; nothing is called afterwards.
  Connection(Loop* loop, UniqueFd socket,
             std::function<void(const wire::Message&)> received,
             std::function<void(const absl::Status&)> closed);
  ~Connection();

  // From now on these are called instead; may be called from `received`.
  void Rebind(std::function<void(const wire::Message&)> received,
              std::function<void(const absl::Status&)> closed);

  void Send(const wire::Message& message);

 private:
  void Ready(uint32_t events);
  bool ReadSome(absl::Status* problem);
  void WriteSome();
  void Close(const absl::Status& reason);

  Loop* loop_;
  UniqueFd socket_;
  MessageReader reader_;
  std::string out_;
  std::function<void(const wire::Message&)> received_;
  std::function<void(const absl::Status&)> closed_;
  // Told to Ready() while it is on the stack that the object is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace cram
