#include "pack/base/retry_codes.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/index_set.h"

namespace cram {

absl::StatusOr<EndSet> EndSet::Parse(absl::string_view text) {
  EndSet set;
  for (absl::string_view word : absl::StrSplit(text, ',')) {
    absl::StatusOr<IndexSet> codes = IndexSet::Parse(word);
    if (codes.ok() && !codes->empty() &&
        codes->ranges().rbegin()->second <= set.codes_.size()) {
      for (const auto& [begin, end] : codes->ranges()) {
        for (uint64_t code = begin; code < end; ++code) set.codes_.set(code);
      }
      continue;
    }
    std::optional<int> signal = codes.ok() ? std::nullopt : ParseSignal(word);
    if (!signal) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", word,
                       "' is neither an exit code from 0 to 255 nor a signal "
                       "(example: 75,137,SIGSEGV)"));
    }
    set.signals_.set(static_cast<size_t>(*signal));
  }
  return set;
}

absl::StatusOr<RetryCodes> RetryCodes::Parse(absl::string_view text) {
  RetryCodes result;
  for (absl::string_view codes : absl::StrSplit(text, ':')) {
    bool only = absl::ConsumePrefix(&codes, "on=");
    if (!only && !absl::ConsumePrefix(&codes, "except=")) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", codes, "' is neither on=CODES nor except=CODES"));
    }
    absl::StatusOr<EndSet> ends = EndSet::Parse(codes);
    if (!ends.ok()) return ends.status();
    if (only) {
      result.only = *ends;
    } else {
      result.never = *ends;
    }
  }
  return result;
}

bool EndSet::Contains(const ExitStatus& exit) const {
  if (exit.signal != 0) {
    return static_cast<size_t>(exit.signal) < signals_.size() &&
           signals_.test(static_cast<size_t>(exit.signal));
  }
  return codes_.test(static_cast<size_t>(exit.code & 0xff));
}

}  // namespace cram
