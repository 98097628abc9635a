#include "spank/agent/loop/loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "pack/base/clock.h"
#include "pack/base/io.h"

namespace cram {

absl::StatusOr<std::unique_ptr<Loop>> Loop::Create() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return ErrnoStatus("epoll_create1", "", errno);
  std::unique_ptr<Loop> loop(new Loop(std::move(epoll)));
  loop->now_ = MonotonicNow();
  return loop;
}

absl::Status Loop::Watch(int fd, uint32_t events,
                         std::function<void(uint32_t)> handler) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return ErrnoStatus("watch descriptor", "", errno);
  }
  if (watchers_.size() <= static_cast<size_t>(fd)) watchers_.resize(fd + 1);
  watchers_[fd] = std::make_shared<Watcher>(Watcher{std::move(handler)});
  return absl::OkStatus();
}

void Loop::ChangeEvents(int fd, uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::Unwatch(int fd) {
  if (fd < 0 || static_cast<size_t>(fd) >= watchers_.size()) return;
  if (watchers_[fd] == nullptr) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  watchers_[fd].reset();
}

Loop::TimerId Loop::After(absl::Duration delay, std::function<void()> handler) {
  return Arm(delay, Timer{0, std::move(handler)});
}

Loop::TimerId Loop::AfterAwake(absl::Duration delay,
                               std::function<void()> handler) {
  return Arm(delay, Timer{0, std::move(handler), true, stopped_for_});
}

Loop::TimerId Loop::Arm(absl::Duration delay, Timer timer) {
  timer.id = ++last_timer_;
  ArmAt(MonotonicNow() + delay, std::move(timer));
  return last_timer_;
}

void Loop::ArmAt(Instant due, Timer timer) {
  TimerId id = timer.id;
  timer_places_[id] = timers_.emplace(due, std::move(timer));
}

void Loop::Cancel(TimerId timer) {
  auto place = timer_places_.find(timer);
  if (place == timer_places_.end()) return;
  timers_.erase(place->second);
  timer_places_.erase(place);
}

int Loop::MillisecondsToNextTimer() const {
  if (timers_.empty()) return -1;
  absl::Duration wait = timers_.begin()->first - MonotonicNow();
  if (wait <= absl::ZeroDuration()) return 0;
  // Rounded up: waking early would only mean another round.
  return static_cast<int>(std::min<int64_t>(
      absl::ToInt64Milliseconds(wait + absl::Microseconds(999)), 60000));
}

void Loop::RunTimers() {
  while (!stopped_ && !timers_.empty() && timers_.begin()->first <= now_) {
    Instant due = timers_.begin()->first;
    Timer timer = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    timer_places_.erase(timer.id);
    if (timer.awake && timer.stopped_before < stopped_for_) {
      due += stopped_for_ - timer.stopped_before;
      timer.stopped_before = stopped_for_;
      ArmAt(due, std::move(timer));
      continue;
    }
    timer.handler();
  }
}

void Loop::Run() {
  epoll_event events[64];
  while (!stopped_) {
    int n = epoll_wait(epoll_.get(), events, 64, MillisecondsToNextTimer());
    now_ = MonotonicNow();
    if (expects_stops_ && !timers_.empty()) {
      stopped_for_ +=
          std::max(now_ - timers_.begin()->first, absl::ZeroDuration());
    }
    for (int i = 0; i < n && !stopped_; ++i) {
      // An earlier handler of this round may have unwatched it.
      std::shared_ptr<Watcher> watcher = watchers_[events[i].data.fd];
      if (watcher != nullptr) watcher->handler(events[i].events);
    }
    RunTimers();
  }
}

}  // namespace cram
