#include "pack/manifest/sweep.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/manifest/decimal.h"
#include "pack/manifest/distribution.h"
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

}  // namespace

absl::Status SweepTable::ParseAxis(absl::string_view bytes, AxisTable* axis,
                                   std::string* name) {
  WireReader reader(bytes);
  absl::Status status;
  bool is_known = true;
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
      absl::StatusOr<ValueListView> list = ValueListView::Parse(reader.bytes());
      if (!list.ok()) return list.status();
      axis->list = *std::move(list);
    } else if (reader.field() == Axis::kDistributionFieldNumber) {
      axis->is_sampled = true;
      if (!ParseMessage(reader.bytes(), &axis->distribution)) {
        return absl::DataLossError("a damaged distribution");
      }
      status.Update(CheckDistribution(axis->distribution));
    } else {
      is_known = false;
    }
  }
  bool is_list = axis->list.size() > 0;
  if (!reader.ok() || axis->is_range + axis->is_sampled + is_list > 1 ||
      (axis->is_sampled && axis->zip_group != 0)) {
    return absl::DataLossError("a damaged axis");
  }
  status.Update(CheckParameterName(*name));
  axis->size = axis->is_range ? axis->range.count() : axis->list.size();
  if (axis->size == 0 && !axis->is_sampled) {
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        *name, " has no values", is_known ? "" : " that this version knows")));
  }
  return status;
}

absl::Status SweepTable::AddAxis(absl::string_view bytes) {
  AxisTable axis;
  std::string name;
  absl::Status status = ParseAxis(bytes, &axis, &name);
  if (!status.ok()) return status;
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameter ", name, " is given twice"));
  }
  if (names_.size() == kMaxAxes) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxAxes, " parameters"));
  }
  if (axis.is_sampled) axis.dimension = dimensions_++;
  names_.push_back(std::move(name));
  axes_.push_back(std::move(axis));
  return absl::OkStatus();
}

absl::StatusOr<SweepTable> SweepTable::Parse(absl::string_view bytes) {
  SweepTable table;
  Sample sample;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == Sweep::kAxesFieldNumber) {
      absl::Status status = table.AddAxis(reader.bytes());
      if (!status.ok()) return status;
    } else if (reader.field() == Sweep::kSampleFieldNumber &&
               !ParseMessage(reader.bytes(), &sample)) {
      return absl::DataLossError("a damaged sample");
    }
  }
  if (!reader.ok()) return absl::DataLossError("a damaged sweep");
  absl::Status status = table.SetDesign(sample);
  if (status.ok()) status = table.SetStrides();
  if (!status.ok()) return status;
  return table;
}

absl::Status SweepTable::SetDesign(const Sample& sample) {
  if (dimensions_ == 0) return absl::OkStatus();
  absl::StatusOr<Design> design = Design::Make(sample, dimensions_);
  if (!design.ok()) return design.status();
  design_ = *std::move(design);
  for (AxisTable& axis : axes_) {
    if (axis.is_sampled) axis.size = sample.size();
  }
  return absl::OkStatus();
}

bool SweepTable::AreTogether(const AxisTable& a, const AxisTable& b) {
  return a.is_sampled ? b.is_sampled
                      : a.zip_group != 0 && a.zip_group == b.zip_group;
}

// From the last axis to the first, as the last varies fastest. Axes that
// advance together do so at the place of their first.
absl::Status SweepTable::SetStrides() {
  for (size_t i = axes_.size(); i-- > 0;) {
    AxisTable& axis = axes_[i];
    size_t first = 0;
    while (first < i && !AreTogether(axis, axes_[first])) ++first;
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
    for (size_t j = i + 1; j < axes_.size(); ++j) {
      if (AreTogether(axis, axes_[j])) axes_[j].stride = axis.stride;
    }
  }
  return absl::OkStatus();
}

uint64_t SweepTable::AxisSize(size_t axis) const { return axes_[axis].size; }

std::string SweepTable::AxisValue(size_t axis, uint64_t place) const {
  const AxisTable& table = axes_[axis];
  if (table.is_sampled) {
    return ValueAt(table.distribution, design_.Get(place, table.dimension));
  }
  if (!table.is_range) return std::string(table.list.Get(place));
  const Range& range = table.range;
  return FormatDecimal(
      range.first() + range.step() * static_cast<int64_t>(place),
      range.scale());
}

uint64_t SweepTable::AxisForms(size_t axis) const {
  const AxisTable& table = axes_[axis];
  if (table.distribution.choices_size() > 0) {
    return static_cast<uint64_t>(table.distribution.choices_size());
  }
  return table.is_range || table.is_sampled ? 1 : table.list.size();
}

std::string SweepTable::AxisForm(size_t axis, uint64_t form) const {
  const AxisTable& table = axes_[axis];
  if (!table.is_sampled) return AxisValue(axis, form);
  if (table.distribution.choices_size() > 0) {
    return table.distribution.choices(static_cast<int>(form));
  }
  // What takes this takes every number, some of which are whole.
  return "0.5";
}

void SweepTable::Values(uint64_t place,
                        std::vector<std::string>* values) const {
  values->resize(axes_.size());
  for (size_t i = 0; i < axes_.size(); ++i) {
    (*values)[i] = AxisValue(i, place / axes_[i].stride % axes_[i].size);
  }
}

}  // namespace cram
