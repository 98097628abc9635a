#include "sbin/cram/info_command.h"

#include <stdlib.h>

#include <CLI/CLI.hpp>

#include "pack/manifest/preflight.h"
#include "pack/manifest/reader.h"
#include "pack/manifest/told.h"
#include "sbin/cram/manifest_summary.h"
#include "sbin/cram/print.h"
#include "sbin/cram/subjob_text.h"
#include "sbin/cram/whole_number.h"

namespace cram {
namespace {

absl::Status Check(const InfoRequest& request) {
  absl::StatusOr<RunOptions> options = request.options.Parse();
  if (!options.ok()) return options.status();
  return Preflight(request.manifest, *options, request.command, NodeSize())
      .status();
}

// As an agent with our environment would tell it.
std::vector<ToldKnob> Tell(const SubJob& subjob, const RunOptions& options) {
  bool own_cap =
      options.mem_bytes == 0 && !options.mem_share && !options.mem_auto;
  return TellSubJob(
      subjob,
      (own_cap ? subjob.memory_bytes : options.mem_bytes) / subjob.ranks,
      subjob.cpus, options.tell,
      [](absl::string_view name) -> std::optional<absl::string_view> {
        const char* value = getenv(std::string(name).c_str());
        if (value == nullptr) return std::nullopt;
        return value;
      });
}

absl::Status PrintOne(const InfoRequest& request, ManifestReader* reader) {
  absl::StatusOr<RunOptions> options = request.options.Parse();
  if (!options.ok()) return options.status();
  absl::StatusOr<SubJob> subjob = reader->Get(*request.index);
  if (!subjob.ok()) return subjob.status();
  std::vector<ToldKnob> told = Tell(*subjob, *options);
  if (!request.json) return Print(SubJobParagraph(*subjob, told));
  nlohmann::ordered_json json = SubJobJson(*subjob);
  json["told"] = ToldJson(told);
  return Print(JsonText(json, 2));
}

absl::Status PrintAll(bool json, ManifestReader* reader) {
  absl::Status status;
  for (uint64_t index = 0; status.ok() && index < reader->size(); ++index) {
    absl::StatusOr<SubJob> subjob = reader->Get(index);
    if (!subjob.ok()) return subjob.status();
    status =
        Print(json ? JsonText(SubJobJson(*subjob), -1) : SubJobLine(*subjob));
  }
  return status;
}

}  // namespace

void DefineInfoCommand(CLI::App* command, InfoRequest* request) {
  command->add_option("MANIFEST", request->manifest, "what to look at")
      ->required();
  CLI::Option* index =
      command->add_option("-j,--job", request->index, "this sub-job only")
          ->type_name("INDEX")
          ->check(CheckWholeNumber);
  CLI::Option* all =
      command->add_flag("-a,--all", request->all, "all sub-jobs, a line each");
  command->add_flag("--json", request->json, "as JSON");
  command
      ->add_flag("--check", request->check,
                 "say only what is wrong, given the run options below")
      ->excludes(index)
      ->excludes(all);
  index->excludes(all);
  request->options.DefineOn(command);
  command->footer("COMMAND, which follows --, is for sub-jobs that name none");
}

absl::Status PrintInfo(const InfoRequest& request) {
  if (request.check) return Check(request);
  absl::StatusOr<std::unique_ptr<ManifestReader>> reader =
      ManifestReader::Open(request.manifest);
  if (!reader.ok()) return reader.status();
  if (!request.command.empty()) {
    absl::Status status = (*reader)->SetDefaultCommand(request.command);
    if (!status.ok()) return status;
  }
  if (request.index) {
    return PrintOne(request, reader->get());
  }
  if (request.all) return PrintAll(request.json, reader->get());
  return PrintSummary(request.manifest, **reader, request.json);
}

}  // namespace cram
