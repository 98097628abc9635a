// One call at a time of an object whose calls run Python code in their midst.
#pragma once

#include <mutex>
#include <thread>

namespace cram {

// Python's own lock is not enough: wherever an argument has code of its own, as
// the paths of pathlib have, Python may run another thread, or that code may
// call the same object again.
class Turns {
 public:
  // Waits for the call of another thread, and lets Python run meanwhile.
  // Throws RuntimeError, as Python's files do: it is this thread's.
  void Enter();
  void Leave();

 private:
  std::mutex mutex_;
  std::thread::id owner_;  // whose turn it is; under Python's lock
};

// The turn of a call, until that ends.
class Turn {
 public:
  explicit Turn(Turns* turns) : turns_(turns) { turns_->Enter(); }
  ~Turn() { turns_->Leave(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Turns* turns_;
};

}  // namespace cram
