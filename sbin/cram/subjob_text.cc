#include "sbin/cram/subjob_text.h"

#include <stdlib.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "pack/base/duration.h"
#include "pack/base/escape_controls.h"
#include "pack/base/linked_mpi.h"
#include "pack/base/mpi_settings.h"
#include "pack/base/program_path.h"
#include "pack/base/shell_quote.h"
#include "pack/base/size.h"
#include "pack/manifest/content_hash.h"
#include "sbin/cram/print.h"

namespace cram {
namespace {

constexpr char kNoCommand[] = "(the command given when it runs)";

// "SEED=3", or "unset SEED".
std::string EnvironmentText(const SubJob::EnvChange& change) {
  if (!change.value) return absl::StrCat("unset ", change.name);
  return absl::StrCat(change.name, "=", ShellQuote(*change.value));
}

// Each variable once: later changes win.
std::vector<SubJob::EnvChange> LastChanges(const SubJob& subjob) {
  std::set<absl::string_view> seen;
  std::vector<SubJob::EnvChange> changes;
  for (auto change = subjob.env.rbegin(); change != subjob.env.rend();
       ++change) {
    if (seen.insert(change->name).second) changes.push_back(*change);
  }
  std::reverse(changes.begin(), changes.end());
  return changes;
}

std::string CommandText(const SubJob& subjob) {
  if (subjob.argv.empty()) return kNoCommand;
  return ShellJoin(subjob.script.empty() ? subjob.argv : subjob.script);
}

std::string ScriptText(const SubJob& subjob) {
  return absl::StrCat("in the manifest, ", subjob.script_text.size(), " bytes");
}

std::string ShellCommand(const SubJob& subjob) {
  std::string line;
  if (!subjob.cwd.empty()) {
    absl::StrAppend(&line, "cd ", ShellQuote(subjob.cwd), " && ");
  }
  std::vector<SubJob::EnvChange> changes = LastChanges(subjob);
  // In a shell, what is set for one command has to stand right before it.
  for (const SubJob::EnvChange& change : changes) {
    if (!change.value) absl::StrAppend(&line, EnvironmentText(change), "; ");
  }
  for (const SubJob::EnvChange& change : changes) {
    if (change.value) absl::StrAppend(&line, EnvironmentText(change), " ");
  }
  absl::StrAppend(&line, CommandText(subjob));
  auto redirect = [&line](absl::string_view sign, const std::string& path) {
    if (!path.empty()) absl::StrAppend(&line, " ", sign, ShellQuote(path));
  };
  redirect("<", subjob.stdin_path);
  redirect(">", subjob.stdout_path);
  redirect("2>", subjob.stderr_path);
  return line;
}

Mpi NeededMpi(const SubJob& subjob) {
  const char* path = getenv("PATH");
  std::vector<std::string> programs =
      ProgramPaths(subjob.argv.empty() ? "" : subjob.argv[0],
                   path == nullptr ? kDefaultPath : path);
  if (!subjob.cwd.empty()) {
    for (std::string& program : programs) {
      if (program[0] != '/') program = absl::StrCat(subjob.cwd, "/", program);
    }
  }
  return ResolveMpi(subjob.mpi, subjob.ranks, programs);
}

// "pmix, as the program links"; nothing where no world is needed.
std::string MpiOf(const SubJob& subjob, Mpi needed) {
  if (needed == Mpi::kNone) return subjob.ranks > 1 ? "none" : "";
  if (needed == subjob.mpi) return MpiText(needed);
  return absl::StrCat(MpiText(needed), needed == Mpi::kBoth
                                           ? ", whichever it asks for"
                                           : ", as the program links");
}

bool IsLimited(const SubJob& subjob) {
  return subjob.time_limit != absl::InfiniteDuration();
}

}  // namespace

std::string SubJobLine(const SubJob& subjob) {
  std::vector<std::string> notes;
  // Behind a newline it would be no comment.
  if (!subjob.name.empty()) notes.push_back(EscapeControls(subjob.name));
  if (subjob.ranks > 1) notes.push_back(Counted(subjob.ranks, "rank"));
  if (subjob.cpus > 0) notes.push_back(Counted(subjob.cpus, "CPU"));
  if (subjob.memory_bytes > 0) {
    notes.push_back(FormatSize(subjob.memory_bytes));
  }
  if (IsLimited(subjob)) notes.push_back(FormatElapsed(subjob.time_limit));
  if (!subjob.script.empty()) notes.push_back("the script is in the manifest");
  return absl::StrCat(subjob.index, ": ", ShellCommand(subjob),
                      notes.empty() ? "" : "  # ", absl::StrJoin(notes, ", "),
                      "\n");
}

std::string SubJobParagraph(const SubJob& subjob,
                            const std::vector<ToldKnob>& told) {
  std::string text = absl::StrCat("Sub-job      ", subjob.index, "\n");
  auto line = [&text](absl::string_view label, absl::string_view value) {
    if (!value.empty()) {
      absl::StrAppend(&text, label, std::string(13 - label.size(), ' '), value,
                      "\n");
    }
  };
  line("Hash", FormatHash(ContentHash(subjob)));
  line("Name", EscapeControls(subjob.name));
  line("Command", CommandText(subjob));
  if (!subjob.script.empty()) line("Script", ScriptText(subjob));
  line("Directory", subjob.cwd);
  for (const SubJob::EnvChange& change : LastChanges(subjob)) {
    line("Environment", EnvironmentText(change));
  }
  for (const auto& [name, value] : subjob.params) {
    line("Parameter", absl::StrCat(name, "=", ShellQuote(value)));
  }
  if (subjob.ranks > 1) line("Ranks", absl::StrCat(subjob.ranks));
  Mpi needed = NeededMpi(subjob);
  line("MPI", MpiOf(subjob, needed));
  if (subjob.mpi == Mpi::kNode) {
    for (const MpiSetting& setting : SettingsForOneNode(needed)) {
      line("On one node", absl::StrCat(setting.variable, "=", setting.value));
    }
  }
  line("CPUs", subjob.cpus > 0 ? absl::StrCat(subjob.cpus) : "the slot's");
  line("Memory", subjob.memory_bytes > 0 ? FormatSize(subjob.memory_bytes)
                                         : "the slot's");
  if (subjob.mem_mode == MemMode::kRlimit) line("Memory mode", "rlimit");
  line("Time limit",
       IsLimited(subjob) ? FormatElapsed(subjob.time_limit) : "none");
  if (!subjob.retry_codes.empty()) line("Retry codes", subjob.retry_codes);
  line("Input", subjob.stdin_path.empty() ? "/dev/null" : subjob.stdin_path);
  line("Output", subjob.stdout_path);
  line("Errors", subjob.stderr_path);
  for (const ToldKnob& knob : told) {
    line("Told",
         absl::StrCat(kRuntimeKnobs[knob.knob].variable, "=", knob.value));
  }
  return text;
}

nlohmann::ordered_json ToldJson(const std::vector<ToldKnob>& told) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const ToldKnob& knob : told) {
    json[std::string(kRuntimeKnobs[knob.knob].variable)] = knob.value;
  }
  return json;
}

