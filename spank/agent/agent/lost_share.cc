#include "spank/agent/agent/lost_share.h"

#include <algorithm>

namespace cram {

bool LostShare::Read(const std::string& journal, const Order& order) {
  Source& source = sources_[journal];
  if (source.reader == nullptr) {
    absl::StatusOr<std::unique_ptr<FrameReader>> reader =
        FrameReader::Open(journal, kJournalFile);
    if (!reader.ok()) return true;
    source.reader = *std::move(reader);
  }
  JournalRecord record;
  for (int i = 0; i < kAtOnce; ++i) {
    auto payload = source.reader->Next();
    if (!payload || !record.ParseFromArray(payload->data(),
                                           static_cast<int>(payload->size()))) {
      return true;
    }
    source.closed = record.has_closed();
    Add(record, order);
  }
  return false;
}

bool LostShare::Closed(const std::string& journal) const {
  auto source = sources_.find(journal);
  return source != sources_.end() && source->second.closed;
}

void LostShare::Add(const JournalRecord& record, const Order& order) {
  if (record.has_started()) {
    const Started& started = record.started();
    Fate& fate = fates_[order.PlaceOf(started.index())];
    // Two nodes may have had the same attempt: an end says more.
    if (started.attempt() < fate.attempt ||
        (fate.ended && started.attempt() == fate.attempt)) {
      return;
    }
    fate.attempt = started.attempt();
    fate.cap_bytes = started.cap_bytes();
    fate.running = true;
    fate.ended = false;
  } else if (record.has_ended()) {
    const Ended& ended = record.ended();
    Fate& fate = fates_[order.PlaceOf(ended.index())];
    if (ended.will_retry()) fate.failures.push_back(ended.attempt());
    if (ended.attempt() < fate.attempt) return;
    fate.attempt = ended.attempt();
    fate.running = false;
    fate.ended = true;
    fate.final = !ended.will_retry();
    fate.cause = static_cast<Cause>(ended.cause());
  }
}

LostShare::Findings LostShare::Judge(const Work& held) const {
  Findings findings;
  findings.again = held;
  auto fate = fates_.begin();
  for (const auto& [begin, end] : held.indexes().ranges()) {
    for (fate = fates_.lower_bound(begin);
         fate != fates_.end() && fate->first < end; ++fate) {
      const auto& [place, last] = *fate;
      Tried tried = held.TriedOf(place);
      // It is of an earlier time, which is accounted for.
      if (last.attempt < tried.attempts) continue;
      IndexSet one({place, place + 1});
      if (last.ended && last.final) {
        ++findings.finished[static_cast<size_t>(StateOf(last.cause))];
        findings.again.Remove(one);
        continue;
      }
      tried.failures += static_cast<uint32_t>(std::count_if(
          last.failures.begin(), last.failures.end(),
          [&tried](uint32_t attempt) { return attempt >= tried.attempts; }));
      tried.attempts = last.attempt + 1;
      if (last.running) ++tried.losses;
      if (tried.losses >= kMostLosses) {
        ++findings.finished[static_cast<size_t>(State::kNodeFail)];
        findings.given_up[place] = tried;
        findings.again.Remove(one);
        continue;
      }
      if (last.running) ++findings.were_running;
      findings.again.Remove(one);
      findings.again.Add(place, tried);
    }
  }
  return findings;
}

}  // namespace cram
