// Whatever happens to the agents of a tree, every sub-job completes once.
// Input: how many nodes, sub-jobs, children and slots there are, then what
// happens to which node.
#include "tests/fuzz/target.h"
#include "tests/unit/simulated_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kSizes = 4, kMostSteps = 2000;
  if (size < kSizes) return 0;
  uint32_t nodes = 1 + data[0] % 20;
  cram::SimulatedTree run(data[1], nodes, 1 + data[2] % 4, 1 + data[3] % 3);
  size = std::min(size, kSizes + 2 * kMostSteps);
  for (size_t i = kSizes; i + 1 < size; i += 2) {
    uint32_t id = data[i + 1] % nodes;
    switch (data[i] % 16) {
      case 13:
        if (!run.Rejoin(id)) run.Part(id);
        break;
      case 14:
        run.Break(id);
        break;
      case 15:
        run.Kill(id);
        break;
      default:
        run.Step(data[i] % 16, id);
    }
  }
  run.RejoinAll();
  run.CheckHeldOnce();
  REQUIRE(run.RunToTheEnd());
  REQUIRE(run.times_completed().size() == data[1]);
  for (const auto& [index, times] : run.times_completed()) {
    REQUIRE(times == 1);
  }
  return 0;
}