nlohmann::ordered_json SubJobJson(const SubJob& subjob) {
  nlohmann::ordered_json json;
  json["index"] = subjob.index;
  json["hash"] = FormatHash(ContentHash(subjob));
  json["name"] = subjob.name;
  json["argv"] = subjob.script.empty() ? subjob.argv : subjob.script;
  if (!subjob.script.empty()) json["script"] = subjob.script_text;
  json["cwd"] = subjob.cwd;
  json["env"] = nlohmann::ordered_json::array();
  for (const SubJob::EnvChange& change : LastChanges(subjob)) {
    nlohmann::ordered_json value;
    if (change.value) value = *change.value;
    json["env"].push_back({{"name", change.name}, {"value", value}});
  }
  json["params"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : subjob.params) json["params"][name] = value;
  json["ranks"] = subjob.ranks;
  if (subjob.mpi != Mpi::kUnsaid) json["mpi"] = MpiText(subjob.mpi);
  json["cpus"] = subjob.cpus;
  json["memory_bytes"] = subjob.memory_bytes;
  json["mem_mode"] = subjob.mem_mode == MemMode::kRlimit ? "rlimit" : "cgroup";
  json["time_limit_seconds"] =
      IsLimited(subjob) ? absl::ToDoubleSeconds(subjob.time_limit) : 0;
  if (!subjob.retry_codes.empty()) json["retry_codes"] = subjob.retry_codes;
  json["stdin"] = subjob.stdin_path;
  json["stdout"] = subjob.stdout_path;
  json["stderr"] = subjob.stderr_path;
  return json;
}

std::string JsonText(const nlohmann::ordered_json& json, int indent) {
  return absl::StrCat(
      json.dump(indent, ' ', false,
                nlohmann::ordered_json::error_handler_t::replace),
      "\n");
}

}  // namespace cram
