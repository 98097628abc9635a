#include "sbin/report/fields.h"

#include <string.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/duration.h"
#include "pack/base/exit_status.h"
#include "pack/base/shell_quote.h"
#include "pack/base/size.h"

namespace cram {
namespace {

using Context = ReportContext;

std::string Memory(uint64_t bytes, const Context& context) {
  if (bytes == 0) return "";
  return context.unit == '\0' ? FormatExactSize(bytes)
                              : FormatSize(bytes, context.unit);
}

std::string CpuTime(const Row& row, uint64_t user_us, uint64_t system_us) {
  if (row.attempt == nullptr || !row.attempt->ended()) return "";
  return FormatCpuTime(
      absl::Microseconds(static_cast<int64_t>(user_us + system_us)));
}

std::string AllocCpus(const Row& row, const Context&) {
  return row.attempt == nullptr ? "0" : absl::StrCat(row.attempt->cpus);
}

std::string AttemptNumber(const Row& row, const Context&) {
  return row.attempt == nullptr ? "" : absl::StrCat(row.attempt->number);
}

std::string CauseWord(const Row& row, const Context&) {
  if (row.attempt == nullptr) return "";
  return std::string(CauseName(row.attempt->cause));
}

std::string Command(const Row& row, const Context& context) {
  const SubJob* subjob = context.manifest.Get(row.index);
  return subjob == nullptr ? "" : ShellJoin(subjob->argv);
}

std::string Elapsed(const Row& row, const Context& context) {
  int64_t ns = row.attempt == nullptr ? 0 : ElapsedNs(*row.attempt, context);
  return FormatElapsed(absl::Nanoseconds(ns));
}

std::string ElapsedRaw(const Row& row, const Context& context) {
  int64_t ns = row.attempt == nullptr ? 0 : ElapsedNs(*row.attempt, context);
  return absl::StrCat(ns / 1000000000);
}

std::string End(const Row& row, const Context&) {
  bool ended = row.attempt != nullptr && row.attempt->ended();
  return ended ? LocalTime(row.attempt->end_ns) : "Unknown";
}

std::string ExitCode(const Row& row, const Context&) {
  ExitStatus status;
  if (row.attempt != nullptr) {
    status.code = row.attempt->exit_code;
    status.signal = row.attempt->signal;
  }
  return status.ToString();
}

std::string Index(const Row& row, const Context&) {
  return absl::StrCat(row.index);
}

std::string JobIdOfRow(const Row& row, const Context& context) {
  return JobId(context.run, row.index);
}

std::string MaxRss(const Row& row, const Context& context) {
  return row.attempt == nullptr ? "" : Memory(row.attempt->peak_bytes, context);
}

std::string Name(const Row& row, const Context& context) {
  const SubJob* subjob = context.manifest.Get(row.index);
  return subjob == nullptr ? "" : subjob->name;
}

std::string Node(const Row& row, const Context& context) {
  if (row.attempt == nullptr) return "None assigned";
  return context.run.NodesOf(*row.attempt);
}

std::string Output(const Row& row, const Context&) {
  if (row.attempt == nullptr || !row.attempt->ended()) return "";
  return absl::StrCat(row.attempt->stdout_bytes + row.attempt->stderr_bytes);
}

std::string Params(const Row& row, const Context& context) {
  const SubJob* subjob = context.manifest.Get(row.index);
  if (subjob == nullptr) return "";
  return absl::StrJoin(subjob->params, ",", absl::PairFormatter("="));
}

std::string ReasonOfRow(const Row& row, const Context& context) {
  return row.attempt == nullptr ? "" : Reason(*row.attempt, context.run);
}

std::string ReqMem(const Row& row, const Context& context) {
  return row.attempt == nullptr ? "" : Memory(row.attempt->cap_bytes, context);
}

std::string Slot(const Row& row, const Context&) {
  return row.attempt == nullptr ? "" : absl::StrCat(row.attempt->slot);
}

std::string Start(const Row& row, const Context&) {
  return row.attempt == nullptr ? "Unknown" : LocalTime(row.attempt->start_ns);
}

std::string StateWord(const Row& row, const Context&) {
  return std::string(StateName(row.state));
}

std::string SystemCpu(const Row& row, const Context&) {
  return CpuTime(row, 0, row.attempt == nullptr ? 0 : row.attempt->system_us);
}

std::string Told(const Row& row, const Context& context) {
  return row.attempt == nullptr
             ? ""
             : absl::StrJoin(context.run.Told(*row.attempt), ",");
}

std::string TotalCpu(const Row& row, const Context&) {
  if (row.attempt == nullptr) return "";
  return CpuTime(row, row.attempt->user_us, row.attempt->system_us);
}

std::string User(const Row&, const Context& context) {
  return context.run.nodes().front().user;
}

std::string UserCpu(const Row& row, const Context&) {
  return CpuTime(row, row.attempt == nullptr ? 0 : row.attempt->user_us, 0);
}

absl::Status UnknownField(absl::string_view name) {
  return absl::InvalidArgumentError(absl::StrCat(
      "no field '", name, "'; the fields are ",
      absl::StrJoin(AllFields(), ", ", [](std::string* out, const Field& c) {
        out->append(c.name.data(), c.name.size());
      })));
}

// The field that is called `name`, else the first whose name starts with it.
const Field* FindField(absl::string_view name) {
  const Field* found = nullptr;
  for (const Field& field : AllFields()) {
    if (absl::EqualsIgnoreCase(field.name, name)) return &field;
    if (found == nullptr && absl::StartsWithIgnoreCase(field.name, name)) {
      found = &field;
    }
  }
  return found;
}

}  // namespace

const std::vector<Field>& AllFields() {
  static const auto& fields = *new std::vector<Field>{
      {"AllocCPUS", 10, AllocCpus},
      {"Attempt", 7, AttemptNumber},
      {"Cap", 10, ReqMem},
      {"Cause", 20, CauseWord},
      {"Command", -40, Command},
      {"Elapsed", 10, Elapsed},
      {"ElapsedRaw", 10, ElapsedRaw},
      {"End", 19, End},
      {"ExitCode", 8, ExitCode},
      {"Index", 10, Index},
      {"JobID", kJobIdWidth, JobIdOfRow},
      {"JobName", 10, Name},
      {"MaxRSS", 10, MaxRss},
      {"Name", 10, Name},
      {"NCPUS", 10, AllocCpus},
      {"NodeList", 15, Node},
      {"Output", 12, Output},
      {"Params", -30, Params},
      {"Peak", 10, MaxRss},
      {"Reason", 30, ReasonOfRow},
      {"ReqMem", 10, ReqMem},
      {"Slot", 4, Slot},
      {"Start", 19, Start},
      {"State", 13, StateWord},
      {"SystemCPU", 10, SystemCpu},
      {"Told", 30, Told},
      {"TotalCPU", 10, TotalCpu},
      {"User", 9, User},
      {"UserCPU", 10, UserCpu},
  };
  return fields;
}

absl::StatusOr<std::vector<Field>> ChooseFields(absl::string_view list) {
  std::vector<Field> chosen;
  for (absl::string_view item : absl::StrSplit(list, ',')) {
    std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(item, absl::MaxSplits('%', 1));
    absl::string_view name = absl::StripAsciiWhitespace(parts.first);
    if (name.empty()) continue;
    int width = 0;
    if (item.find('%') != absl::string_view::npos &&
        (!absl::SimpleAtoi(parts.second, &width) || width == 0 ||
         width > 10000 || width < -10000)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", item, "': '", parts.second,
                       "' is not a width (example: state%-20)"));
    }
    size_t first = chosen.size();
    if (absl::EqualsIgnoreCase(name, "all")) {
      chosen.insert(chosen.end(), AllFields().begin(), AllFields().end());
    } else if (const Field* field = FindField(name)) {
      chosen.push_back(*field);
    } else {
      return UnknownField(name);
    }
    for (size_t i = first; width != 0 && i < chosen.size(); ++i) {
      chosen[i].width = width;
    }
  }
  if (chosen.empty()) return UnknownField(list);
  return chosen;
}

std::string JobId(const Run& run, uint64_t index) {
  return absl::StrCat(run.id(), "_", index);
}

std::string LocalTime(int64_t time_ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%S", absl::FromUnixNanos(time_ns),
                          absl::LocalTimeZone());
}

int64_t ElapsedNs(const Attempt& attempt, const ReportContext& context) {
  int64_t end = attempt.end_ns;
  if (!attempt.ended()) {
    end = attempt.cause == Cause::kNone ? context.now_ns
                                        : context.run.NodeOf(attempt).last_ns;
  }
  return std::max<int64_t>(end - attempt.start_ns, 0);
}

std::string Reason(const Attempt& attempt, const Run& run) {
  if (attempt.by_user) return "by the user";
  const std::string& step = run.Details(attempt).failed_step;
  if (attempt.error_number == 0) return step;
  return absl::StrCat(step, step.empty() ? "" : ": ",
                      strerror(attempt.error_number));
}

}  // namespace cram
