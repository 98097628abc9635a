#include "pack/manifest/templates_used.h"

#include "pack/manifest/rows.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

using Visit = std::function<void(const SubJobTemplate&, const SubJobTemplate&,
                                 IndexRange)>;

absl::Status VisitRows(const SubJobTemplate& source, const RowsTable& table,
                       uint64_t first, const Visit& visit) {
  // Of rows without anything there may be any number.
  if (!table.has_own()) {
    visit(source, SubJobTemplate(), {first, first + table.rows()});
    return absl::OkStatus();
  }
  SubJobTemplate own;
  for (uint64_t row = 0; row < table.rows(); ++row) {
    if (!ParseTemplate(table.Own(row), &own)) {
      return absl::DataLossError("damaged: what a sub-job has of its own");
    }
    visit(source, own, {first + row, first + row + 1});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ForEachTemplateUsed(const ManifestReader& manifest,
                                 const Visit& visit) {
  uint64_t first = 0;
  RowsTable table;
  for (size_t i = 0; i < manifest.blocks(); ++i) {
    absl::StatusOr<BlockView> block = manifest.GetBlock(i);
    if (!block.ok()) return block.status();
    absl::StatusOr<SubJobTemplate> source =
        manifest.GetTemplate(block->template_id);
    if (!source.ok()) return source.status();
    uint64_t end = first + block->subjobs;
    if (!block->has_own()) {
      visit(*source, SubJobTemplate(), {first, end});
      first = end;
      continue;
    }
    for (const RowGroupView& group : block->rows.groups) {
      absl::Status status = table.Unpack(block->rows, group);
      if (status.ok()) {
        status = VisitRows(*source, table, first + group.first, visit);
      }
      if (!status.ok()) return status;
    }
    first = end;
  }
  return absl::OkStatus();
}

}  // namespace cram
