#include "sbin/cram/pack_template.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "pack/base/duration.h"
#include "pack/base/io.h"
#include "pack/base/mem_mode.h"
#include "pack/base/size.h"

namespace cram {
namespace {

absl::Status SetCpus(const std::string& text, SubJobTemplate* result) {
  if (text.empty()) return absl::OkStatus();
  uint32_t cpus;
  if (text[0] == '-' || !absl::SimpleAtoi(text, &cpus) || cpus == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--cpus: '", text, "' is not a whole number of at least 1"));
  }
  result->set_cpus(cpus);
  return absl::OkStatus();
}

absl::Status SetMemory(const std::string& text, SubJobTemplate* result) {
  if (text.empty()) return absl::OkStatus();
  absl::StatusOr<uint64_t> bytes = ParseCap(text);
  if (!bytes.ok()) return WithContext("--mem", bytes.status());
  result->set_memory_bytes(*bytes);
  return absl::OkStatus();
}

absl::Status SetMemoryMode(const std::string& text, SubJobTemplate* result) {
  if (text.empty()) return absl::OkStatus();
  absl::StatusOr<MemMode> mode = ParseMemMode(text);
  if (!mode.ok()) return WithContext("--mem-mode", mode.status());
  result->set_memory_mode(*mode == MemMode::kRlimit ? MEMORY_MODE_RLIMIT
                                                    : MEMORY_MODE_CGROUP);
  return absl::OkStatus();
}

absl::Status SetTimeLimit(const std::string& text, SubJobTemplate* result) {
  if (text.empty()) return absl::OkStatus();
  absl::StatusOr<absl::Duration> limit = ParseDuration(text);
  if (!limit.ok()) return WithContext("--time", limit.status());
  // Rounded up: a limit of less than a millisecond is not none.
  result->set_time_limit_ms(static_cast<uint64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(*limit, absl::Milliseconds(1)))));
  return absl::OkStatus();
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
  absl::Status status = SetCpus(request.cpus, &result);
  if (status.ok()) status = SetMemory(request.mem, &result);
  if (status.ok()) status = SetMemoryMode(request.mem_mode, &result);
  if (status.ok()) status = SetTimeLimit(request.time, &result);
  for (const std::string& text : request.env) {
    if (status.ok()) status = AddEnvironment(text, &result);
  }
  if (!status.ok()) return status;
  return result;
}

}  // namespace cram
