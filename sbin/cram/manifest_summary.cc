#include "sbin/cram/manifest_summary.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "pack/base/duration.h"
#include "pack/base/io.h"
#include "pack/base/shell_quote.h"
#include "pack/base/size.h"
#include "pack/manifest/distribution.h"
#include "sbin/cram/distinct_values.h"
#include "sbin/cram/print.h"

namespace cram {
namespace {

constexpr uint64_t kShownValues = 5;

// How many values of a column are counted, and of all columns together, so that
// a foreign manifest of thousands of columns cannot take all memory.
constexpr size_t kMostDistinct = 10000;
constexpr size_t kMostCounted = 1000000;

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

// Consecutive blocks of rows with the same columns.
class RowsVariation {
 public:
  RowsVariation(const BlockView& block, Variation* variation)
      : columns_(block.parameters()),
        values_(columns_.size(),
                DistinctValues(std::min(kMostCounted / (columns_.size() + 1),
                                        kMostDistinct))),
        variation_(variation) {
    variation_->commands = block.has_commands();
    variation_->own = block.has_own();
  }

  bool Continues(const BlockView& block) const {
    return !block.is_sweep && block.parameters() == columns_ &&
           block.has_commands() == variation_->commands &&
           block.has_own() == variation_->own;
  }

  absl::Status Add(const BlockView& block) {
    if (std::all_of(values_.begin(), values_.end(),
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
    }
    return absl::OkStatus();
  }

  void Finish() {
    for (size_t i = 0; i < columns_.size(); ++i) {
      variation_->parameters.push_back(
          absl::StrCat(columns_[i], " (", values_[i].Text(), ")"));
    }
  }

 private:
  std::vector<std::string> columns_;
  std::vector<DistinctValues> values_;
  RowsTable table_;
  Variation* variation_;
};

std::vector<std::string> CommandOf(const SubJobTemplate& source) {
  return {source.argv().begin(), source.argv().end()};
}

// Whether some sub-jobs get their command only when they run.
bool LacksCommand(const TemplateSummary& summary) {
  if (summary.source.argv_size() > 0) return false;
  return !std::all_of(
      summary.variations.begin(), summary.variations.end(),
      [](const Variation& variation) { return variation.commands; });
}

class TextBuilder {
 public:
  void Line(absl::string_view label, absl::string_view value) {
    if (value.empty()) return;
    constexpr size_t kWidth = 13;
    std::string padding(kWidth - std::min(label.size(), kWidth - 1), ' ');
    absl::StrAppend(&text_, label, padding, value, "\n");
  }
  void Template(size_t number, const TemplateSummary& summary);
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

void TextBuilder::Template(size_t number, const TemplateSummary& summary) {
  const SubJobTemplate& source = summary.source;
  absl::StrAppend(&text_, "\n");
  Line(absl::StrCat("Template ", number), Counted(summary.subjobs, "sub-job"));
  Line("Command", ShellJoin(CommandOf(source)));
  if (!source.script().empty()) {
    Line("Script",
         absl::StrCat("in the manifest, ", source.script().size(), " bytes"));
  }
  if (LacksCommand(summary)) Line("Command", "(given when it runs)");
  Line("Directory", source.cwd());
  for (const EnvironmentChange& change : source.env()) {
    Line("Environment",
         change.unset()
             ? absl::StrCat("unset ", change.name())
             : absl::StrCat(change.name(), "=", ShellQuote(change.value())));
  }
  if (source.ranks() > 1) Line("Ranks", absl::StrCat(source.ranks()));
  if (source.cpus() > 0) Line("CPUs", absl::StrCat(source.cpus()));
  if (source.memory_bytes() > 0) {
    Line("Memory", FormatSize(source.memory_bytes()));
  }
  if (source.time_limit_ms() > 0) {
    Line("Time limit",
         FormatElapsed(absl::Milliseconds(source.time_limit_ms())));
  }
  Line("Input", source.stdin());
  Line("Output", source.stdout());
  Line("Errors", source.stderr());
  for (const Variation& variation : summary.variations) {
    if (variation.commands) {
      Line("Commands", absl::StrCat(variation.subjobs, ", one each"));
    }
    if (variation.own) {
      Line("Varies", "directory, environment or other properties");
    }
    for (const std::string& parameter : variation.parameters) {
      Line("Varies", parameter);
    }
    if (variation.sample) Line("Sample", SampleText(*variation.sample));
  }
}

}  // namespace

absl::StatusOr<ManifestSummary> Summarize(const std::string& path,
                                          const ManifestReader& reader) {
  ManifestSummary summary;
  struct stat stat;
  if (::stat(path.c_str(), &stat) != 0) return ErrnoStatus(path, "", errno);
  summary.path = path;
  summary.bytes = static_cast<uint64_t>(stat.st_size);
  summary.subjobs = reader.size();
  summary.fingerprint = reader.fingerprint();
  for (const SubJobTemplate& source : reader.templates()) {
    summary.templates.emplace_back().source = source;
  }
  // What the last block of each template began, if that has rows.
  std::vector<std::optional<RowsVariation>> open(summary.templates.size());
  for (size_t i = 0; i < reader.blocks(); ++i) {
    absl::StatusOr<BlockView> block = reader.GetBlock(i);
    if (!block.ok()) return block.status();
    TemplateSummary& owner = summary.templates[block->template_id];
    std::optional<RowsVariation>& rows = open[block->template_id];
    owner.subjobs += block->subjobs;
    if (!rows || !rows->Continues(*block)) {
      if (rows) rows->Finish();
      rows.reset();
      owner.variations.push_back(block->is_sweep ? SweepVariation(block->sweep)
                                                 : Variation());
      if (!block->is_sweep) rows.emplace(*block, &owner.variations.back());
    }
    owner.variations.back().subjobs += block->subjobs;
    absl::Status status = rows ? rows->Add(*block) : absl::OkStatus();
    if (!status.ok()) return WithContext(path, status);
  }
  for (std::optional<RowsVariation>& rows : open) {
    if (rows) rows->Finish();
  }
  return summary;
}

std::string SummaryText(const ManifestSummary& summary) {
  TextBuilder text;
  text.Line("Manifest", summary.path);
  text.Line("Sub-jobs", absl::StrCat(summary.subjobs));
  text.Line("Size", absl::StrFormat("%s, %.3g a sub-job",
                                    Counted(summary.bytes, "byte"),
                                    static_cast<double>(summary.bytes) /
                                        static_cast<double>(summary.subjobs)));
  text.Line("Fingerprint", absl::StrFormat("%08x", summary.fingerprint));
  for (size_t i = 0; i < summary.templates.size(); ++i) {
    text.Template(i, summary.templates[i]);
  }
  return text.Take();
}

nlohmann::ordered_json SummaryJson(const ManifestSummary& summary) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["manifest"] = summary.path;
  json["subjobs"] = summary.subjobs;
  json["bytes"] = summary.bytes;
  json["fingerprint"] = absl::StrFormat("%08x", summary.fingerprint);
  json["templates"] = Json::array();
  for (const TemplateSummary& from : summary.templates) {
    Json to;
    to["subjobs"] = from.subjobs;
    to["argv"] = CommandOf(from.source);
    to["cwd"] = from.source.cwd();
    to["ranks"] = std::max(from.source.ranks(), 1u);
    to["cpus"] = from.source.cpus();
    to["memory_bytes"] = from.source.memory_bytes();
    to["time_limit_seconds"] = from.source.time_limit_ms() / 1000.0;
    to["varies"] = Json::array();
    for (const Variation& variation : from.variations) {
      to["varies"].push_back({{"subjobs", variation.subjobs},
                              {"commands", variation.commands},
                              {"own", variation.own},
                              {"parameters", variation.parameters}});
      if (variation.sample) {
        to["varies"].back()["sample"] = {
            {"points", variation.sample->size()},
            {"design", std::string(DesignName(variation.sample->design()))},
            {"seed", variation.sample->seed()}};
      }
    }
    json["templates"].push_back(std::move(to));
  }
  return json;
}

}  // namespace cram
