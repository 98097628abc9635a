#include "pack/manifest/script.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/base/shell_quote.h"

namespace cram {
namespace {

// The kernel takes 128 KiB as one argument (MAX_ARG_STRLEN).
constexpr size_t kPieceBytes = 100000;

// "/usr/bin/env" and "python3 -u" of "#! /usr/bin/env python3 -u".
std::vector<std::string> Interpreter(absl::string_view text) {
  absl::string_view line = text.substr(2, text.find('\n') - 2);
  line = absl::StripAsciiWhitespace(line);
  size_t blank = std::min(line.find_first_of(" \t"), line.size());
  std::vector<std::string> words = {std::string(line.substr(0, blank))};
  absl::string_view rest = absl::StripAsciiWhitespace(line.substr(blank));
  if (!rest.empty()) words.emplace_back(rest);
  return words;
}

}  // namespace

absl::Status CheckScript(absl::string_view text) {
  auto refuse = [](absl::string_view message) {
    return absl::InvalidArgumentError(message);
  };
  if (!absl::StartsWith(text, "#!") || Interpreter(text)[0].empty()) {
    return refuse(
        "not a batch script: its first line must name its interpreter, as in "
        "#!/bin/bash");
  }
  if (text.find('\0') != absl::string_view::npos) {
    return refuse("not a batch script: it holds a NUL byte");
  }
  if (absl::StrContains(text, "\r\n")) {
    return refuse(
        "has DOS line ends, which shells do not take; dos2unix mends that");
  }
  if (text.size() > kMaxScriptBytes) {
    return refuse(absl::StrCat("longer than ", kMaxScriptBytes, " bytes"));
  }
  return absl::OkStatus();
}

std::vector<std::string> ScriptCommand(absl::string_view text,
                                       absl::Span<const std::string> words) {
  std::string pieces;
  size_t count = (text.size() + kPieceBytes - 1) / kPieceBytes;
  for (size_t i = 1; i <= count; ++i)
    absl::StrAppend(&pieces, " \"${", i, "}\"");
  // The process id: TMPDIR may be one that the user set for all.
  std::vector<std::string> argv = {
      "/bin/sh", "-c",
      absl::StrCat("s=$TMPDIR/slurm_script.$$; printf %s", pieces,
                   " >\"$s\" && shift ", count, " && exec ",
                   ShellJoin(Interpreter(text)), " \"$s\" \"$@\""),
      words[0]};
  for (size_t at = 0; at < text.size(); at += kPieceBytes) {
    argv.emplace_back(text.substr(at, kPieceBytes));
  }
  argv.insert(argv.end(), words.begin() + 1, words.end());
  return argv;
}

}  // namespace cram
