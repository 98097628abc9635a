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

namespace cram {
namespace {

constexpr uint64_t kShownValues = 5;

std::string Counted(uint64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string AxisText(const SweepTable& sweep, size_t axis) {
  uint64_t size = sweep.AxisSize(axis);
  std::string text = absl::StrCat(sweep.names()[axis], " = ");
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

std::vector<std::string> Parameters(const BlockView& block) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < block.parameters().size(); ++i) {
    texts.push_back(block.is_sweep ? AxisText(block.sweep, i)
                                   : block.parameters()[i]);
  }
  return texts;
}

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
    absl::StrAppend(&text_, label, std::string(13 - label.size(), ' '), value,
                    "\n");
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
  if (LacksCommand(summary)) Line("Command", "(given when it runs)");
  Line("Directory", source.cwd());
  for (const EnvironmentChange& change : source.env()) {
    Line("Environment",
         change.unset()
             ? absl::StrCat("unset ", change.name())
             : absl::StrCat(change.name(), "=", ShellQuote(change.value())));
  }
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
    for (const std::string& parameter : variation.parameters) {
      Line("Varies", parameter);
    }
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
  for (size_t i = 0; i < reader.blocks(); ++i) {
    absl::StatusOr<BlockView> block = reader.GetBlock(i);
    if (!block.ok()) return block.status();
    TemplateSummary& owner = summary.templates[block->template_id];
    owner.subjobs += block->subjobs;
    std::vector<std::string> parameters = Parameters(*block);
    if (owner.variations.empty() || block->is_sweep ||
        owner.variations.back().commands != block->has_commands() ||
        owner.variations.back().parameters != parameters) {
      owner.variations.push_back(
          {0, block->has_commands(), std::move(parameters)});
    }
    owner.variations.back().subjobs += block->subjobs;
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
    to["cpus"] = from.source.cpus();
    to["memory_bytes"] = from.source.memory_bytes();
    to["time_limit_seconds"] = from.source.time_limit_ms() / 1000.0;
    to["varies"] = Json::array();
    for (const Variation& variation : from.variations) {
      to["varies"].push_back({{"subjobs", variation.subjobs},
                              {"commands", variation.commands},
                              {"parameters", variation.parameters}});
    }
    json["templates"].push_back(std::move(to));
  }
  return json;
}

}  // namespace cram
