#include "pack/manifest/value_list.h"

#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

// So many fields are passed over in a tenth of a microsecond.
constexpr uint64_t kApart = 32;

}  // namespace

absl::StatusOr<ValueListView> ValueListView::Parse(absl::string_view bytes) {
  ValueListView list;
  list.bytes_ = bytes;
  WireReader reader(bytes);
  for (uint64_t place = 0; reader.Next();
       place = bytes.size() - reader.left()) {
    if (reader.field() != ValueList::kValuesFieldNumber) continue;
    if (list.size_++ % kApart == 0) list.places_.push_back(place);
  }
  if (!reader.ok()) return absl::DataLossError("a damaged list");
  return list;
}

absl::string_view ValueListView::Get(uint64_t place) const {
  WireReader reader(bytes_.substr(places_[place / kApart]));
  for (uint64_t left = place % kApart + 1; left > 0 && reader.Next();) {
    if (reader.field() == ValueList::kValuesFieldNumber) --left;
  }
  return reader.bytes();
}

}  // namespace cram
