#include "spank/agent/agent/work_message.h"

#include <algorithm>

#include "spank/wire/index_ranges.h"

namespace cram {

void ToWire(const Work& work, wire::Work* message) {
  ToWire(work.indexes(), message->mutable_indexes());
  for (const auto& [index, tried] : work.tried()) {
    wire::Tried* one = message->add_tried();
    one->set_index(index);
    one->set_attempts(tried.attempts);
    one->set_failures(tried.failures);
    one->set_losses(tried.losses);
    one->set_cap_bytes(tried.cap_bytes);
    one->set_failed_on(tried.failed_on);
  }
}

Work FromWire(const wire::Work& message, uint64_t limit) {
  Work work(FromWire(message.indexes(), limit));
  Work past;
  for (const wire::Tried& one : message.tried()) {
    past.Add(one.index(), {one.attempts(), one.failures(), one.losses(),
                           one.cap_bytes(), one.failed_on()});
  }
  work.Learn(past);
  return work;
}

void ToWire(const Progress& progress, wire::Report* message) {
  for (uint64_t count : progress.finished) message->add_finished(count);
  message->set_unstarted(progress.unstarted);
  message->set_running(progress.running);
  message->set_slots(progress.slots);
  message->set_stopping(progress.stopping);
}

Progress FromWire(const wire::Report& message) {
  Progress progress;
  int states = std::min<int>(message.finished_size(), kStates);
  for (int i = 0; i < states; ++i) progress.finished[i] = message.finished(i);
  progress.unstarted = message.unstarted();
  progress.running = message.running();
  progress.slots = message.slots();
  progress.stopping = message.stopping();
  return progress;
}

}  // namespace cram
