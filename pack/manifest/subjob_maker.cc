#include "pack/manifest/subjob_maker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/script.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

void SetMemMode(const SubJobTemplate& source, SubJob* subjob) {
  if (!source.has_memory_mode()) return;
  subjob->mem_mode = source.memory_mode() == MEMORY_MODE_RLIMIT
                         ? MemMode::kRlimit
                         : MemMode::kCgroup;
}

}  // namespace

absl::Status SubJobMaker::Parse(absl::string_view what,
                                absl::string_view source, Text* text) {
  text->what = std::string(what);
  absl::StatusOr<Template> parsed = Template::Parse(source);
  if (!parsed.ok()) return WithContext(what, parsed.status());
  text->text = *std::move(parsed);
  placeholders_ += text->text.placeholders();
  if (placeholders_ <= kMaxTexts) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("more than ", kMaxTexts, " placeholders"));
}

absl::Status SubJobMaker::SetCommand(absl::Span<const std::string> argv) {
  argv_.clear();
  for (const std::string& word : argv) {
    absl::Status status = Parse("command", word, &argv_.emplace_back());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<SubJobMaker> SubJobMaker::Compile(const SubJobTemplate& source) {
  SubJobMaker maker;
  std::vector<std::string> argv(source.argv().begin(), source.argv().end());
  absl::Status status = maker.SetCommand(argv);
  auto parse = [&](absl::string_view what, absl::string_view text, Text* to) {
    if (status.ok()) status = maker.Parse(what, text, to);
  };
  parse("cwd", source.cwd(), &maker.cwd_);
  parse("stdin", source.stdin(), &maker.stdin_);
  parse("stdout", source.stdout(), &maker.stdout_);
  parse("stderr", source.stderr(), &maker.stderr_);
  parse("name", source.name(), &maker.name_);
  for (const EnvironmentChange& change : source.env()) {
    maker.env_.push_back({change.name(), change.unset(), {}});
    parse(absl::StrCat("env ", change.name()), change.value(),
          &maker.env_.back().value);
  }
  if (!status.ok()) return status;
  maker.shell_ = source.shell();
  maker.script_ = source.script();
  if (!maker.script_.empty()) {
    status = CheckScript(maker.script_);
    if (!status.ok()) return status;
    if (argv.empty()) {
      return absl::InvalidArgumentError("a script without a name");
    }
  }
  maker.fixed_.ranks = std::max(source.ranks(), 1u);
  absl::StatusOr<Mpi> mpi = ParseMpi(source.mpi());
  if (!mpi.ok()) return WithContext("mpi", mpi.status());
  maker.fixed_.mpi = *mpi;
  maker.fixed_.cpus = source.cpus();
  maker.fixed_.memory_bytes = source.memory_bytes();
  SetMemMode(source, &maker.fixed_);
  if (source.time_limit_ms() > 0) {
    maker.fixed_.time_limit = absl::Milliseconds(source.time_limit_ms());
  }
  maker.fixed_.retry_codes = source.retry_codes();
  return maker;
}

template <typename Maker, typename Visit>
absl::Status SubJobMaker::ForEachText(Maker& maker, Visit visit) {
  absl::Status status;
  auto visit_one = [&](auto& named) {
    if (status.ok()) status = WithContext(named.what, visit(named.text));
  };
  for (auto* text : {&maker.cwd_, &maker.stdin_, &maker.stdout_, &maker.stderr_,
                     &maker.name_}) {
    visit_one(*text);
  }
  for (auto& word : maker.argv_) visit_one(word);
  for (auto& change : maker.env_) visit_one(change.value);
  return status;
}

absl::Status SubJobMaker::Bind(absl::Span<const std::string> names) {
  names_.assign(names.begin(), names.end());
  checks_values_ = false;
  absl::Status status = ForEachText(*this, [&](Template& text) {
    checks_values_ = checks_values_ || text.checks_values();
    return text.Bind(names);
  });
  hidden_.clear();
  for (size_t i = 0; i < names_.size(); ++i) {
    if (!IsShown(i)) hidden_.push_back(i);
  }
  return status;
}

bool SubJobMaker::IsShown(size_t column) const {
  auto shows = [&](const Text& text) { return text.text.Shows(column); };
  return shows(cwd_) || shows(stdin_) ||
         std::any_of(argv_.begin(), argv_.end(), shows) ||
         std::any_of(env_.begin(), env_.end(),
                     [&](const Change& change) { return shows(change.value); });
}

absl::Status SubJobMaker::CheckValue(size_t column,
                                     absl::string_view value) const {
  return ForEachText(*this, [&](const Template& text) {
    return text.CheckValue(column, value);
  });
}

absl::Status SubJobMaker::ExpandCommand(
    uint64_t index, absl::Span<const absl::string_view> values,
    absl::Span<const absl::string_view> command, SubJob* subjob) const {
  if (argv_.empty() && command.empty()) return absl::OkStatus();
  if (!script_.empty()) return ExpandScript(index, values, subjob);
  if (shell_) subjob->argv = {"/bin/sh", "-c"};
  if (argv_.empty()) {
    for (absl::string_view word : command) subjob->argv.emplace_back(word);
  }
  for (const Text& word : argv_) {
    absl::Status status =
        word.text.Expand(index, values, &subjob->argv.emplace_back());
    if (!status.ok()) return WithContext(word.what, status);
  }
  return absl::OkStatus();
}

absl::Status SubJobMaker::ExpandScript(
    uint64_t index, absl::Span<const absl::string_view> values,
    SubJob* subjob) const {
  for (const Text& word : argv_) {
    absl::Status status =
        word.text.Expand(index, values, &subjob->script.emplace_back());
    if (!status.ok()) return WithContext(word.what, status);
  }
  subjob->script_text = script_;
  subjob->argv = ScriptCommand(script_, subjob->script);
  return absl::OkStatus();
}

void SubJobMaker::SetVariables(
    const std::map<std::string, std::string>& variables) {
  (void)ForEachText(*this, [&](Template& text) {
    text.SetVariables(variables);
    return absl::OkStatus();
  });
}

absl::StatusOr<SubJob> SubJobMaker::Make(
    uint64_t index, absl::Span<const absl::string_view> values,
    absl::Span<const absl::string_view> command) const {
  SubJob subjob = fixed_;
  subjob.index = index;
  absl::Status status = ExpandCommand(index, values, command, &subjob);
  auto expand = [&](const Text& text, std::string* out) {
    status.Update(WithContext(text.what, text.text.Expand(index, values, out)));
  };
  expand(cwd_, &subjob.cwd);
  expand(stdin_, &subjob.stdin_path);
  expand(stdout_, &subjob.stdout_path);
  expand(stderr_, &subjob.stderr_path);
  expand(name_, &subjob.name);
  for (const Change& change : env_) {
    SubJob::EnvChange& made = subjob.env.emplace_back();
    made.name = change.name;
    if (!change.unset) expand(change.value, &made.value.emplace());
  }
  if (!status.ok()) return status;
  subjob.params.reserve(names_.size());
  for (size_t i = 0; i < names_.size(); ++i) {
    subjob.params.emplace_back(names_[i], values[i]);
  }
  subjob.hidden_params = hidden_;
  return subjob;
}

bool HasFewTexts(absl::string_view source) {
  if (source.size() / 2 <= kMaxTexts) return true;
  size_t texts = 0;
  WireReader reader(source);
  while (reader.Next()) {
    if (reader.field() == SubJobTemplate::kArgvFieldNumber ||
        reader.field() == SubJobTemplate::kEnvFieldNumber) {
      ++texts;
    }
  }
  return texts <= kMaxTexts;
}

bool ParseTemplate(absl::string_view bytes, SubJobTemplate* source) {
  return HasFewTexts(bytes) && ParseMessage(bytes, source);
}

absl::Status AddOwn(absl::string_view own, SubJob* subjob) {
  SubJobTemplate source;
  if (!ParseTemplate(own, &source)) {
    return absl::DataLossError("damaged: what a sub-job has of its own");
  }
  auto set = [](const std::string& text, std::string* to) {
    if (!text.empty()) *to = text;
  };
  set(source.cwd(), &subjob->cwd);
  set(source.stdin(), &subjob->stdin_path);
  set(source.stdout(), &subjob->stdout_path);
  set(source.stderr(), &subjob->stderr_path);
  set(source.name(), &subjob->name);
  if (source.ranks() > 0) subjob->ranks = source.ranks();
  if (!source.mpi().empty()) {
    absl::StatusOr<Mpi> mpi = ParseMpi(source.mpi());
    if (!mpi.ok()) return WithContext("mpi", mpi.status());
    subjob->mpi = *mpi;
  }
  if (source.cpus() > 0) subjob->cpus = source.cpus();
  if (source.memory_bytes() > 0) subjob->memory_bytes = source.memory_bytes();
  SetMemMode(source, subjob);
  if (source.time_limit_ms() > 0) {
    subjob->time_limit = absl::Milliseconds(source.time_limit_ms());
  }
  set(source.retry_codes(), &subjob->retry_codes);
  for (const EnvironmentChange& change : source.env()) {
    SubJob::EnvChange& made = subjob->env.emplace_back();
    made.name = change.name();
    if (!change.unset()) made.value = change.value();
  }
  return absl::OkStatus();
}

}  // namespace cram
