// What became of the sub-jobs that a lost agent held, by the journals of the
// nodes that had them.
#pragma once

#include <stdint.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pack/base/outcome.h"
#include "pack/journal/frame_reader.h"
#include "pack/journal/journal.pb.h"
#include "spank/agent/share/order.h"
#include "spank/agent/share/work.h"

namespace cram {

class LostShare {
 public:
  // A sub-job that lost its node so often is not run again: it may be what
  // nodes are lost of.
  static constexpr uint32_t kMostLosses = 3;

  struct Findings {
    Work again;  // to be run by others
    std::array<uint64_t, kStates> finished = {};
    std::map<uint64_t, Tried> given_up;  // counted in finished as NODE_FAIL
    uint64_t were_running = 0;           // of `again`
  };

  // So many records at once: some milliseconds.
  static constexpr int kAtOnce = 10000;

  // Reads what is there of a journal, from where it stopped the last time, but
  // no more than kAtOnce. Whether that was all: an incomplete tail is normal,
  // and a journal that cannot be read says nothing. Of its indexes the places
  // count, as in Work; `order` is always the same.
  bool Read(const std::string& journal, const Order& order);

  // The last record read of it says that its agent has ended.
  bool Closed(const std::string& journal) const;

  // Of what was held.
  Findings Judge(const Work& held) const;

 private:
  // The last attempt that the journals know of.
  struct Fate {
    uint32_t attempt = 0;
    bool running = false;
    bool ended = false;
    bool final = false;
    Cause cause = Cause::kNone;
    std::vector<uint32_t> failures;  // attempts that --retry counts
    uint64_t cap_bytes = 0;
  };
  struct Source {
    std::unique_ptr<FrameReader> reader;
    bool closed = false;
  };

  void Add(const JournalRecord& record, const Order& order);

  std::map<std::string, Source> sources_;
  std::map<uint64_t, Fate> fates_;  // by place
};

}  // namespace cram
