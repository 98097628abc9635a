#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "pack/base/clock.h"
#include "spank/agent/loop/loop.h"

namespace cram {
namespace {

std::unique_ptr<Loop> NewLoop() { return *Loop::Create(); }

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) abort();
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  void Put() const { EXPECT_EQ(::write(write.get(), "x", 1), 1); }
  UniqueFd read, write;
};

TEST(Loop, CallsTimersInTheOrderOfTheirTimes) {
  std::unique_ptr<Loop> loop = NewLoop();
  std::string order;
  loop->After(absl::Milliseconds(30), [&] {
    order += 'c';
    loop->Stop();
  });
  loop->After(absl::Milliseconds(1), [&] { order += 'a'; });
  loop->After(absl::Milliseconds(15), [&] { order += 'b'; });
  Instant before = MonotonicNow();
  loop->Run();
  EXPECT_EQ(order, "abc");
  EXPECT_GE(MonotonicNow() - before, absl::Milliseconds(30));
}

TEST(Loop, NeverCallsATimerThatWasCancelled) {
  std::unique_ptr<Loop> loop = NewLoop();
  bool called = false;
  Loop::TimerId fired = 0;
  Loop::TimerId doomed =
      loop->After(absl::Milliseconds(2), [&] { called = true; });
  fired = loop->After(absl::Milliseconds(1), [&] { loop->Cancel(doomed); });
  loop->After(absl::Milliseconds(10), [&] {
    loop->Cancel(fired);
    loop->Cancel(doomed);
    loop->Cancel(0);
    loop->Stop();
  });
  loop->Run();
  EXPECT_FALSE(called);
}

TEST(Loop, DoesNotCountForHowLongItWasStopped) {
  std::unique_ptr<Loop> loop = NewLoop();
  Instant start = MonotonicNow();
  absl::Duration awake, always;
  loop->ExpectStops(true);
  loop->After(absl::Milliseconds(10), [&] { usleep(300000); });
  loop->After(absl::Milliseconds(30), [&] { loop->ExpectStops(false); });
  loop->After(absl::Milliseconds(200),
              [&] { always = MonotonicNow() - start; });
  loop->AfterAwake(absl::Milliseconds(200), [&] {
    awake = MonotonicNow() - start;
    loop->Stop();
  });
  loop->Run();
  EXPECT_GE(loop->stopped_for(), absl::Milliseconds(280));
  EXPECT_GE(awake, absl::Milliseconds(480));
  EXPECT_LT(always, awake);
}

TEST(Loop, LetsATimerArmTheNext) {
  std::unique_ptr<Loop> loop = NewLoop();
  int calls = 0;
  std::function<void()> again = [&] {
    if (++calls == 5) {
      loop->Stop();
    } else {
      loop->After(absl::ZeroDuration(), again);
    }
  };
  loop->After(absl::ZeroDuration(), again);
  loop->Run();
  EXPECT_EQ(calls, 5);
}

TEST(Loop, TimersThatArmThemselvesDoNotKeepDescriptorsWaiting) {
  std::unique_ptr<Loop> loop = NewLoop();
  Pipe pipe;
  pipe.Put();
  std::function<void()> again = [&] {
    loop->After(absl::ZeroDuration(), again);
  };
  again();
  ASSERT_TRUE(
      loop->Watch(pipe.read.get(), EPOLLIN, [&](uint32_t) { loop->Stop(); })
          .ok());
  loop->Run();
}

TEST(Loop, TellsOfTheEventsThatItWatchesFor) {
  std::unique_ptr<Loop> loop = NewLoop();
  Pipe pipe;
  uint32_t seen = 0;
  ASSERT_TRUE(loop->Watch(pipe.read.get(), EPOLLIN,
                          [&](uint32_t events) {
                            seen = events;
                            loop->Stop();
                          })
                  .ok());
  pipe.Put();
  loop->Run();
  EXPECT_EQ(seen, uint32_t{EPOLLIN});
}

TEST(Loop, IsSilentWhileEventsAreNone) {
  std::unique_ptr<Loop> loop = NewLoop();
  Pipe pipe;
  pipe.Put();
  int calls = 0;
  ASSERT_TRUE(
      loop->Watch(pipe.read.get(), EPOLLIN, [&](uint32_t) { ++calls; }).ok());
  loop->ChangeEvents(pipe.read.get(), 0);
  loop->After(absl::Milliseconds(20), [&] { loop->Stop(); });
  loop->Run();
  EXPECT_EQ(calls, 0);
}

TEST(Loop, AHandlerMayUnwatchItself) {
  std::unique_ptr<Loop> loop = NewLoop();
  Pipe pipe;
  pipe.Put();
  int calls = 0;
  // Large enough to be on the heap, so that a use after its end shows.
  std::string captured(1000, 'x');
  ASSERT_TRUE(loop->Watch(pipe.read.get(), EPOLLIN,
                          [&, captured](uint32_t) {
                            loop->Unwatch(pipe.read.get());
                            ++calls;
                            EXPECT_EQ(captured, std::string(1000, 'x'));
                          })
                  .ok());
  loop->After(absl::Milliseconds(20), [&] { loop->Stop(); });
  loop->Run();
  EXPECT_EQ(calls, 1);
}

TEST(Loop, AHandlerMayUnwatchAnotherOfItsRound) {
  std::unique_ptr<Loop> loop = NewLoop();
  Pipe one, other;
  one.Put();
  other.Put();
  int calls = 0;
  auto handler = [&](uint32_t) {
    ++calls;
    loop->Unwatch(one.read.get());
    loop->Unwatch(other.read.get());
  };
  ASSERT_TRUE(loop->Watch(one.read.get(), EPOLLIN, handler).ok());
  ASSERT_TRUE(loop->Watch(other.read.get(), EPOLLIN, handler).ok());
  loop->After(absl::Milliseconds(20), [&] { loop->Stop(); });
  loop->Run();
  EXPECT_EQ(calls, 1);
}

TEST(Loop, WatchesADescriptorAgainUnderAnotherHandler) {
  std::unique_ptr<Loop> loop = NewLoop();
  Pipe pipe;
  pipe.Put();
  bool second = false;
  ASSERT_TRUE(loop->Watch(pipe.read.get(), EPOLLIN,
                          [&](uint32_t) {
                            loop->Unwatch(pipe.read.get());
                            EXPECT_TRUE(loop->Watch(pipe.read.get(), EPOLLIN,
                                                    [&](uint32_t) {
                                                      second = true;
                                                      loop->Stop();
                                                    })
                                            .ok());
                          })
                  .ok());
  loop->Run();
  EXPECT_TRUE(second);
}

TEST(Loop, RefusesWhatCannotBeWatched) {
  std::unique_ptr<Loop> loop = NewLoop();
  EXPECT_FALSE(loop->Watch(-1, EPOLLIN, [](uint32_t) {}).ok());
  loop->Unwatch(-1);
  loop->Unwatch(100000);
}

}  // namespace
}  // namespace cram
