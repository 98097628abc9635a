// The other nodes of a world, as the processes on this one see them.
#pragma once

#include <stdint.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pack/base/exit_status.h"
#include "pack/base/fd.h"
#include "spank/agent/loop/loop.h"
#include "spank/ranks/gang_hub.h"
#include "spank/ranks/gang_message.h"
#include "spank/ranks/gang_place.h"
#include "spank/ranks/names.h"

namespace cram {

// A TCP connection from each part to that of part 0, which has the hub.
class GangLink : private GangHub::Host {
 public:
  // Called from the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    // All parts are there.
    virtual void Go() = 0;
    // The world has ended, by this rank's end; by nobody's when the way to a
    // node was lost.
    virtual void EndedElsewhere(std::optional<uint32_t> rank,
                                const ExitStatus& exit) = 0;
    virtual void SignalFromHub(int signal) = 0;
    // After Done(): the world is over.
    virtual void MayLeave() = 0;
  };
  // Whatever was asked for, when it has come.
  using Came = std::function<void(const std::string& data)>;
  using Fetched = std::function<void(bool found, const std::string& data)>;

  // All outlive it.
  GangLink(Loop* loop, const GangPlace* place, Listener* listener);
  ~GangLink() override;

  // At the hub listens, and `port` is where; else connects.
  absl::Status Start(uint16_t* port);

  // Gives `data`, and gets that of all these parts, each of which calls this
  // with the same key as often, in the same order.
  void Gather(const std::string& key, const std::vector<uint32_t>& parts,
              std::string data, Came came);
  // What the part's fetch server has for it.
  void Fetch(uint32_t part, uint32_t rank, Fetched fetched);
  // Of the names that ranks of all parts have published.
  void AskForName(const NameRequest& request, Fetched answered);
  void ServeFetches(std::function<void(uint32_t rank, Fetched answer)> server) {
    fetch_server_ = std::move(server);
  }

  // A rank of ours ended, which is the end of all.
  void Failed(uint32_t rank, const ExitStatus& exit);
  // All of ours have ended; the worst so.
  void Done(const ExitStatus& exit, uint32_t rank);
  // To all parts, this one included, as far as they are there.
  void Signal(int signal);

  // At the hub, after MayLeave(): how the world ended.
  const GangHub& hub() const { return *hub_; }

 private:
  struct Peer {
    UniqueFd socket;
    std::string out;
    GangMessageReader reader;
    std::optional<uint32_t> part;  // said hello
  };

  absl::Status Listen(uint16_t* port);
  void Accept();
  void ConnectToNext();
  void Connected(int fd);
  void Adopt(UniqueFd socket, bool connecting);
  void Ready(int fd, uint32_t events);
  bool Read(Peer* peer);
  void Write(Peer* peer);
  void Broke(int fd);
  void Greet(Peer* peer, const GangMessage& message);
  void ToHub(GangMessage message);
  void Ask(GangMessage message, Fetched fetched);
  void Handle(GangMessage message);
  void HandleFetch(const GangMessage& message);
  void HubIsLost();

  void Send(uint32_t part, const GangMessage& message) override;
  void WorldIsOver() override;

  Loop* loop_;
  const GangPlace* place_;
  Listener* listener_;
  std::unique_ptr<GangHub> hub_;  // part 0's
  UniqueFd listening_;
  std::map<int, Peer> peers_;  // by descriptor; of the others, the hub alone
  std::map<uint32_t, int> part_fds_;
  size_t next_address_ = 0;
  bool joined_ = false, done_ = false;
  Loop::TimerId patience_ = 0;
  std::map<std::string, uint64_t> gathers_;  // by key: how many there were
  std::map<std::string, Came> coming_;
  std::map<std::string, Fetched> fetching_;
  uint64_t fetches_ = 0;
  std::function<void(uint32_t, Fetched)> fetch_server_;
  // Told to what is under way in the loop that the object is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace cram
