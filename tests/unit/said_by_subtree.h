// What a Subtree under test says to its neighbours, and what they say to it.
#pragma once

#include <utility>
#include <vector>

#include "spank/agent/share/subtree.h"

namespace cram {

// What is granted, recalled and said, as one line each.
struct Record : Neighbours {
  void Grant(uint32_t child, const Work& work) override {
    grants.emplace_back(child, work);
  }
  void Recall(uint32_t child, uint64_t count) override {
    recalls.emplace_back(child, count);
  }
  void Finish(uint32_t child) override { finishes.push_back(child); }
  void AskParent() override { ++asks; }
  void ReturnToParent(const Work& work) override { returns.push_back(work); }
  void RunElsewhereAbove(const Work& work) override { above.push_back(work); }

  std::vector<std::pair<uint32_t, Work>> grants;
  std::vector<std::pair<uint32_t, uint64_t>> recalls;
  std::vector<uint32_t> finishes;
  std::vector<Work> returns, above;
  int asks = 0;
};

inline Progress Busy(uint32_t running, uint32_t slots, uint64_t done = 0) {
  Progress progress;
  progress.running = running;
  progress.slots = slots;
  progress.finished[static_cast<size_t>(State::kCompleted)] = done;
  return progress;
}

inline Work Some(uint64_t begin, uint64_t end) {
  return Work(IndexSet({begin, end}));
}

}  // namespace cram
