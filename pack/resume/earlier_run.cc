#include "pack/resume/earlier_run.h"

#include <unistd.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/base/outcome.h"
#include "pack/journal/reader.h"
#include "pack/journal/sign_of_life.h"
#include "pack/resume/content_match.h"

namespace cram {
namespace {

bool IsCutOff(Cause cause) {
  return cause == Cause::kTimeLimit || cause == Cause::kCancelled ||
         cause == Cause::kNodeLost;
}

bool HasCompleted(const RunDirectory& run) {
  absl::StatusOr<std::vector<uint32_t>> nodes = run.Nodes();
  if (!nodes.ok()) return false;
  std::vector<std::string> journals = {run.journal_resumed()};
  for (uint32_t node : *nodes) journals.push_back(run.journal(node));
  bool any = false;
  for (const std::string& journal : journals) {
    (void)ReadJournal(journal, [&any](const JournalRecord& record) {
      Cause cause = static_cast<Cause>(record.ended().cause());
      any = any || cause == Cause::kCompleted;
    });
  }
  return any;
}

// The manifest says what the indexes in the journals are.
absl::Status WithoutManifest(const RunDirectory& run,
                             const absl::Status& status) {
  if (absl::IsPermissionDenied(status)) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(status.message(),
                   HasCompleted(run)
                       ? "; a copy of the manifest that it ran, put there, "
                         "tells what has completed"
                       : "; nothing is recorded as completed there: run its "
                         "manifest itself"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<EarlierRun>> EarlierRun::Open(
    absl::string_view run) {
  absl::StatusOr<RunDirectory> directory = FindRun(run);
  if (!directory.ok()) return directory.status();
  std::unique_ptr<EarlierRun> earlier(new EarlierRun(*std::move(directory)));
  absl::StatusOr<std::unique_ptr<ManifestReader>> manifest =
      ManifestReader::Open(earlier->directory_.manifest());
  if (!manifest.ok()) {
    return WithoutManifest(earlier->directory_, manifest.status());
  }
  earlier->manifest_ = *std::move(manifest);
  absl::Status status = earlier->ReadOpened();
  if (status.ok() && !earlier->command_.empty()) {
    status = earlier->manifest_->SetDefaultCommand(earlier->command_);
  }
  if (!status.ok()) return status;
  return earlier;
}

// Every journal begins with the same words of the run.
absl::Status EarlierRun::ReadOpened() {
  absl::StatusOr<std::vector<uint32_t>> nodes = directory_.Nodes();
  if (!nodes.ok()) return nodes.status();
  for (uint32_t node : *nodes) {
    absl::StatusOr<JournalRecord> first =
        ReadFirstRecord(directory_.journal(node));
    if (!first.ok() || !first->has_opened()) continue;
    const Opened& opened = first->opened();
    command_.assign(opened.default_command().begin(),
                    opened.default_command().end());
    resumed_from_ = opened.resumed_from();
    break;
  }
  return absl::OkStatus();
}

absl::Status EarlierRun::CheckEnded() const {
  absl::StatusOr<std::vector<uint32_t>> nodes = directory_.Nodes();
  if (!nodes.ok()) return nodes.status();
  for (uint32_t node : *nodes) {
    std::string journal = directory_.journal(node);
    if (!JournalIsHeld(journal)) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        directory_.path(), ": this run is not over, an agent still writes ",
        journal, "; wait for it, or cancel it"));
  }
  return absl::OkStatus();
}

bool EarlierRun::VisitJournal(const std::string& path, const Visit& visit) {
  Opened opened;
  absl::flat_hash_map<uint64_t, Started> started;  // by index: few at a time
  absl::StatusOr<JournalEnd> end =
      ReadJournal(path, [&](const JournalRecord& record) {
        if (record.has_opened()) {
          opened = record.opened();
          if (opened.directory().empty()) {
            opened.set_directory(directory_.path());
          }
        } else if (record.has_started()) {
          started[record.started().index()] = record.started();
          if (record.started().index() < manifest_->size()) {
            cut_off_.Add(record.started().index());
          }
        } else if (record.has_ended()) {
          const Ended& ended = record.ended();
          auto start = started.find(ended.index());
          bool known = start != started.end() &&
                       start->second.attempt() == ended.attempt();
          Cause cause = static_cast<Cause>(ended.cause());
          if (!IsCutOff(cause)) cut_off_.Remove(ended.index());
          if (cause == Cause::kCompleted && ended.index() < manifest_->size()) {
            visit({opened, known ? &start->second : nullptr, ended});
          }
          if (start != started.end()) started.erase(start);
        }
      });
  if (!end.ok()) {
    warnings_.emplace_back(end.status().message());
    return false;
  }
  if (end->damaged) {
    warnings_.push_back(absl::StrCat(path, ": damaged at byte ", end->position,
                                     "; what is behind it does not count"));
  }
  return !end->torn;
}

absl::Status EarlierRun::ForEachCompleted(const Visit& visit) {
  absl::StatusOr<std::vector<uint32_t>> nodes = directory_.Nodes();
  if (!nodes.ok()) return nodes.status();
  std::vector<bool> seen(manifest_->size());
  Visit visit_once = [&](const Completed& completed) {
    std::vector<bool>::reference here = seen[completed.ended.index()];
    if (!here) visit(completed);
    here = true;
  };
  for (uint32_t node : *nodes) {
    VisitJournal(directory_.journal(node), visit_once);
  }
  bool whole = access(directory_.journal_resumed().c_str(), F_OK) == 0 &&
               VisitJournal(directory_.journal_resumed(), visit_once);
  if (whole || resumed_from_.empty()) return absl::OkStatus();
  absl::Status status = VisitItsEarlierRun(visit_once);
  if (!status.ok()) warnings_.emplace_back(status.message());
  return absl::OkStatus();
}

absl::Status EarlierRun::VisitItsEarlierRun(const Visit& visit) {
  absl::StatusOr<std::unique_ptr<EarlierRun>> first = Open(resumed_from_);
  if (!first.ok()) return first.status();
  IndexSet completed;
  absl::Status status = (*first)->ForEachCompleted(
      [&](const Completed& one) { completed.Add(one.ended.index()); });
  if (!status.ok()) return status;
  absl::StatusOr<std::vector<uint64_t>> match =
      MatchContent((*first)->manifest(), completed, manifest(),
                   (*first)->default_command() == command_);
  if (!match.ok()) return match.status();
  return (*first)->ForEachCompleted([&](const Completed& one) {
    uint64_t index = (*match)[one.ended.index()];
    if (index == kNowhere) return;
    Ended ended = one.ended;
    ended.set_source_index(SourceIndex(one.ended));
    ended.set_index(index);
    visit({one.opened, one.started, ended});
  });
}

}  // namespace cram
