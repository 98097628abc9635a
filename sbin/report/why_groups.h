// Which of many like ends are told one by one.
#pragma once

#include <stdint.h>

#include <map>
#include <string>

#include "pack/base/index_set.h"
#include "sbin/report/fields.h"

namespace cram {

// Ends are alike when state, cause, exit code, signal, errno and the runtime's
// message are. Nobody reads two thousand paragraphs that say the same: the
// first of each kind are shown, the others counted.
class WhyGroups {
 public:
  static constexpr uint64_t kShown = 5;

  // Whether this one is to be shown. It has an attempt.
  bool Shows(const Row& row, const Run& run);

  // A line for each kind of which some were not shown, the most first; empty
  // when all were.
  std::string Rest(const Run& run) const;

 private:
  struct Group {
    uint64_t shown = 0;
    IndexSet rest;
  };
  std::map<std::string, Group> groups_;  // by "OUT_OF_MEMORY, own cap"
};

}  // namespace cram
