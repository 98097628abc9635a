#include "sbin/cram/pack_array.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pack/base/buffered_reader.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "pack/manifest/array_tasks.h"
#include "pack/manifest/batch_script.h"
#include "pack/manifest/file_pattern.h"
#include "pack/manifest/script.h"
#include "pack/manifest/template.h"

namespace cram {
namespace {

// The parameter; "task" alone would be in the way of nobody, but says less.
constexpr char kTask[] = "task";

// No more than what CheckScript refuses: the file may have no end.
absl::StatusOr<std::string> ReadScript(const std::string& path) {
  absl::StatusOr<BufferedReader> file = BufferedReader::Open(path);
  if (!file.ok()) return WithContext("--array", file.status());
  std::string text;
  while (text.size() <= kMaxScriptBytes) {
    absl::StatusOr<absl::string_view> piece = file->Peek();
    if (!piece.ok()) return piece.status();
    if (piece->empty()) break;
    text.append(piece->data(), piece->size());
    file->Take(piece->size());
  }
  absl::Status status = CheckScript(text);
  if (!status.ok()) return WithContext(file->name(), status);
  return text;
}

// What sbatch calls it.
std::string NameOf(const std::string& path) {
  return path == "-" ? "sbatch" : path.substr(path.rfind('/') + 1);
}

absl::StatusOr<ArrayTasks> FindTasks(const PackRequest& request,
                                     const BatchScript& script,
                                     const std::string& path) {
  bool given = request.array.size() > 1;
  if (!given && script.array.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--array: which tasks? ", path,
                     " has no #SBATCH --array; say --array "
                     "0-99 ",
                     path));
  }
  absl::StatusOr<ArrayTasks> tasks =
      ArrayTasks::Parse(given ? request.array[0] : script.array);
  if (!tasks.ok()) {
    return WithContext(given ? "--array" : path + ": --array", tasks.status());
  }
  return tasks;
}

void AddVariable(absl::string_view name, absl::string_view text,
                 SubJobTemplate* source) {
  EnvironmentChange* change = source->add_env();
  change->set_name(std::string(name));
  change->set_value(std::string(text));
}

// What slurmctld and slurmstepd tell a task's batch script.
void AddVariables(const BatchScript& script, const ArrayTasks& tasks,
                  absl::string_view job_name, SubJobTemplate* source) {
  auto add = [source](absl::string_view name, absl::string_view text) {
    AddVariable(name, text, source);
  };
  add("SLURM_ARRAY_JOB_ID", "{$SLURM_JOB_ID}");
  add("SLURM_ARRAY_TASK_ID", absl::StrCat("{", kTask, "}"));
  add("SLURM_ARRAY_TASK_COUNT", absl::StrCat(tasks.count));
  add("SLURM_ARRAY_TASK_MIN", absl::StrCat(tasks.min()));
  add("SLURM_ARRAY_TASK_MAX", absl::StrCat(tasks.max()));
  add("SLURM_ARRAY_TASK_STEP", absl::StrCat(tasks.step));
  add("SLURM_JOB_NAME", PlainText(job_name));
  if (script.tasks > 0) {
    add("SLURM_NTASKS", absl::StrCat(script.tasks));
    add("SLURM_NPROCS", absl::StrCat(script.tasks));
  }
  if (script.cpus_per_task > 0) {
    add("SLURM_CPUS_PER_TASK", absl::StrCat(script.cpus_per_task));
  }
  if (script.memory_per_cpu > 0) {
    add("SLURM_MEM_PER_CPU", absl::StrCat(script.memory_per_cpu / kMiB));
  }
  for (const auto& [name, value] : script.exported) {
    add(name, PlainText(value));
  }
}

// Standard error goes where standard output goes unless somebody says
// otherwise.
void SetFiles(const BatchScript& script, absl::string_view job_name,
              SubJobTemplate* source) {
  auto name = [&](const std::string& pattern) {
    return FilePatternText(pattern, job_name, kTask);
  };
  if (source->stdin().empty()) source->set_stdin(name(script.input));
  if (source->stdout().empty()) source->set_stdout(name(script.output));
  if (source->stderr().empty()) {
    source->set_stderr(script.error.empty() ? source->stdout()
                                            : name(script.error));
  }
}

void SetResources(const BatchScript& script, SubJobTemplate* source) {
  if (source->cpus() == 0) source->set_cpus(script.cpus());
  if (source->memory_bytes() == 0) {
    uint64_t per_cpu = script.memory_per_cpu * std::max(source->cpus(), 1U);
    source->set_memory_bytes(script.memory_bytes > 0 ? script.memory_bytes
                                                     : per_cpu);
  }
  if (source->time_limit_ms() == 0) {
    source->set_time_limit_ms(script.time_limit_ms);
  }
}

std::string Note(const BatchScript& script, const ArrayTasks& tasks,
                 const std::string& path) {
  std::vector<std::string> ignored = script.ignored;
  if (tasks.limit > 0) {
    ignored.push_back(absl::StrCat("the array's %", tasks.limit,
                                   " (srun --cram-slots limits a node)"));
  }
  if (ignored.empty()) return "";
  return absl::StrCat(
      path, ": not for sub-jobs, and ignored: ", absl::StrJoin(ignored, ", "));
}

}  // namespace

absl::Status AddArray(const PackRequest& request, SubJobTemplate source,
                      ManifestWriter* writer, std::string* note) {
  const std::string& path = request.array.back();
  absl::StatusOr<std::string> text = ReadScript(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<BatchScript> script = BatchScript::Parse(*text, path);
  if (!script.ok()) return script.status();
  absl::StatusOr<ArrayTasks> tasks = FindTasks(request, *script, path);
  if (!tasks.ok()) return tasks.status();
  *note = Note(*script, *tasks, path);

  std::string base = NameOf(path);
  std::string job_name = script->job_name.empty() ? base : script->job_name;
  SubJobTemplate options = std::exchange(source, SubJobTemplate());
  AddVariables(*script, *tasks, job_name, &source);
  source.MergeFrom(options);  // so that the options' variables come later
  source.clear_argv();
  source.add_argv(PlainText(base));
  for (const std::string& word : options.argv()) source.add_argv(word);
  source.set_script(*text);
  if (source.cwd().empty()) source.set_cwd(PlainText(script->chdir));
  if (source.name().empty()) {
    source.set_name(absl::StrCat(PlainText(job_name), "_{", kTask, "}"));
  }
  SetFiles(*script, job_name, &source);
  SetResources(*script, &source);
  absl::StatusOr<uint32_t> id = writer->AddTemplate(source);
  if (!id.ok()) return id.status();
  for (Axis& axis : tasks->ToAxes(kTask)) {
    Sweep sweep;
    *sweep.add_axes() = std::move(axis);
    absl::Status status = writer->AddSweep(*id, sweep);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace cram
