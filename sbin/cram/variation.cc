#include "sbin/cram/variation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pack/base/shell_quote.h"
#include "pack/manifest/distribution.h"
#include "sbin/cram/print.h"

namespace cram {
namespace {

constexpr uint64_t kShownValues = 5;

constexpr size_t kMostVariations = 1000;

// How many values of a column are counted, and of all columns together, so that
// a foreign manifest of thousands of columns cannot take all memory.
constexpr size_t kMostDistinct = 10000;
constexpr size_t kMostCounted = 500000;

std::string AxisText(const SweepTable& sweep, size_t axis) {
  uint64_t size = sweep.AxisSize(axis);
  std::string text = absl::StrCat(sweep.names()[axis], " = ");
  if (sweep.AxisDistribution(axis) != nullptr) {
    return absl::StrCat(text, FormatDistribution(*sweep.AxisDistribution(axis)),
                        " (sampled)");
  }
  if (sweep.AxisIsRange(axis)) {
    absl::StrAppend(&text, sweep.AxisValue(axis, 0), "..",
                    sweep.AxisValue(axis, size - 1));
  } else {
    std::vector<std::string> values;
    for (uint64_t i = 0; i < std::min(size, kShownValues); ++i) {
      values.push_back(ShellQuote(sweep.AxisValue(axis, i)));
    }
    if (size > kShownValues) values.push_back("...");
    absl::StrAppend(&text, absl::StrJoin(values, ","));
  }
  absl::StrAppend(&text, " (", Counted(size, "value"), ")");
  if (sweep.AxisZipGroup(axis) != 0) {
    absl::StrAppend(&text, ", zip ", sweep.AxisZipGroup(axis));
  }
  return text;
}

Variation SweepVariation(const SweepTable& sweep) {
  Variation variation;
  for (size_t i = 0; i < sweep.names().size(); ++i) {
    variation.parameters.push_back(AxisText(sweep, i));
  }
  if (sweep.sample() != nullptr) variation.sample = *sweep.sample();
  return variation;
}

}  // namespace

bool VariationFinder::Continues(const BlockView& block) const {
  return in_rows_ && !block.is_sweep && block.parameters() == columns_ &&
         block.has_commands() == variations_.back().commands &&
         block.has_own() == variations_.back().own;
}

absl::Status VariationFinder::Add(const BlockView& block) {
  if (!Continues(block)) {
    FinishRows();
    if (variations_.size() == kMostVariations) {
      in_rows_ = false;
      ++more_blocks_;
      return absl::OkStatus();
    }
    variations_.push_back(block.is_sweep ? SweepVariation(block.sweep)
                                         : Variation());
    in_rows_ = !block.is_sweep;
    if (in_rows_) {
      variations_.back().commands = block.has_commands();
      variations_.back().own = block.has_own();
      columns_ = block.parameters();
      properties_ = OwnProperties(template_ranks_);
      values_.assign(columns_.size(),
                     DistinctValues(std::min(
                         kMostCounted / (columns_.size() + 1), kMostDistinct)));
    }
  }
  variations_.back().subjobs += block.subjobs;
  return in_rows_ ? LookAtRows(block) : absl::OkStatus();
}

absl::Status VariationFinder::LookAtRows(const BlockView& block) {
  if (!block.has_own() &&
      std::all_of(values_.begin(), values_.end(),
                  [](const DistinctValues& v) { return v.full(); })) {
    return absl::OkStatus();
  }
  std::vector<absl::string_view> row;
  for (const RowGroupView& group : block.rows.groups) {
    absl::Status status = table_.Unpack(block.rows, group);
    if (!status.ok()) return status;
    for (uint64_t i = 0; table_.has_values() && i < table_.rows(); ++i) {
      table_.Values(i, &row);
      for (size_t j = 0; j < row.size(); ++j) values_[j].Add(row[j]);
    }
    // Of rows without anything there may be any number.
    uint64_t own = table_.has_own() ? table_.rows() : block.has_own() ? 1 : 0;
    for (uint64_t i = 0; i < own; ++i) properties_.Add(table_.Own(i));
  }
  return absl::OkStatus();
}

void VariationFinder::FinishRows() {
  if (!in_rows_) return;
  if (variations_.back().own) {
    variations_.back().properties = properties_.Names();
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    variations_.back().parameters.push_back(
        absl::StrCat(columns_[i], " (", values_[i].Text(), ")"));
  }
}

std::vector<Variation> VariationFinder::Take() {
  FinishRows();
  return std::move(variations_);
}

}  // namespace cram
