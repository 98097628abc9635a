#include "sbin/cram/pack_where.h"

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/condition.h"
#include "pack/manifest/sweep.h"

namespace cram {
namespace {

// Some minutes of looking at them.
constexpr uint64_t kMostCombinations = 1000000000;

absl::StatusOr<bool> AllHold(const std::vector<Condition>& conditions,
                             const std::vector<std::string>& values) {
  for (const Condition& condition : conditions) {
    absl::StatusOr<bool> holds = condition.Holds(values);
    if (!holds.ok() || !*holds) return holds;
  }
  return true;
}

}  // namespace

absl::Status AddSweepWhere(const Sweep& sweep,
                           const std::vector<std::string>& conditions,
                           uint32_t template_id, uint64_t most,
                           ManifestWriter* writer) {
  std::string bytes = sweep.SerializeAsString();
  absl::StatusOr<SweepTable> table = SweepTable::Parse(bytes);
  if (!table.ok()) return table.status();
  std::vector<Condition> parsed;
  for (const std::string& text : conditions) {
    absl::StatusOr<Condition> condition =
        Condition::Parse(text, table->names());
    if (!condition.ok()) return WithContext("--where", condition.status());
    parsed.push_back(*std::move(condition));
  }
  if (table->size() > kMostCombinations) {
    return absl::InvalidArgumentError(
        absl::StrCat("--where looks at all combinations, and ", table->size(),
                     " are more than ", kMostCombinations));
  }
  absl::Status status =
      writer->StartRows(template_id, table->names(), /*commands=*/false);
  std::vector<std::string> values;
  std::vector<absl::string_view> row;
  uint64_t rows = 0;
  for (uint64_t i = 0; status.ok() && rows < most && i < table->size(); ++i) {
    table->Values(i, &values);
    absl::StatusOr<bool> good = AllHold(parsed, values);
    if (!good.ok()) return WithContext("--where", good.status());
    if (!*good) continue;
    row.assign(values.begin(), values.end());
    status = writer->AddRow(row);
    ++rows;
  }
  if (status.ok() && rows == 0 && most > 0) {
    return absl::InvalidArgumentError("--where leaves no combination");
  }
  return status;
}

}  // namespace cram
