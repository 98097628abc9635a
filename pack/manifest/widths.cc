#include "pack/manifest/widths.h"

#include <algorithm>

#include "pack/manifest/wire.h"

namespace cram {
namespace {

using Widths = std::map<uint64_t, IndexSet>;

void Add(const SubJobTemplate& source, const SubJobTemplate& own,
         IndexRange range, Widths* widths) {
  uint64_t ranks = own.ranks() > 0 ? own.ranks() : source.ranks();
  uint64_t cpus = own.cpus() > 0 ? own.cpus() : source.cpus();
  if (ranks <= 1) return;
  (*widths)[ranks * std::max<uint64_t>(cpus, 1)].Add(range);
}

absl::Status AddOwn(const SubJobTemplate& source, const RowsTable& table,
                    uint64_t first, Widths* widths) {
  // Of rows without anything there may be any number.
  if (!table.has_own()) {
    Add(source, SubJobTemplate(), {first, first + table.rows()}, widths);
  }
  for (uint64_t row = 0; table.has_own() && row < table.rows(); ++row) {
    SubJobTemplate own;
    if (!ParseTemplate(table.Own(row), &own)) {
      return absl::DataLossError("damaged: what a sub-job has of its own");
    }
    Add(source, own, {first + row, first + row + 1}, widths);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Widths> SeveralRanks(const ManifestReader& manifest) {
  Widths widths;
  uint64_t first = 0;
  RowsTable table;
  for (size_t i = 0; i < manifest.blocks(); ++i) {
    absl::StatusOr<BlockView> block = manifest.GetBlock(i);
    if (!block.ok()) return block.status();
    absl::StatusOr<SubJobTemplate> source =
        manifest.GetTemplate(block->template_id);
    if (!source.ok()) return source.status();
    if (!block->has_own()) {
      Add(*source, SubJobTemplate(), {first, first + block->subjobs}, &widths);
      first += block->subjobs;
      continue;
    }
    for (const RowGroupView& group : block->rows.groups) {
      absl::Status status = table.Unpack(block->rows, group);
      if (status.ok()) {
        status = AddOwn(*source, table, first + group.first, &widths);
      }
      if (!status.ok()) return status;
    }
    first += block->subjobs;
  }
  return widths;
}

}  // namespace cram
