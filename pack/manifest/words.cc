#include "pack/manifest/words.h"

#include <optional>

#include "absl/strings/str_cat.h"

namespace cram {
namespace {

bool OneOf(char c, absl::string_view characters) {
  return characters.find(c) != absl::string_view::npos;
}

class Splitter {
 public:
  explicit Splitter(absl::string_view line) : line_(line) {}

  absl::StatusOr<std::vector<std::string>> Split() {
    while (at_ < line_.size()) {
      char c = line_[at_++];
      if (OneOf(c, " \t\n")) {
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
    if (OneOf(c, "|&;<>()")) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", absl::string_view(&c, 1),
                       "' means something to a shell only: quote it, or let a "
                       "shell run the line (--shell)"));
    }
    if (!word_) word_.emplace();
    if (c == '\'') return TakeSingleQuoted();
    if (c == '"') return TakeDoubleQuoted();
    if (c != '\\') {
      word_->push_back(c);
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
