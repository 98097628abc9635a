#include "sbin/report/journal_table.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "pack/journal/reader.h"

namespace cram {
namespace {

// Of a Started and an Ended record, roughly: growing a table of millions row by
// row would move it several times.
constexpr uintmax_t kBytesPerAttempt = 96;

Cause CauseOf(const Ended& ended) {
  if (ended.cause() > 0 && ended.cause() < kCauses) {
    return static_cast<Cause>(ended.cause());
  }
  // A cause of a newer minor version: what a shell would say.
  return ended.signal() != 0 ? Cause::kSignal : Cause::kExitCode;
}

// Fewer slow nobody down.
constexpr uint64_t kManyMajorFaults = 1000;

bool HasDetails(const Ended& ended) {
  return !ended.failed_step().empty() || !ended.memory_message().empty() ||
         ended.victim_pid() != 0 || ended.stdout_left_out() != 0 ||
         ended.stderr_left_out() != 0 || ended.has_rank() ||
         ended.parts_size() != 0 || ended.major_faults() >= kManyMajorFaults;
}

EndDetails DetailsOf(const Ended& ended) {
  EndDetails details;
  details.failed_step = ended.failed_step();
  details.memory_message = ended.memory_message();
  details.victim_pid = ended.victim_pid();
  details.victim_command = ended.victim_command();
  details.victim_bytes = ended.victim_bytes();
  details.major_faults = ended.major_faults();
  details.stdout_left_out = ended.stdout_left_out();
  details.stderr_left_out = ended.stderr_left_out();
  if (ended.has_rank()) details.rank = ended.rank();
  for (const EndedPart& part : ended.parts()) {
    details.parts.push_back({part.node_id(), part.output_offset(),
                             part.stdout_bytes(), part.stderr_bytes()});
  }
  return details;
}

class Table {
 public:
  Table(uint32_t place, NodeRecords* records)
      : place_(place), records_(records) {}

  void Add(const JournalRecord& record) {
    switch (record.kind_case()) {
      case JournalRecord::kOpened:
        return AddOpened(record.opened());
      case JournalRecord::kStarted:
        return AddStarted(record.started());
      case JournalRecord::kEnded:
        return AddEnded(record.ended());
      case JournalRecord::kClosed:
        return AddClosed(record.closed());
      case JournalRecord::kStanding:
        return AddStanding(record.standing());
      case JournalRecord::kAnswered:
        records_->answered = record.answered().position();
        return;
      case JournalRecord::kAdded:
        records_->subjobs =
            std::max(records_->subjobs, record.added().subjobs());
        return;
      case JournalRecord::KIND_NOT_SET:
        return;  // a kind of a newer minor version
    }
  }

 private:
  void AddOpened(const Opened& opened) {
    records_->name = opened.node_name();
    records_->run_id = opened.run_id();
    records_->resumed_from = opened.resumed_from();
    records_->user = opened.user();
    records_->caps = opened.caps();
    records_->view = opened.view();
    records_->subjobs = opened.subjobs();
    records_->budget_bytes = opened.budget_bytes();
    records_->slots = opened.slots();
    records_->cpus = opened.cpus();
    records_->default_command.assign(opened.default_command().begin(),
                                     opened.default_command().end());
    records_->knobs.assign(opened.knobs().begin(), opened.knobs().end());
    records_->first_ns = records_->last_ns = opened.time_ns();
  }

  void AddStarted(const Started& started) {
    Attempt& attempt = Append(started.index(), started.attempt());
    attempt.start_ns = started.time_ns();
    attempt.slot = started.slot();
    attempt.cap_bytes = started.cap_bytes();
    attempt.cpus = started.cpus();
    attempt.told = started.told();
    attempt.data_limited = started.data_limit_bytes() != 0;
    open_[started.index()] = records_->attempts.size() - 1;
    SeeTime(started.time_ns());
  }

