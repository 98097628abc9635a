#include "pack/manifest/words.h"

#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace cram {
namespace {

constexpr absl::string_view kBlanks = " \t\n";
constexpr absl::string_view kOperators = "|&;<>()";
constexpr absl::string_view kQuotes = "'\"\\";

bool OneOf(char c, absl::string_view characters) {
  return characters.find(c) != absl::string_view::npos;
}

// Which characters stand for themselves within a word. A table, as nearly all
// of a long list of lines is such characters.
class PlainCharacters {
 public:
  PlainCharacters() {
    plain_.fill(true);
    for (absl::string_view others : {kBlanks, kOperators, kQuotes}) {
      for (char c : others) plain_[static_cast<unsigned char>(c)] = false;
    }
  }

  // The first place from `at` on where there is another, or the end.
  size_t EndOfRun(absl::string_view text, size_t at) const {
    while (at < text.size() && plain_[static_cast<unsigned char>(text[at])]) {
      ++at;
    }
    return at;
  }

 private:
  std::array<bool, 256> plain_;
};

// NAME= at the start, as before a command in a shell.
bool StartsWithAssignment(absl::string_view text) {
  size_t at = 0;
  while (at < text.size() && (absl::ascii_isalnum(text[at]) || text[at] == '_'))
    ++at;
  return at > 0 && at < text.size() && text[at] == '=' &&
         !absl::ascii_isdigit(text[0]);
}

class Splitter {
 public:
  explicit Splitter(absl::string_view line) : line_(line) {}

  absl::StatusOr<std::vector<std::string>> Split() {
    while (at_ < line_.size()) {
      if (words_.empty() && !word_ && StartsWithAssignment(line_.substr(at_))) {
        return absl::InvalidArgumentError(
            "a variable before a command is set by a shell only: write env "
            "before it, or let a shell run the line (--shell)");
      }
      char c = line_[at_++];
      if (OneOf(c, kBlanks)) {
        EndWord();
      } else if (c == '#' && !word_) {
        break;
      } else {
        absl::Status status = Take(c);
        if (!status.ok()) return status;
      }
    }
    EndWord();
    return std::move(words_);
  }

 private:
  absl::Status Take(char c) {
    if (OneOf(c, kOperators)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", absl::string_view(&c, 1),
                       "' means something to a shell only: quote it, or let a "
                       "shell run the line (--shell)"));
    }
    if (!word_) word_.emplace();
    if (c == '\'') return TakeSingleQuoted();
    if (c == '"') return TakeDoubleQuoted();
    if (c != '\\') {
      static const PlainCharacters plain;
      size_t end = plain.EndOfRun(line_, at_);
      word_->append(line_.data() + at_ - 1, end - at_ + 1);
      at_ = end;
    } else if (at_ == line_.size()) {
      return absl::InvalidArgumentError("ends in a backslash");
    } else {
      word_->push_back(line_[at_++]);
    }
    return absl::OkStatus();
  }

  absl::Status TakeSingleQuoted() {
    size_t end = line_.find('\'', at_);
    if (end == absl::string_view::npos) return Unbalanced("'");
    word_->append(line_.data() + at_, end - at_);
    at_ = end + 1;
    return absl::OkStatus();
  }

  absl::Status TakeDoubleQuoted() {
    while (at_ < line_.size()) {
      char c = line_[at_++];
      if (c == '"') return absl::OkStatus();
      // Before any other character the backslash is only itself.
      if (c == '\\' && at_ < line_.size() && OneOf(line_[at_], "$`\"\\\n")) {
        c = line_[at_++];
      }
      word_->push_back(c);
    }
    return Unbalanced("\"");
  }

  static absl::Status Unbalanced(absl::string_view quote) {
    return absl::InvalidArgumentError(
        absl::StrCat("unbalanced quote: no second ", quote));
  }

  void EndWord() {
    if (word_) words_.push_back(*std::move(word_));
    word_.reset();
  }

  absl::string_view line_;
  size_t at_ = 0;
  std::optional<std::string> word_;  // the one being read, if any
  std::vector<std::string> words_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view line) {
  return Splitter(line).Split();
}

}  // namespace cram
