#include "pack/base/shell_quote.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace cram {
namespace {

std::string InQuotes(absl::string_view word) {
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

}  // namespace

std::string ShellQuote(absl::string_view word) {
  bool plain = !word.empty();
  for (char c : word) {
    plain = plain && (absl::ascii_isalnum(c) ||
                      absl::string_view("_@%+=:,./-").find(c) !=
                          absl::string_view::npos);
  }
  return plain ? std::string(word) : InQuotes(word);
}

std::string ShellJoin(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    bool assigns = line.empty() && word.find('=') != std::string::npos;
    absl::StrAppend(&line, line.empty() ? "" : " ",
                    assigns ? InQuotes(word) : ShellQuote(word));
  }
  return line;
}

}  // namespace cram