  void AddEnded(const Ended& ended) {
    Attempt& attempt = TakeOpen(ended.index(), ended.attempt());
    attempt.start_ns = ended.start_ns();
    attempt.end_ns = std::max<int64_t>(ended.end_ns(), 1);
    attempt.user_us = ended.user_us();
    attempt.system_us = ended.system_us();
    attempt.peak_bytes = ended.peak_bytes();
    attempt.cap_bytes = ended.cap_bytes();
    attempt.source_index = SourceIndex(ended);
    attempt.output_offset = ended.output_offset();
    attempt.stdout_bytes = ended.stdout_bytes();
    attempt.stderr_bytes = ended.stderr_bytes();
    attempt.slot = ended.slot();
    attempt.cpus = ended.cpus();
    attempt.error_number = static_cast<uint16_t>(ended.error_number());
    attempt.exit_code = static_cast<uint8_t>(ended.exit_code());
    attempt.signal = static_cast<uint8_t>(ended.signal());
    attempt.cause = CauseOf(ended);
    attempt.core_dumped = ended.core_dumped();
    attempt.will_retry = ended.will_retry();
    attempt.by_user = ended.cancelled_by_user();
    if (HasDetails(ended)) {
      records_->details.push_back(DetailsOf(ended));
      attempt.details = static_cast<uint32_t>(records_->details.size());
    }
    SeeTime(ended.end_ns());
  }

  void AddClosed(const Closed& closed) {
    records_->closed = true;
    records_->closed_reason = closed.reason();
    SeeTime(closed.time_ns());
  }

  void AddStanding(const Standing& standing) {
    records_->unstarted = standing.unstarted();
    // A reason of a newer minor version is none that we can name.
    records_->idle = standing.idle() < kIdles
                         ? static_cast<Idle>(standing.idle())
                         : Idle::kNot;
    for (const RunningPeak& peak : standing.peaks()) {
      auto open = open_.find(peak.index());
      if (open == open_.end()) continue;
      records_->attempts[open->second].peak_bytes = peak.bytes();
    }
    SeeTime(standing.time_ns());
  }

  Attempt& Append(uint64_t index, uint32_t number) {
    Attempt& attempt = records_->attempts.emplace_back();
    attempt.index = attempt.source_index = index;
    attempt.number = number;
    attempt.node = place_;
    return attempt;
  }

  // The attempt that a Started record began; a new one when there is none, as
  // for a sub-job that could not start.
  Attempt& TakeOpen(uint64_t index, uint32_t number) {
    auto it = open_.find(index);
    if (it == open_.end()) return Append(index, number);
    size_t row = it->second;
    open_.erase(it);
    Attempt& attempt = records_->attempts[row];
    return attempt.number == number ? attempt : Append(index, number);
  }

  void SeeTime(int64_t time_ns) {
    records_->last_ns = std::max(records_->last_ns, time_ns);
  }

  uint32_t place_;
  NodeRecords* records_;
  absl::flat_hash_map<uint64_t, size_t> open_;  // index to row: few at a time
};

void NoteEnd(const std::string& path, const JournalEnd& end,
             NodeRecords* records) {
  records->torn = end.torn;
  if (end.damaged) {
    records->warning =
        absl::StrCat(path, ": damaged at byte ", end.position,
                     "; the records before it are shown, those after it "
                     "cannot be read");
  }
}

}  // namespace

absl::Status ReadNodeRecords(const std::string& path, uint32_t place,
                             NodeRecords* records) {
  std::error_code unknown;
  uintmax_t bytes = std::filesystem::file_size(path, unknown);
  if (!unknown) records->attempts.reserve(bytes / kBytesPerAttempt);
  Table table(place, records);
  absl::StatusOr<JournalEnd> end = ReadJournal(
      path, [&table](const JournalRecord& record) { table.Add(record); });
  if (!end.ok()) return end.status();
  NoteEnd(path, *end, records);
  return absl::OkStatus();
}

absl::Status ReadResumedRecords(const std::string& path, uint32_t place,
                                std::vector<NodeRecords>* records) {
  std::deque<NodeRecords> sections;  // does not move them as it grows
  std::optional<Table> table;
  absl::StatusOr<JournalEnd> end =
      ReadJournal(path, [&](const JournalRecord& record) {
        if (record.has_opened()) {
          NodeRecords& section = sections.emplace_back();
          section.node_id = record.opened().node_id();
          section.earlier = record.opened().directory();
          section.closed = true;
          table.emplace(place + static_cast<uint32_t>(sections.size()) - 1,
                        &section);
        }
        if (table) table->Add(record);
      });
  if (!end.ok()) return end.status();
  if (!sections.empty()) NoteEnd(path, *end, &sections.back());
  std::move(sections.begin(), sections.end(), std::back_inserter(*records));
  return absl::OkStatus();
}

}  // namespace cram
