#include "pack/base/runtime_knobs.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cram {
namespace {

std::vector<absl::string_view> Names(absl::string_view list) {
  return absl::StrSplit(list, ' ', absl::SkipEmpty());
}

KnobSet Named(absl::string_view name) {
  KnobSet set;
  for (size_t i = 0; i < kRuntimeKnobs.size(); ++i) {
    set[i] =
        kRuntimeKnobs[i].runtime == name || kRuntimeKnobs[i].variable == name;
  }
  return set;
}

std::string KnownNames() {
  std::string names = "all, none";
  absl::string_view last;
  for (const RuntimeKnob& knob : kRuntimeKnobs) {
    if (knob.runtime != last) absl::StrAppend(&names, ", ", knob.runtime);
    last = knob.runtime;
  }
  return names;
}

bool IsKnobVariable(const RuntimeKnob& knob, absl::string_view variable) {
  if (knob.variable == variable) return true;
  std::vector<absl::string_view> others = Names(knob.others);
  return std::find(others.begin(), others.end(), variable) != others.end();
}

// Words may be in quotes.
bool HasOption(absl::string_view value, absl::string_view options) {
  for (absl::string_view word :
       absl::StrSplit(value, absl::ByAnyChar(" \t\n\"'"))) {
    for (absl::string_view option : Names(options)) {
      if (absl::StartsWith(word, option)) return true;
    }
  }
  return false;
}

bool UserSaysIt(const RuntimeKnob& knob, UserVariable user) {
  auto says = [&](absl::string_view variable) {
    std::optional<absl::string_view> value = user(variable);
    return value && (knob.options.empty() || HasOption(*value, knob.options));
  };
  std::vector<absl::string_view> others = Names(knob.others);
  return says(knob.variable) || std::any_of(others.begin(), others.end(), says);
}

uint64_t PercentOf(uint64_t number, uint32_t percent) {
  return number / 100 * percent + number % 100 * percent / 100;
}

std::string MemoryNumber(const RuntimeKnob& knob, uint64_t cap) {
  uint64_t base = cap / 2 > knob.reserve ? cap - knob.reserve : cap - cap / 2;
  uint64_t told = PercentOf(base, knob.percent);
  switch (knob.unit) {
    case RuntimeKnob::Unit::kHexadecimal:
      return absl::StrFormat("%X", told);
    case RuntimeKnob::Unit::kMebibytes:
      return absl::StrCat(std::max<uint64_t>(told / kMiB, 1));
    case RuntimeKnob::Unit::kPlain:
      break;
  }
  return absl::StrCat(told);
}

std::string Unknown(const RuntimeKnob& knob, absl::string_view what) {
  return absl::StrCat("<", knob.percent, "% of ", what,
                      knob.reserve > 0
                          ? absl::StrCat(" - ", FormatSize(knob.reserve, 'M'))
                          : "",
                      ">");
}

std::string Number(const RuntimeKnob& knob, uint64_t cap, uint32_t cpus) {
  switch (knob.of) {
    case RuntimeKnob::Of::kCap:
      return cap == 0 ? Unknown(knob, "cap") : MemoryNumber(knob, cap);
    case RuntimeKnob::Of::kCpus:
      return cpus == 0 ? Unknown(knob, "CPUs")
                       : absl::StrCat(PercentOf(cpus, knob.percent));
    case RuntimeKnob::Of::kFixed:
      break;
  }
  return absl::StrCat(knob.reserve);
}

}  // namespace

absl::StatusOr<KnobSet> ParseKnobs(absl::string_view text) {
  KnobSet set;
  if (absl::StartsWith(text, "-")) set.set();
  for (absl::string_view item : absl::StrSplit(text, ',')) {
    absl::string_view name = item;
    bool leave_out = absl::ConsumePrefix(&name, "-");
    KnobSet named = Named(name);
    if (named.any()) {
      set = leave_out ? set & ~named : set | named;
    } else if (item == "all") {
      set.set();
    } else if (item == "none") {
      set.reset();
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", item, "' is no runtime to tell; known: ", KnownNames(),
          ", or a variable of theirs"));
    }
  }
  return set;
}

bool IsKnobVariable(absl::string_view variable) {
  return std::any_of(kRuntimeKnobs.begin(), kRuntimeKnobs.end(),
                     [variable](const RuntimeKnob& knob) {
                       return IsKnobVariable(knob, variable);
                     });
}

KnobSet KnobsOf(absl::string_view variable) {
  KnobSet set;
  for (size_t i = 0; i < kRuntimeKnobs.size(); ++i) {
    set[i] = kRuntimeKnobs[i].variable == variable;
  }
  return set;
}

std::vector<ToldKnob> TellRuntimes(uint64_t cap_bytes, uint32_t cpus,
                                   KnobSet selection, UserVariable user) {
  std::vector<ToldKnob> told;
  for (size_t i = 0; i < kRuntimeKnobs.size(); ++i) {
    const RuntimeKnob& knob = kRuntimeKnobs[i];
    if (!selection[i] || UserSaysIt(knob, user)) continue;
    std::string value =
        absl::StrCat(knob.prefix, Number(knob, cap_bytes, cpus), knob.suffix);
    std::optional<absl::string_view> before = user(knob.variable);
    if (before && !before->empty()) value = absl::StrCat(*before, " ", value);
    told.push_back({i, std::move(value)});
  }
  return told;
}

}  // namespace cram
