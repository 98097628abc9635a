// A set survives being written and read, and being taken apart and put
// together.
#include "pack/base/index_set.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cram::IndexSet;
  absl::StatusOr<IndexSet> set = IndexSet::Parse(cram::TextOf(data, size));
  if (!set.ok()) return 0;
  absl::StatusOr<IndexSet> again = IndexSet::Parse(set->ToString());
  REQUIRE(again.ok() && *again == *set);
  IndexSet rest = *set;
  IndexSet front = rest.TakeFront(set->size() / 3);
  IndexSet back = rest.TakeBack(set->size() / 3);
  REQUIRE(front.size() == set->size() / 3 && back.size() == front.size());
  REQUIRE(front.size() + rest.size() + back.size() == set->size());
  rest.AddAll(back);
  rest.AddAll(front);
  REQUIRE(rest == *set && rest.size() == set->size());
  for (const auto& [begin, end] : front.ranges()) rest.Remove({begin, end});
  REQUIRE(rest.size() == set->size() - front.size());
  return 0;
}
