// One block of a manifest: sub-jobs that share a template.
#pragma once

#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pack/manifest/packed_rows.h"
#include "pack/manifest/rows.h"
#include "pack/manifest/subjob.h"
#include "pack/manifest/subjob_maker.h"
#include "pack/manifest/sweep.h"

namespace cram {

// A serialized cram.Block with nothing unpacked. Views into its bytes.
struct BlockView {
  uint32_t template_id = 0;
  uint64_t subjobs = 0;
  bool is_sweep = false;
  SweepTable sweep;     // when is_sweep, else
  PackedRowsView rows;  // these

  // Errors: damage; no body; a sweep of another size than `subjobs`.
  static absl::StatusOr<BlockView> Parse(absl::string_view bytes);

  const std::vector<std::string>& parameters() const {
    return is_sweep ? sweep.names() : rows.columns;
  }
  // Whether sub-jobs bring their commands, whatever the template says.
  bool has_commands() const { return !is_sweep && rows.commands; }
  // Whether sub-jobs have more of their own, over the template.
  bool has_own() const { return !is_sweep && rows.own; }
};

// A block that is ready to make its sub-jobs. The bytes behind the view must
// outlive it. Keeps the last rows that it unpacked.
class OpenBlock {
 public:
  // `maker` is that of the block's template, with a command if it needs one.
  // Error: a placeholder that is no parameter.
  static absl::StatusOr<OpenBlock> Open(BlockView view, SubJobMaker maker);

  // Goes on with another block, of the same template and parameters.
  void Continue(BlockView view);
  const BlockView& view() const { return view_; }

  // The sub-job at `place` of this block; `index` is its index in the manifest.
  // Error: damage.
  absl::StatusOr<SubJob> Make(uint64_t place, uint64_t index);

  // Whether every sub-job can be made.
  absl::Status CheckValues();

 private:
  OpenBlock(BlockView view, SubJobMaker maker)
      : view_(std::move(view)), maker_(std::move(maker)) {}
  absl::Status Unpack(size_t group);
  absl::Status CheckRows(const RowGroupView& group);

  BlockView view_;
  SubJobMaker maker_;
  RowsTable rows_;
  std::optional<size_t> group_;  // which one that is
  // Of the last Make; kept so that it allocates little.
  std::vector<std::string> sweep_values_;
  std::vector<absl::string_view> values_;
  std::vector<absl::string_view> command_;
};

// Whether the values of a sweep's axes suit every place where they go.
absl::Status CheckSweepValues(const SweepTable& sweep,
                              const SubJobMaker& maker);

}  // namespace cram
