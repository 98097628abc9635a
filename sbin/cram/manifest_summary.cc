#include "sbin/cram/manifest_summary.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "pack/base/duration.h"
#include "pack/base/io.h"
#include "pack/base/shell_quote.h"
#include "pack/base/size.h"
#include "pack/manifest/design.h"
#include "sbin/cram/print.h"
#include "sbin/cram/subjob_text.h"
#include "sbin/cram/variation.h"

namespace cram {
namespace {

using Json = nlohmann::ordered_json;

struct TemplateSummary {
  size_t number;
  SubJobTemplate source;
  uint64_t subjobs = 0;
  std::vector<Variation> variations;
  uint64_t more_blocks = 0;  // with variations that are not among these
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
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string TemplateText(const TemplateSummary& summary) {
  const SubJobTemplate& source = summary.source;
  TextBuilder text;
  auto line = [&text](absl::string_view label, absl::string_view value) {
    text.Line(label, value);
  };
  line(absl::StrCat("Template ", summary.number),
       Counted(summary.subjobs, "sub-job"));
  line("Command", ShellJoin(CommandOf(source)));
  if (!source.script().empty()) {
    line("Script",
         absl::StrCat("in the manifest, ", source.script().size(), " bytes"));
  }
  if (LacksCommand(summary)) line("Command", "(given when it runs)");
  line("Directory", source.cwd());
  for (const EnvironmentChange& change : source.env()) {
    line("Environment",
         change.unset()
             ? absl::StrCat("unset ", change.name())
             : absl::StrCat(change.name(), "=", ShellQuote(change.value())));
  }
  if (source.ranks() > 1) line("Ranks", absl::StrCat(source.ranks()));
  if (source.cpus() > 0) line("CPUs", absl::StrCat(source.cpus()));
  if (source.memory_bytes() > 0) {
    line("Memory", FormatSize(source.memory_bytes()));
  }
  if (source.time_limit_ms() > 0) {
    line("Time limit",
         FormatElapsed(absl::Milliseconds(source.time_limit_ms())));
  }
  line("Input", source.stdin());
  line("Output", source.stdout());
  line("Errors", source.stderr());
  for (const Variation& variation : summary.variations) {
    if (variation.commands) {
      line("Commands", absl::StrCat(variation.subjobs, ", one each"));
    }
    line("Varies", absl::StrJoin(variation.properties, ", "));
    for (const std::string& parameter : variation.parameters) {
      line("Varies", parameter);
    }
    if (variation.sample) line("Sample", SampleText(*variation.sample));
  }
  if (summary.more_blocks > 0) {
    line("Varies", absl::StrCat("in ", summary.more_blocks, " more blocks"));
  }
  return absl::StrCat("\n", text.Take());
}

std::string HeadText(const std::string& path, uint64_t bytes,
                     const ManifestReader& reader) {
  TextBuilder text;
  text.Line("Manifest", path);
  text.Line("Sub-jobs", absl::StrCat(reader.size()));
  text.Line("Size",
            absl::StrFormat("%s, %.3g a sub-job", Counted(bytes, "byte"),
                            static_cast<double>(bytes) /
                                static_cast<double>(reader.size())));
  text.Line("Fingerprint", absl::StrFormat("%08x", reader.fingerprint()));
  return text.Take();
}

Json TemplateJson(const TemplateSummary& summary) {
  const SubJobTemplate& source = summary.source;
  Json json;
  json["subjobs"] = summary.subjobs;
  json["argv"] = CommandOf(source);
  json["cwd"] = source.cwd();
  json["ranks"] = std::max(source.ranks(), 1u);
  json["cpus"] = source.cpus();
  json["memory_bytes"] = source.memory_bytes();
  json["time_limit_seconds"] = source.time_limit_ms() / 1000.0;
  json["varies"] = Json::array();
  for (const Variation& variation : summary.variations) {
    json["varies"].push_back({{"subjobs", variation.subjobs},
                              {"commands", variation.commands},
                              {"own", variation.own},
                              {"properties", variation.properties},
                              {"parameters", variation.parameters}});
    if (variation.sample) {
      json["varies"].back()["sample"] = {
          {"points", variation.sample->size()},
          {"design", std::string(DesignName(variation.sample->design()))},
          {"seed", variation.sample->seed()}};
    }
  }
  if (summary.more_blocks > 0) json["more_blocks"] = summary.more_blocks;
  return json;
}

// An object whose last member is the list of templates, which follow.
std::string HeadJson(const std::string& path, uint64_t bytes,
                     const ManifestReader& reader) {
  Json json;
  json["manifest"] = path;
  json["subjobs"] = reader.size();
  json["bytes"] = bytes;
  json["fingerprint"] = absl::StrFormat("%08x", reader.fingerprint());
  std::string text = JsonText(json, 2);
  return absl::StrCat(text.substr(0, text.rfind("\n}")),
                      ",\n  \"templates\": [");
}

std::string TemplateJsonText(const TemplateSummary& summary) {
  std::string text = JsonText(TemplateJson(summary), 2);
  text.pop_back();
  return absl::StrCat(summary.number == 0 ? "" : ",", "\n    ",
                      absl::StrReplaceAll(text, {{"\n", "\n    "}}));
}

constexpr char kJsonEnd[] = "\n  ]\n}\n";

// Places of blocks, by their templates.
using Blocks = std::vector<std::pair<uint32_t, uint32_t>>;

absl::StatusOr<Blocks> BlocksByTemplate(const ManifestReader& reader) {
  Blocks blocks;
  blocks.reserve(reader.blocks());
  for (uint32_t i = 0; i < reader.blocks(); ++i) {
    absl::StatusOr<BlockView> block = reader.GetBlock(i);
    if (!block.ok()) return block.status();
    blocks.emplace_back(block->template_id, i);
  }
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

// Takes its blocks off `*next`.
absl::StatusOr<TemplateSummary> Summarize(const std::string& path,
                                          const ManifestReader& reader,
                                          size_t number, Blocks::iterator* next,
                                          Blocks::iterator end) {
  TemplateSummary summary;
  summary.number = number;
  absl::StatusOr<SubJobTemplate> source = reader.GetTemplate(number);
  if (!source.ok()) return source.status();
  summary.source = *std::move(source);
  VariationFinder finder(summary.source.ranks());
  for (; *next != end && (*next)->first == number; ++*next) {
    absl::StatusOr<BlockView> block = reader.GetBlock((*next)->second);
    if (!block.ok()) return block.status();
    summary.subjobs += block->subjobs;
    absl::Status status = finder.Add(*block);
    if (!status.ok()) return WithContext(path, status);
  }
  summary.variations = finder.Take();
  summary.more_blocks = finder.more_blocks();
  return summary;
}

}  // namespace

absl::Status PrintSummary(const std::string& path, const ManifestReader& reader,
                          bool as_json) {
  struct stat stat;
  if (::stat(path.c_str(), &stat) != 0) return ErrnoStatus(path, "", errno);
  uint64_t bytes = static_cast<uint64_t>(stat.st_size);
  absl::StatusOr<Blocks> blocks = BlocksByTemplate(reader);
  if (!blocks.ok()) return blocks.status();
  absl::Status status = Print(as_json ? HeadJson(path, bytes, reader)
                                      : HeadText(path, bytes, reader));
  Blocks::iterator next = blocks->begin();
  for (size_t i = 0; status.ok() && i < reader.templates(); ++i) {
    absl::StatusOr<TemplateSummary> summary =
        Summarize(path, reader, i, &next, blocks->end());
    if (!summary.ok()) return summary.status();
    status =
        Print(as_json ? TemplateJsonText(*summary) : TemplateText(*summary));
  }
  return status.ok() && as_json ? Print(kJsonEnd) : status;
}

}  // namespace cram
