#include "spank/agent/agent/steering.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace cram {
namespace {

void CarryOut(const Request& request, const Order& order, Family* family) {
  if (request.has_cancel()) {
    absl::StatusOr<IndexSet> set = IndexSet::Parse(request.cancel().indexes());
    if (set.ok()) family->Cancel(order.PlacesOf(*set));
  } else if (request.has_add()) {
    wire::Added added;
    added.set_subjobs(request.add().subjobs());
    added.set_manifest_crc32(request.add().manifest_crc32());
    family->Added(added);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Steering>> Steering::Create(const Run* run) {
  absl::Status status = CreateRequests(run->directory.requests());
  if (!status.ok()) return status;
  return std::unique_ptr<Steering>(new Steering(run));
}

void Steering::Heed(Family* family, Records* records) {
  // Where records cannot be written, looking for a file may take as long.
  // Whoever asks when all is done sees that the run has ended.
  if (over_ || records->wait() || family->subtree().finished()) return;
  absl::StatusOr<std::vector<Request>> requests = requests_.ReadNew();
  if (!requests.ok()) {
    run_->Say(absl::StrCat(requests.status().message(),
                           "; nothing more can be asked of this run"));
    over_ = true;
    return;
  }
  if (requests->empty()) return;
  for (const Request& request : *requests) {
    CarryOut(request, run_->order, family);
  }
  JournalRecord record;
  record.mutable_answered()->set_time_ns(absl::GetCurrentTimeNanos());
  record.mutable_answered()->set_position(requests_.position());
  records->Append(record);
}

}  // namespace cram
