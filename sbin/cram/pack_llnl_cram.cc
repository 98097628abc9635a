#include "sbin/cram/pack_llnl_cram.h"

#include <string>
#include <utility>
#include <vector>

#include "pack/manifest/foreign_variable.h"
#include "pack/manifest/llnl_cram_file.h"
#include "pack/manifest/template.h"

namespace cram {
namespace {

void AddChanges(const LlnlCramJob& job, bool to_template,
                SubJobTemplate* source) {
  for (const std::string& name : job.removed) {
    if (IsForeignVariable(name)) continue;
    EnvironmentChange* change = source->add_env();
    change->set_name(name);
    change->set_unset(true);
  }
  for (const auto& [name, value] : job.changed) {
    if (IsForeignVariable(name)) continue;
    EnvironmentChange* change = source->add_env();
    change->set_name(name);
    change->set_value(to_template ? PlainText(value) : value);
  }
}

absl::Status SetProgram(const std::vector<std::string>& command,
                        const LlnlCramReader& reader, LlnlCramJob* job) {
  std::vector<std::string>& words = job->arguments;
  bool names_one = !words.empty() && words[0] != kLlnlCramNoProgram;
  if (names_one) return absl::OkStatus();
  if (command.empty()) {
    return reader.Error("names no program; give it after --");
  }
  if (!words.empty()) words.erase(words.begin());
  words.insert(words.begin(), command.begin(), command.end());
  return absl::OkStatus();
}

absl::Status AddJob(LlnlCramJob job, bool is_first, const PackRequest& request,
                    const LlnlCramReader& reader, ManifestWriter* writer) {
  absl::Status status = SetProgram(request.command, reader, &job);
  if (!status.ok()) return status;
  SubJobTemplate own;
  own.set_cwd(job.directory);
  if (job.processes > 1) own.set_ranks(job.processes);
  if (!is_first) AddChanges(job, /*to_template=*/false, &own);
  status = writer->AddRow({}, job.arguments, own.SerializeAsString());
  if (!status.ok()) return reader.Error(status.message());
  return absl::OkStatus();
}

}  // namespace

absl::Status AddLlnlCram(const PackRequest& request, SubJobTemplate source,
                         uint64_t most, ManifestWriter* writer) {
  absl::StatusOr<LlnlCramReader> reader =
      LlnlCramReader::Open(request.from_cram);
  if (!reader.ok()) return reader.status();
  LlnlCramJob job;
  absl::StatusOr<bool> more = reader->Next(&job);
  if (!more.ok()) return more.status();
  SubJobTemplate options = std::exchange(source, SubJobTemplate());
  AddChanges(job, /*to_template=*/true, &source);
  source.MergeFrom(options);
  source.clear_argv();  // it is in the rows
  absl::StatusOr<uint32_t> id = writer->AddTemplate(source);
  if (!id.ok()) return id.status();
  absl::Status status = writer->StartRows(*id, {}, /*commands=*/true);
  for (uint64_t i = 0; status.ok() && *more && i < most; ++i) {
    status = AddJob(job, i == 0, request, *reader, writer);
    if (!status.ok()) return status;
    more = reader->Next(&job);
    if (!more.ok()) return more.status();
  }
  return status;
}

}  // namespace cram
