#include "pack/manifest/sweep.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/manifest/decimal.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/template.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

absl::Status CheckRange(const Range& range) {
  int64_t span;
  int64_t last;
  if (range.count() == 0) return absl::InvalidArgumentError("an empty range");
  if (range.count() - 1 > INT64_MAX || range.scale() > kMaxDecimalScale ||
      __builtin_mul_overflow(range.step(),
                             static_cast<int64_t>(range.count() - 1), &span) ||
      __builtin_add_overflow(range.first(), span, &last)) {
    return absl::InvalidArgumentError("a range with too large numbers");
  }
  return absl::OkStatus();
}

absl::Status ParseList(absl::string_view bytes,
                       std::vector<absl::string_view>* list) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == ValueList::kValuesFieldNumber) {
      list->push_back(reader.bytes());
    }
  }
  if (!reader.ok()) return absl::DataLossError("a damaged list");
  return absl::OkStatus();
}

}  // namespace

absl::Status SweepTable::ParseAxis(absl::string_view bytes, AxisTable* axis,
                                   std::string* name) {
  WireReader reader(bytes);
  absl::Status status;
  while (reader.Next()) {
    if (reader.field() == Axis::kNameFieldNumber) {
      *name = std::string(reader.bytes());
    } else if (reader.field() == Axis::kZipGroupFieldNumber) {
      axis->zip_group = static_cast<uint32_t>(reader.number());
    } else if (reader.field() == Axis::kRangeFieldNumber) {
      axis->is_range = true;
      if (!ParseMessage(reader.bytes(), &axis->range)) {
        return absl::DataLossError("a damaged range");
      }
      status.Update(CheckRange(axis->range));
    } else if (reader.field() == Axis::kListFieldNumber) {
      status.Update(ParseList(reader.bytes(), &axis->list));
    }
  }
  if (!reader.ok()) return absl::DataLossError("a damaged axis");
  status.Update(CheckParameterName(*name));
  axis->size = axis->is_range ? axis->range.count() : axis->list.size();
  if (axis->size == 0) {
    status.Update(
        absl::InvalidArgumentError(absl::StrCat(*name, " has no values")));
  }
  return status;
}

absl::StatusOr<SweepTable> SweepTable::Parse(absl::string_view bytes) {
  SweepTable table;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() != Sweep::kAxesFieldNumber) continue;
    AxisTable axis;
    std::string name;
    absl::Status status = ParseAxis(reader.bytes(), &axis, &name);
    if (!status.ok()) return status;
    const std::vector<std::string>& names = table.names_;
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter ", name, " is given twice"));
    }
    if (names.size() == kMaxAxes) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMaxAxes, " parameters"));
    }
    table.names_.push_back(std::move(name));
    table.axes_.push_back(std::move(axis));
  }
  if (!reader.ok()) return absl::DataLossError("a damaged sweep");
  absl::Status status = table.SetStrides();
  if (!status.ok()) return status;
  return table;
}

// From the last axis to the first, as the last varies fastest. A zip group
// advances at the place of its first axis.
absl::Status SweepTable::SetStrides() {
  for (size_t i = axes_.size(); i-- > 0;) {
    AxisTable& axis = axes_[i];
    size_t first = i;
    for (size_t j = 0; axis.zip_group != 0 && j < i; ++j) {
      if (axes_[j].zip_group == axis.zip_group) first = std::min(first, j);
    }
    if (first < i) {
      if (axes_[first].size != axis.size) {
        return absl::InvalidArgumentError(absl::StrCat(
            "zipped parameters need as many values each: ", names_[first],
            " has ", axes_[first].size, ", ", names_[i], " has ", axis.size));
      }
      continue;
    }
    axis.stride = size_;
    if (__builtin_mul_overflow(size_, axis.size, &size_) || size_ > INT64_MAX) {
      return absl::InvalidArgumentError(
          "the parameters make more than 2^63 combinations");
    }
    for (size_t j = i + 1; axis.zip_group != 0 && j < axes_.size(); ++j) {
      if (axes_[j].zip_group == axis.zip_group) axes_[j].stride = axis.stride;
    }
  }
  return absl::OkStatus();
}

uint64_t SweepTable::AxisSize(size_t axis) const { return axes_[axis].size; }

std::string SweepTable::AxisValue(size_t axis, uint64_t place) const {
  const AxisTable& table = axes_[axis];
  if (!table.is_range) return std::string(table.list[place]);
  const Range& range = table.range;
  return FormatDecimal(
      range.first() + range.step() * static_cast<int64_t>(place),
      range.scale());
}

void SweepTable::Values(uint64_t place,
                        std::vector<std::string>* values) const {
  values->resize(axes_.size());
  for (size_t i = 0; i < axes_.size(); ++i) {
    (*values)[i] = AxisValue(i, place / axes_[i].stride % axes_[i].size);
  }
}

}  // namespace cram
