#include "sbin/cram/pack_template.h"

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/template_resources.h"

namespace cram {
namespace {

// Gives `result` what an option says, if it was given.
absl::Status Set(const char* option, const std::string& text,
                 absl::Status (*set)(absl::string_view, SubJobTemplate*),
                 SubJobTemplate* result) {
  if (text.empty()) return absl::OkStatus();
  return WithContext(option, set(text, result));
}

absl::Status AddEnvironment(const std::string& text, SubJobTemplate* result) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--env: '", text, "' is not NAME=VALUE"));
  }
  EnvironmentChange* change = result->add_env();
  change->set_name(text.substr(0, equals));
  change->set_value(text.substr(equals + 1));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SubJobTemplate> MakeTemplate(const PackRequest& request) {
  SubJobTemplate result;
  for (const std::string& word : request.command) result.add_argv(word);
  result.set_shell(request.shell);
  result.set_cwd(request.cwd);
  result.set_stdin(request.standard_input);
  result.set_stdout(request.standard_output);
  result.set_stderr(request.standard_error);
  result.set_name(request.name);
  absl::Status status = Set("--ranks", request.ranks, SetRanks, &result);
  status.Update(Set("--mpi", request.mpi, SetMpi, &result));
  status.Update(Set("--cpus", request.cpus, SetCpus, &result));
  status.Update(Set("--mem", request.mem, SetMemory, &result));
  status.Update(Set("--mem-mode", request.mem_mode, SetMemoryMode, &result));
  status.Update(Set("--time", request.time, SetTimeLimit, &result));
  status.Update(
      Set("--retry-codes", request.retry_codes, SetRetryCodes, &result));
  for (const std::string& text : request.env) {
    if (status.ok()) status = AddEnvironment(text, &result);
  }
  if (!status.ok()) return status;
  return result;
}

}  // namespace cram
