#include "pack/manifest/block.h"

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {

absl::StatusOr<BlockView> BlockView::Parse(absl::string_view bytes) {
  BlockView view;
  bool has_body = false;
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
    } else if (reader.field() == Block::kRowsFieldNumber ||
               reader.field() == Block::kOwnRowsFieldNumber) {
      absl::StatusOr<PackedRowsView> rows =
          PackedRowsView::Parse(reader.bytes());
      if (!rows.ok()) return rows.status();
      view.rows = *std::move(rows);
      view.rows.own = reader.field() == Block::kOwnRowsFieldNumber;
      view.is_sweep = false;
      has_body = true;
    }
  }
  if (!reader.ok() || !has_body ||
      (view.is_sweep && view.sweep.size() != view.subjobs)) {
    return absl::DataLossError("a block that is not whole");
  }
  return view;
}

absl::StatusOr<OpenBlock> OpenBlock::Open(BlockView view, SubJobMaker maker) {
  OpenBlock block(std::move(view), std::move(maker));
  absl::Status status = block.maker_.Bind(block.view_.parameters());
  if (!status.ok()) return status;
  if (!block.view_.is_sweep) {
    absl::StatusOr<RowsTable> rows =
        RowsTable::Unpack(block.view_.rows, block.view_.subjobs);
    if (!rows.ok()) return rows.status();
    block.rows_ = *std::move(rows);
  }
  return block;
}

absl::StatusOr<SubJob> OpenBlock::Make(uint64_t place, uint64_t index) {
  if (view_.is_sweep) {
    view_.sweep.Values(place, &sweep_values_);
    values_.assign(sweep_values_.begin(), sweep_values_.end());
  } else {
    rows_.Values(place, &values_);
    rows_.Command(place, &command_);
  }
  absl::StatusOr<SubJob> subjob = maker_.Make(index, values_, command_);
  if (!subjob.ok() || !view_.has_own()) return subjob;
  absl::Status status = AddOwn(rows_.Own(place), &*subjob);
  if (!status.ok()) return status;
  return subjob;
}

absl::Status OpenBlock::CheckValues() {
  if (view_.is_sweep) return CheckSweepValues(view_.sweep, maker_);
  SubJob unused;
  for (uint64_t row = 0; view_.has_own() && row < view_.subjobs; ++row) {
    absl::Status status = AddOwn(rows_.Own(row), &unused);
    if (!status.ok()) return status;
  }
  if (!maker_.checks_values()) return absl::OkStatus();
  for (uint64_t row = 0; row < view_.subjobs; ++row) {
    rows_.Values(row, &values_);
    for (size_t i = 0; i < values_.size(); ++i) {
      absl::Status status = maker_.CheckValue(i, values_[i]);
      if (!status.ok()) {
        return WithContext(absl::StrCat("its sub-job ", row), status);
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
