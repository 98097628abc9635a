// That nobody else uses a file.
#pragma once

namespace cram {

// Whether nobody but us has a file of this user's open or mapped: a write lease
// is given on no other, fcntl(2). Until the end of this nobody opens it: who
// wants to waits, of which a signal tells us that does nothing.
class SoleUse {
 public:
  // `fd` outlives it.
  explicit SoleUse(int fd);
  SoleUse(const SoleUse&) = delete;
  SoleUse& operator=(const SoleUse&) = delete;
  ~SoleUse();

  bool is_ours() const { return held_; }

 private:
  int fd_;
  bool held_;
};

}  // namespace cram
