#include "pack/manifest/block.h"

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

bool IsRows(uint32_t field) {
  return field == Block::kRowsFieldNumber ||
         field == Block::kOwnRowsFieldNumber ||
         field == Block::kGroupsFieldNumber;
}

}  // namespace

absl::StatusOr<BlockView> BlockView::Parse(absl::string_view bytes) {
  BlockView view;
  bool has_body = false, one_group = false;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == Block::kTemplateIdFieldNumber) {
      view.template_id = static_cast<uint32_t>(reader.number());
    } else if (reader.field() == Block::kSubjobsFieldNumber) {
      view.subjobs = reader.number();
    } else if (reader.field() == Block::kSweepFieldNumber) {
      absl::StatusOr<SweepTable> sweep = SweepTable::Parse(reader.bytes());
      if (!sweep.ok()) return sweep.status();
      view.sweep = *std::move(sweep);
      has_body = view.is_sweep = true;
    } else if (IsRows(reader.field())) {
      absl::StatusOr<PackedRowsView> rows =
          reader.field() == Block::kGroupsFieldNumber
              ? PackedRowsView::ParseGroups(reader.bytes())
              : PackedRowsView::ParseOne(reader.bytes());
      if (!rows.ok()) return rows.status();
      view.rows = *std::move(rows);
      one_group = reader.field() != Block::kGroupsFieldNumber;
      if (reader.field() == Block::kOwnRowsFieldNumber) view.rows.own = true;
      view.is_sweep = false;
      has_body = true;
    }
  }
  if (reader.ok() && !has_body) {
    return absl::DataLossError(
        "of a kind that this program does not know: a newer version may");
  }
  if (one_group && !view.is_sweep) view.rows.groups[0].rows = view.subjobs;
  if (!reader.ok() ||
      (view.is_sweep ? view.sweep.size() : view.rows.rows()) != view.subjobs) {
    return absl::DataLossError("a block that is not whole");
  }
  return view;
}

absl::StatusOr<OpenBlock> OpenBlock::Open(BlockView view, SubJobMaker maker) {
  OpenBlock block(std::move(view), std::move(maker));
  absl::Status status = block.maker_.Bind(block.view_.parameters());
  if (!status.ok()) return status;
  return block;
}

void OpenBlock::Continue(BlockView view) {
  view_ = std::move(view);
  group_.reset();
}

absl::Status OpenBlock::Unpack(size_t group) {
  if (group_ == group) return absl::OkStatus();
  group_.reset();
  absl::Status status = rows_.Unpack(view_.rows, view_.rows.groups[group]);
  if (status.ok()) group_ = group;
  return status;
}

absl::StatusOr<SubJob> OpenBlock::Make(uint64_t place, uint64_t index) {
  if (view_.is_sweep) {
    view_.sweep.Values(place, &sweep_values_);
    values_.assign(sweep_values_.begin(), sweep_values_.end());
    return maker_.Make(index, values_, command_);
  }
  size_t group = view_.rows.GroupOf(place);
  absl::Status status = Unpack(group);
  if (!status.ok()) return status;
  uint64_t row = place - view_.rows.groups[group].first;
  rows_.Values(row, &values_);
  status = rows_.Command(row, &command_);
  if (!status.ok()) return status;
  absl::StatusOr<SubJob> subjob = maker_.Make(index, values_, command_);
  if (!subjob.ok() || !rows_.has_own()) return subjob;
  status = AddOwn(rows_.Own(row), &*subjob);
  if (!status.ok()) return status;
  return subjob;
}

absl::Status OpenBlock::CheckValues() {
  if (view_.is_sweep) return CheckSweepValues(view_.sweep, maker_);
  for (size_t group = 0; group < view_.rows.groups.size(); ++group) {
    absl::Status status = Unpack(group);
    if (status.ok()) status = CheckRows(view_.rows.groups[group]);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status OpenBlock::CheckRows(const RowGroupView& group) {
  for (uint64_t row = 0; rows_.has_own() && row < group.rows; ++row) {
    SubJob unused;
    absl::Status status = AddOwn(rows_.Own(row), &unused);
    if (!status.ok()) return status;
  }
  for (uint64_t row = 0; rows_.has_commands() && row < group.rows; ++row) {
    absl::Status status = rows_.Command(row, &command_);
    if (!status.ok()) return status;
  }
  if (!maker_.checks_values() || !rows_.has_values()) return absl::OkStatus();
  for (uint64_t row = 0; row < group.rows; ++row) {
    rows_.Values(row, &values_);
    for (size_t i = 0; i < values_.size(); ++i) {
      absl::Status status = maker_.CheckValue(i, values_[i]);
      if (!status.ok()) {
        return WithContext(absl::StrCat("its sub-job ", group.first + row),
                           status);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSweepValues(const SweepTable& sweep,
                              const SubJobMaker& maker) {
  if (!maker.checks_values()) return absl::OkStatus();
  for (size_t axis = 0; axis < sweep.names().size(); ++axis) {
    for (uint64_t i = 0; i < sweep.AxisForms(axis); ++i) {
      absl::Status status = maker.CheckValue(axis, sweep.AxisForm(axis, i));
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace cram
