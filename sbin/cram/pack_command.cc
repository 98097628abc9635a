#include "sbin/cram/pack_command.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/manifest/design.h"
#include "pack/manifest/reader.h"
#include "pack/manifest/writer.h"
#include "sbin/cram/pack_input.h"
#include "sbin/cram/pack_template.h"
#include "sbin/cram/print.h"
#include "sbin/cram/subjob_text.h"
#include "sbin/cram/whole_number.h"

namespace cram {
namespace {

// The options that give input, as the user wrote them.
std::vector<std::string> Inputs(const PackRequest& r) {
  std::vector<std::string> inputs;
  if (!r.params.empty()) inputs.push_back("--param");
  if (!r.csv.empty()) inputs.push_back("--csv");
  if (!r.lines.empty()) inputs.push_back("--lines");
  if (!r.jsonl.empty()) inputs.push_back("--jsonl");
  if (!r.array.empty()) inputs.push_back("--array");
  if (!r.from_cram.empty()) inputs.push_back("--from-cram");
  return inputs;
}

absl::Status CheckUse(const PackRequest& request) {
  const PackRequest& r = request;
  auto refuse = [](absl::string_view message) {
    return absl::InvalidArgumentError(message);
  };
  std::vector<std::string> inputs = Inputs(r);
  if (r.output.empty() && !r.dry_run) {
    return refuse("where to? Name the manifest with -o FILE");
  }
  if (r.output == "-") {
    return refuse("-o: a manifest is a file, and cannot be written to a pipe");
  }
  if (inputs.size() > 1) {
    return refuse(
        absl::StrCat(absl::StrJoin(inputs, " and "), " do not go together"));
  }
  if (inputs.empty() && r.command.empty()) {
    return refuse(
        "nothing to pack; give --param, --csv, --jsonl, --lines, --array or "
        "--from-cram, or a command after --");
  }
  if (!r.sample && (!r.design.empty() || r.seed)) {
    return refuse("--design and --seed go with --sample");
  }
  if (r.sample && r.params.empty()) {
    return refuse("--sample goes with --param");
  }
  if (!r.wheres.empty() && r.params.empty()) {
    return refuse("--where goes with --param");
  }
  if (r.shell && r.lines.empty()) return refuse("--shell goes with --lines");
  if (!r.lines.empty() && !r.command.empty()) {
    return refuse(
        "each line of --lines is a command; another after -- is "
        "one too many");
  }
  if (r.append && r.dry_run) {
    return refuse("--dry-run writes nothing that --append could add");
  }
  return absl::OkStatus();
}

absl::Status Fill(const PackRequest& request, ManifestWriter* writer,
                  std::string* note) {
  absl::StatusOr<SubJobTemplate> source = MakeTemplate(request);
  if (!source.ok()) return source.status();
  return AddInput(request, *std::move(source), writer, note);
}

// What the user should know of a manifest that is good nevertheless.
void SayNote(const std::string& note) {
  if (!note.empty()) fprintf(stderr, "cram: %s\n", note.c_str());
}

// Packs into memory and reads that: what is shown is what would run.
absl::Status DryRun(const PackRequest& request) {
  UniqueFd fd(memfd_create("dry run", MFD_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus("memfd_create", "", errno);
  std::unique_ptr<ManifestWriter> writer =
      ManifestWriter::ForDescriptor(fd.get());
  std::string note;
  absl::Status status = Fill(request, writer.get(), &note);
  if (status.ok()) status = writer->Finish().status();
  if (!status.ok()) return status;
  SayNote(note);
  absl::StatusOr<std::unique_ptr<ManifestReader>> reader =
      ManifestReader::Open(absl::StrCat("/proc/self/fd/", fd.get()));
  if (!reader.ok()) return reader.status();
  uint64_t count = std::min(*request.dry_run, (*reader)->size());
  for (uint64_t index = 0; index < count && status.ok(); ++index) {
    absl::StatusOr<SubJob> subjob = (*reader)->Get(index);
    if (!subjob.ok()) return subjob.status();
    status = Print(SubJobLine(*subjob));
  }
  return status;
}

// What to write down to get the same sample again.
std::string SampleNote(const PackRequest& request) {
  absl::StatusOr<Sample> sample = MakeSample(request);
  if (!request.sample || !sample.ok()) return "";
  return absl::StrCat("; sample: ", SampleText(*sample));
}

}  // namespace

void DefinePackCommand(CLI::App* command, PackRequest* request) {
  auto text = [command](const char* names, std::string* value,
                        const char* metavar, const char* help) {
    command->add_option(names, *value, help)
        ->type_name(metavar)
        ->check([](const std::string& word) {
          return word.empty() ? std::string("an empty value") : std::string();
        });
  };
  auto texts = [command](const char* names, std::vector<std::string>* values,
                         const char* metavar, const char* help) {
    command->add_option(names, *values, help)
        ->type_name(metavar)
        ->expected(1)
        ->take_all();
  };
  text("-o,--output", &request->output, "FILE", "the manifest to write");
  texts("--param", &request->params, "NAME=VALUES",
        "a parameter: FIRST..LAST[:STEP], a,b,c, @FILE or a distribution such "
        "as normal(0,1); all combinations");
  texts("--zip", &request->zips, "A,B",
        "parameters that advance together instead");
  texts("--where", &request->wheres, "CONDITION",
        "only combinations that meet it, such as 'a<b' or 'mode!=fast'");
  command
      ->add_option("--sample", request->sample,
                   "points to draw from the distributions")
      ->type_name("N")
      ->check(CheckWholeNumber);
  text("--design", &request->design, "DESIGN",
       "how: lhs (the default), sobol or random");
  command->add_option("--seed", request->seed, "another sample (0)")
      ->type_name("S")
      ->check(CheckWholeNumber);
  text("--csv", &request->csv, "FILE",
       "a row a sub-job; the first row names the parameters");
  text("--jsonl", &request->jsonl, "FILE",
       "a JSON object a line, each a sub-job; keys are parameters, or cwd, "
       "argv, mem and their kind");
  text("--lines", &request->lines, "FILE",
       "a command line a sub-job; - is standard input");
  command->add_flag("--shell", request->shell,
                    "let /bin/sh run each of the lines");
  command
      ->add_option(
          "--array", request->array,
          "a Slurm job array's script; tasks from RANGE, or as it says")
      ->type_name("[RANGE] SCRIPT")
      ->expected(1, 2);
  text("--from-cram", &request->from_cram, "FILE",
       "the jobs in a file of LLNL's Cram");
  command->add_flag("--append", request->append,
                    "add to the manifest that is there");
  text("--ranks", &request->ranks, "N", "processes of a sub-job (1)");
  text("--mpi", &request->mpi, "KIND",
       "their world: pmix (Open MPI), pmi1 (MPICH and its relatives), none, "
       "auto: as the program links, or node: the same without networks");
  text("--cpus", &request->cpus, "N", "CPUs of each of its ranks");
  text("--mem", &request->mem, "SIZE", "most memory that a sub-job may use");
  text("--mem-mode", &request->mem_mode, "MODE",
       "cgroup (the cap alone) or rlimit (RLIMIT_DATA below it, too)");
  text("--time", &request->time, "TIME", "longest time that it may take");
  text("--retry-codes", &request->retry_codes, "CODES",
       "ends worth another attempt, where the run makes any: on=75,SIGSEGV or "
       "except=1-10");
  text("--cwd", &request->cwd, "TEXT", "directory to run in");
  texts("--env", &request->env, "NAME=TEXT", "set an environment variable");
  text("--stdin", &request->standard_input, "TEXT", "file to read");
  text("--stdout", &request->standard_output, "TEXT", "file for its output");
  text("--stderr", &request->standard_error, "TEXT", "file for its errors");
  text("--name", &request->name, "TEXT", "what to call a sub-job");
  command
      ->add_option("--dry-run", request->dry_run,
                   "print the first K sub-jobs (10) and write nothing")
      ->type_name("K")
      ->expected(0, 1)
      ->default_str("10")
      ->check(CheckWholeNumber);
  command->footer(
      "TEXT may hold {name}, {name:08d} and {index}; so may the words of "
      "COMMAND, which follows --");
}

absl::Status PackManifest(const PackRequest& request) {
  absl::Status status = CheckUse(request);
  if (!status.ok()) return status;
  if (request.dry_run) return DryRun(request);
  absl::StatusOr<std::unique_ptr<ManifestWriter>> writer =
      request.append ? ManifestWriter::AddTo(request.output)
                     : ManifestWriter::Create(request.output);
  if (!writer.ok()) return writer.status();
  uint64_t before = (*writer)->subjobs();
  std::string note;
  status = Fill(request, writer->get(), &note);
  if (!status.ok()) return status;
  absl::StatusOr<uint64_t> bytes = (*writer)->Finish();
  if (!bytes.ok()) return bytes.status();
  SayNote(note);
  uint64_t after = (*writer)->subjobs();
  std::string added =
      request.append ? absl::StrCat(" (", after - before, " added)") : "";
  return Print(absl::StrCat(request.output, ": ", Counted(after, "sub-job"),
                            added, ", ", Counted(*bytes, "byte"),
                            SampleNote(request), "\n"));
}

}  // namespace cram
