// The one place that waits: descriptors and timers on a single thread.
#pragma once

#include <stdint.h>

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"

namespace cram {

// Calls handlers from Run(), one at a time, never from anywhere else. A
// handler may add and remove descriptors and timers, its own included.
class Loop {
 public:
  using TimerId = uint64_t;  // 0 is no timer

  static absl::StatusOr<std::unique_ptr<Loop>> Create();

  // Calls `handler` with the epoll(7) events of `fd`, which the caller keeps
  // open until Unwatch(fd). One handler a descriptor.
  absl::Status Watch(int fd, uint32_t events,
                     std::function<void(uint32_t events)> handler);
  void ChangeEvents(int fd, uint32_t events);
  void Unwatch(int fd);

  // Calls `handler` once, `delay` from now or a little later.
  TimerId After(absl::Duration delay, std::function<void()> handler);
  // The same, but the time for which the process was stopped does not count.
  TimerId AfterAwake(absl::Duration delay, std::function<void()> handler);
  // A timer that has fired, or 0, is ignored.
  void Cancel(TimerId timer);

  // From now on the process may be stopped: while this is so, that a timer was
  // late by is taken for such a time.
  void ExpectStops(bool expect) { expects_stops_ = expect; }
  absl::Duration stopped_for() const { return stopped_for_; }

  // Taken once a round: all handlers of a round see the same time.
  Instant now() const { return now_; }

  // Until Stop().
  void Run();
  void Stop() { stopped_ = true; }

 private:
  struct Watcher {
    std::function<void(uint32_t)> handler;
  };
  struct Timer {
    TimerId id;
    std::function<void()> handler;
    bool awake = false;                  // only time awake counts
    absl::Duration stopped_before = {};  // when it was armed
  };

  explicit Loop(UniqueFd epoll) : epoll_(std::move(epoll)) {}
  TimerId Arm(absl::Duration delay, Timer timer);
  void ArmAt(Instant due, Timer timer);
  int MillisecondsToNextTimer() const;
  void RunTimers();

  UniqueFd epoll_;
  // Indexed by descriptor. Shared, so that a handler that unwatches itself
  // lives until it returns.
  std::vector<std::shared_ptr<Watcher>> watchers_;
  std::multimap<Instant, Timer> timers_;
  std::map<TimerId, std::multimap<Instant, Timer>::iterator> timer_places_;
  TimerId last_timer_ = 0;
  Instant now_;
  bool expects_stops_ = false;
  absl::Duration stopped_for_;
  bool stopped_ = false;
};

}  // namespace cram
