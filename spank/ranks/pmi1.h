// PMI-1, the protocol that MPICH and its relatives (MVAPICH, Intel MPI, Cray
// MPICH) speak with whoever started them: lines of "cmd=NAME key=value ..."
// over the descriptor in PMI_FD. Pure: bytes in, calls on an interface out.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "spank/ranks/names.h"

namespace cram {

// The server's side for the ranks of one world that are on this node, which
// here number from 0, whatever their ranks in the world. It starts nothing:
// ranks that ask to spawn others are refused politely, as MPI allows.
class Pmi1 {
 public:
  // What the engine wants done. Calls may come from inside of any call, and
  // must not call back into the engine, but for what they say.
  class Host {
   public:
    virtual ~Host() = default;
    virtual void Send(uint32_t rank, absl::string_view bytes) = 0;
    // Every rank here waits in the barrier: LeaveBarrier() when those
    // elsewhere do so as well.
    virtual void BarrierReached() = 0;
    // AnswerName() when the world's names were asked.
    virtual void AskForName(uint32_t rank, const NameRequest& request) = 0;
    // MPI_Abort: the whole world is to end.
    virtual void Aborted(uint32_t rank, int exit_code) = 0;
    // What `rank` says is no PMI-1; nothing more is read of it.
    virtual void Broke(uint32_t rank, const std::string& why) = 0;
  };

  struct World {
    std::string name;         // of the key-value space: unique among worlds
    uint32_t ranks = 1;       // of the world
    uint32_t ranks_here = 1;  // of them, those on this node
    // Which rank is on which node: "(vector,(FIRST_NODE,NODES,RANKS_A_NODE))",
    // repeated where nodes differ. Ranks of one node use its shared memory.
    std::string process_mapping;
  };

  // As MPICH's own process manager (hydra) has them.
  static constexpr size_t kLongestName = 256;
  static constexpr size_t kLongestKey = 64;
  static constexpr size_t kLongestValue = 1024;

  Pmi1(World world, Host* host);

  // What came from `rank`, in pieces of any size.
  void Receive(uint32_t rank, absl::string_view bytes);
  void LeaveBarrier();
  void AnswerName(uint32_t rank, NameRequest::Kind asked,
                  const NameAnswer& answer);

  // What ranks here have put since the last call, for the servers of the other
  // nodes, and what those have taken so. Nothing of foreign bytes that are
  // none is added.
  std::string TakePuts();
  void AddPuts(absl::string_view puts);

  // It has said hello and not goodbye: when it ends now, the others would wait
  // for it for ever.
  bool inside(uint32_t rank) const { return ranks_[rank].inside; }
  bool greeted(uint32_t rank) const { return ranks_[rank].greeted; }

 private:
  struct Rank {
    std::string unread;  // the beginning of a line
    bool inside = false, greeted = false;
    bool in_barrier = false;
    bool in_spawn = false;  // its request goes on to "endcmd"
    bool broken = false;
  };
  // The words of a line, by name.
  using Words = std::map<absl::string_view, absl::string_view>;

  void HandleLine(uint32_t rank, absl::string_view line);
  void HandleCommand(uint32_t rank, absl::string_view command,
                     const Words& words);
  void Init(uint32_t rank, const Words& words);
  void Put(uint32_t rank, const Words& words);
  void Get(uint32_t rank, const Words& words);
  void AskForName(uint32_t rank, NameRequest::Kind kind, const Words& words);
  void EnterBarrier(uint32_t rank);
  void Break(uint32_t rank, const std::string& why);

  World world_;
  Host* host_;
  std::vector<Rank> ranks_;
  uint32_t in_barrier_ = 0;
  std::map<std::string, std::string, std::less<>> values_;
  std::string puts_;  // not taken yet
};

}  // namespace cram
