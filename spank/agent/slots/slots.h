// Admission: which sub-job may start on this node now.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <vector>

namespace cram {

// What a running sub-job holds. `cpus` are positions in the node's list of
// CPUs (0 .. cpus-1), in ascending order.
struct SlotClaim {
  uint32_t slot = 0;
  std::vector<uint32_t> cpus;
  uint64_t bytes = 0;
  uint64_t beside = 0;  // the reservation during which it was taken; 0: none
};

// Counts only: the caller pins and caps. The sum of claimed bytes never
// exceeds the budget, nor the running sub-jobs the slots. With more slots
// than CPUs, CPUs are shared evenly; else no CPU is given twice.
//
// A sub-job that finds no room may be overtaken by smaller ones, or the node
// would idle; but not for ever: it reserves, and from then on Take leaves so
// much that it has its room at the latest when all that ran then have ended.
class Slots {
 public:
  // `slots` 0: one for each CPU. `cpus` is at least 1.
  Slots(uint32_t cpus, uint64_t budget_bytes, uint32_t slots);

  uint32_t cpus() const { return static_cast<uint32_t>(load_.size()); }
  uint32_t slots() const { return slots_; }
  uint64_t budget_bytes() const { return budget_; }
  uint32_t running() const { return running_.subjobs; }

  // CPUs of a sub-job that does not say: the node's CPUs / slots, at least 1.
  uint32_t DefaultCpus() const;
  // Cap of a sub-job that wants `cpus` and does not say: the budget / as many
  // of its kind as can run at once.
  uint64_t DefaultCap(uint32_t cpus) const;

  // Whether it could run on the empty node.
  bool Fits(uint32_t cpus, uint64_t bytes) const;

  // Whether CPUs are free for one more, whatever its memory.
  bool HasCpus(uint32_t cpus) const { return HasRoom(running_, cpus, 0); }

  // The lowest free slot, on the least used CPUs; nothing when there is no
  // room now.
  std::optional<SlotClaim> Take(uint32_t cpus, uint64_t bytes);
  void Release(const SlotClaim& claim);

  // For one that fits the empty node, but for which Take had nothing. There is
  // one reservation at a time; the same again changes nothing.
  void Reserve(uint32_t cpus, uint64_t bytes);
  // As Take, for the one that reserved; that ends the reservation.
  std::optional<SlotClaim> TakeReserved();

  // Memory that nobody claims, but that a slot's earlier sub-jobs still fill:
  // nothing is started into it. On a node where nothing runs it is left out of
  // account, or it would stand still for ever.
  void SetLeftBehind(uint32_t slot, uint64_t bytes);
  uint64_t left_behind() const { return left_behind_sum_; }

 private:
  // What sub-jobs have together.
  struct Total {
    uint32_t subjobs = 0;
    uint32_t cpus = 0;
    uint64_t bytes = 0;
    void Add(uint32_t subjob_cpus, uint64_t subjob_bytes);
    void Subtract(const SlotClaim& claim);
  };
  struct Reservation {
    uint32_t cpus;
    uint64_t bytes;
    Total beside;  // taken since then
  };

  bool HasRoom(const Total& others, uint32_t cpus, uint64_t bytes) const;
  SlotClaim MakeClaim(uint32_t cpus, uint64_t bytes);

  uint32_t slots_;
  uint64_t budget_;
  uint32_t capacity_;  // of all CPUs together, in sub-job CPUs
  Total running_;
  std::vector<uint32_t> load_;  // sub-jobs on each CPU
  std::vector<bool> slot_used_;
  std::optional<Reservation> reservation_;
  uint64_t reservations_ = 0;          // how many there were
  std::vector<uint64_t> left_behind_;  // by slot
  uint64_t left_behind_sum_ = 0;
};

}  // namespace cram
