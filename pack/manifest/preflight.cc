#include "pack/manifest/preflight.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

absl::Status CheckMemory(uint64_t cap, const NodeSize& largest) {
  if (largest.memory_bytes == 0 || cap <= largest.memory_bytes) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a cap of ", FormatSize(cap), " is above the node's ",
                   FormatSize(largest.memory_bytes)));
}

// The most that a cap may grow to, with --oom-retry.
absl::Status CheckGrowth(const RunOptions& options, const NodeSize& largest) {
  if (options.oom_max_bytes != 0 &&
      options.oom_max_bytes <= options.mem_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "at most ", FormatSize(options.oom_max_bytes),
        " is not above the cap of ", FormatSize(options.mem_bytes)));
  }
  return CheckMemory(options.oom_max_bytes, largest);
}

absl::Status CheckTemplate(const SubJobTemplate& source,
                           const RunOptions& options, const NodeSize& largest) {
  uint64_t ranks = std::max(source.ranks(), 1u);
  uint64_t cpus = ranks * std::max(source.cpus(), 1u);
  if (largest.cpus > 0 && cpus / ranks > largest.cpus) {
    return absl::InvalidArgumentError(
        absl::StrCat(ranks > 1 ? "ranks" : "sub-jobs", " of ", cpus / ranks,
                     " CPUs; a node has ", largest.cpus));
  }
  if (largest.all_cpus > 0 && cpus > largest.all_cpus) {
    bool one_node = largest.all_cpus == largest.cpus;
    return absl::InvalidArgumentError(
        absl::StrCat("sub-jobs of ", ranks, " ranks and ", cpus, " CPUs; ",
                     one_node ? "a node has " : "all nodes together have ",
                     largest.all_cpus));
  }
  bool own_cap = options.mem_bytes == 0 && !options.mem_share;
  return CheckMemory(own_cap ? source.memory_bytes() : 0, largest);
}

// What rows say of their own, which no template has; `first` is the index of
// the table's first.
absl::Status CheckOwn(const RowsTable& table, uint64_t first,
                      const RunOptions& options, const NodeSize& largest) {
  for (uint64_t row = 0; table.has_own() && row < table.rows(); ++row) {
    SubJobTemplate own;
    bool good = ParseTemplate(table.Own(row), &own);
    absl::Status status = good ? CheckTemplate(own, options, largest)
                               : absl::DataLossError("damaged");
    if (!status.ok()) {
      return WithContext(absl::StrCat("sub-job ", first + row), status);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOwn(const ManifestReader& manifest, const RunOptions& options,
                      const NodeSize& largest) {
  uint64_t first = 0;
  RowsTable table;
  for (size_t i = 0; i < manifest.blocks(); ++i) {
    absl::StatusOr<BlockView> block = manifest.GetBlock(i);
    if (!block.ok()) return block.status();
    for (const RowGroupView& group : block->rows.groups) {
      if (!block->has_own()) break;
      absl::Status status = table.Unpack(block->rows, group);
      if (status.ok()) {
        status = CheckOwn(table, first + group.first, options, largest);
      }
      if (!status.ok()) return status;
    }
    first += block->subjobs;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ManifestReader>> Preflight(
    const std::string& manifest_path, const RunOptions& options,
    const std::vector<std::string>& default_command, const NodeSize& largest) {
  absl::StatusOr<std::unique_ptr<ManifestReader>> manifest =
      ManifestReader::Open(manifest_path);
  if (!manifest.ok()) return manifest;
  absl::Status status;
  if (!default_command.empty()) {
    status = (*manifest)->SetDefaultCommand(default_command);
  }
  if (status.ok()) status = (*manifest)->CheckCommands();
  if (status.ok()) status = (*manifest)->Verify();
  if (status.ok()) {
    status = WithContext("--mem", CheckMemory(options.mem_bytes, largest));
  }
  if (status.ok()) {
    status = WithContext("--oom-retry", CheckGrowth(options, largest));
  }
  if (status.ok() && options.output == OutputMode::kTemplate) {
    status = WithContext("--output",
                         (*manifest)->CheckText(options.output_template));
  }
  if (!status.ok()) return status;
  for (size_t id = 0; id < (*manifest)->templates(); ++id) {
    absl::StatusOr<SubJobTemplate> source = (*manifest)->GetTemplate(id);
    if (!source.ok()) return source.status();
    status = CheckTemplate(*source, options, largest);
    if (!status.ok()) return WithContext(manifest_path, status);
  }
  status = CheckOwn(**manifest, options, largest);
  if (!status.ok()) return WithContext(manifest_path, status);
  return manifest;
}

}  // namespace cram
