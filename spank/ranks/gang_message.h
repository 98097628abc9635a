// What the cram-ranks of a gang's nodes say to each other: the one of part 0,
// the hub, and each of the others.
#pragma once

#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pack/base/exit_status.h"

namespace cram {

struct GangMessage {
  enum class Kind : uint8_t {
    // To the hub:
    kHello = 1,   // first; `number` is the part, `text` the secret
    kGather = 2,  // `data` of this part, for `key`, with those of `parts`
    kFailed = 3,  // rank `number` ended with `exit`, which is the end of all
    kDone = 4,    // all ranks of this part have ended; the worst was `number`
    // From the hub:
    kGo = 5,        // all parts are there: start your ranks
    kGathered = 6,  // `data` of all of them, in the order of the parts
    kEnd = 7,       // rank `number` ended with `exit`: end the others
    kSignal = 8,    // send signal `number` to your ranks; to it: to all
    // Either way, through the hub:
    kFetch = 9,     // to part `to`: what has rank `number` given for `key`?
    kFetched = 10,  // the answer: `data`, or nothing when `failed`
    // To the hub, which answers with kFetched:
    kName = 11,  // a NameRequest of kind `number`: `text`, `data`
  };

  Kind kind = Kind::kHello;
  uint32_t from = 0, to = 0;  // parts
  uint32_t number = 0;
  bool failed = false;
  ExitStatus exit;
  std::string key, text, data;
  std::vector<uint32_t> parts;

  // Behind its length.
  void AppendTo(std::string* bytes) const;
};

// Messages out of a stream's bytes.
class GangMessageReader {
 public:
  // No world's exchange is larger than this.
  static constexpr size_t kLongest = 256 << 20;

  void Feed(absl::string_view bytes) {
    unread_.append(bytes.data(), bytes.size());
  }
  // Nothing: more bytes are needed, or what came was none (broken()).
  std::optional<GangMessage> Next();
  bool broken() const { return broken_; }

 private:
  std::string unread_;
  size_t taken_ = 0;
  bool broken_ = false;
};

}  // namespace cram
