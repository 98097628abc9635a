#include "pack/manifest/content_hash.h"

#include <xxhash.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cram {
namespace {

// A netstring: "5:hello,".
void AppendText(absl::string_view text, std::string* out) {
  absl::StrAppend(out, text.size(), ":", text, ",");
}

void AppendProperty(absl::string_view name, absl::string_view value,
                    std::string* out) {
  if (value.empty()) return;
  AppendText(name, out);
  AppendText(value, out);
}

void AppendNumber(absl::string_view name, uint64_t value, uint64_t by_default,
                  std::string* out) {
  if (value != by_default) AppendProperty(name, absl::StrCat(value), out);
}

// In the order of their names, "NAME=VALUE" or, for one that is removed,
// "NAME".
void AppendSorted(
    absl::string_view name,
    const std::map<absl::string_view, const std::string*>& variables,
    std::string* out) {
  if (variables.empty()) return;
  AppendText(name, out);
  AppendText(absl::StrCat(variables.size()), out);
  for (const auto& [variable, value] : variables) {
    AppendText(value == nullptr ? std::string(variable)
                                : absl::StrCat(variable, "=", *value),
               out);
  }
}

}  // namespace

std::string ContentText(const SubJob& subjob) {
  std::string text;
  // Of a script its text and arguments, not its name.
  bool is_script = !subjob.script.empty();
  absl::Span<const std::string> argv =
      is_script ? absl::MakeSpan(subjob.script) : absl::MakeSpan(subjob.argv);
  if (is_script) argv.remove_prefix(1);
  AppendText("argv", &text);
  AppendText(absl::StrCat(argv.size()), &text);
  for (const std::string& word : argv) AppendText(word, &text);
  AppendProperty("script", subjob.script_text, &text);
  AppendProperty("cwd", subjob.cwd, &text);

  std::map<absl::string_view, const std::string*> variables;
  for (const SubJob::EnvChange& change : subjob.env) {
    variables[change.name] = change.value ? &*change.value : nullptr;
  }
  AppendSorted("env", variables, &text);
  variables.clear();
  for (size_t hidden : subjob.hidden_params) {
    const auto& [name, value] = subjob.params[hidden];
    variables[name] = &value;
  }
  AppendSorted("param", variables, &text);

  AppendProperty("stdin", subjob.stdin_path, &text);
  AppendNumber("ranks", subjob.ranks, 1, &text);
  AppendNumber("cpus", subjob.cpus, 0, &text);
  AppendNumber("memory_bytes", subjob.memory_bytes, 0, &text);
  if (subjob.time_limit != absl::InfiniteDuration()) {
    AppendNumber(
        "time_limit_ms",
        static_cast<uint64_t>(absl::ToInt64Milliseconds(subjob.time_limit)), 0,
        &text);
  }
  if (subjob.mem_mode == MemMode::kRlimit) {
    AppendProperty("memory_mode", "rlimit", &text);
  }
  return text;
}

uint64_t ContentHash(const SubJob& subjob) {
  std::string text = ContentText(subjob);
  return XXH64(text.data(), text.size(), 0);
}

std::string FormatHash(uint64_t hash) { return absl::StrFormat("%016x", hash); }

}  // namespace cram
