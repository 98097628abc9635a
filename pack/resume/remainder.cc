#include "pack/resume/remainder.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"
#include "pack/manifest/block.h"

namespace cram {
namespace {

bool HasIndex(absl::string_view text) {
  return WithIndexNamed(text, "") != text;
}

// Calls `visit` for each text of the template that a sub-job can see.
template <typename Visit>
void ForEachShown(SubJobTemplate* source, Visit visit) {
  for (std::string& word : *source->mutable_argv()) visit(&word);
  visit(source->mutable_cwd());
  visit(source->mutable_stdin());
  for (EnvironmentChange& change : *source->mutable_env()) {
    visit(change.mutable_value());
  }
}

// Writes what a block has of the wanted sub-jobs.
class BlockCopier {
 public:
  BlockCopier(ManifestReader* from, ManifestWriter* to)
      : from_(from), to_(to) {}

  absl::Status Start(BlockView view, SubJobTemplate source,
                     const std::vector<std::string>& command) {
    view_ = std::move(view);
    columns_ = view_.parameters();
    if (source.argv().empty() && !view_.has_commands()) {
      source.mutable_argv()->Assign(command.begin(), command.end());
    }
    absl::Status status = NameIndex(&source);
    if (!status.ok()) return status;
    group_ = kNoGroup;
    absl::StatusOr<uint32_t> id = to_->AddTemplate(source);
    if (!id.ok()) return id.status();
    return to_->StartRows(*id, columns_, view_.has_commands());
  }

  absl::Status Copy(uint64_t place, uint64_t index) {
    absl::StatusOr<SubJob> subjob = from_->Get(index);
    absl::Status status = subjob.status();
    if (!status.ok()) return status;
    values_.clear();
    for (const auto& [name, value] : subjob->params) values_.push_back(value);
    std::string number = absl::StrCat(index);
    if (columns_.size() > values_.size()) values_.push_back(number);
    words_.clear();
    status = FindRow(&place);
    if (!status.ok()) return status;
    if (view_.has_commands()) status = rows_.Command(place, &words_);
    if (!status.ok()) return status;
    command_.clear();
    for (absl::string_view word : words_) command_.emplace_back(word);
    if (!own_names_) {
      return to_->AddRow(values_, command_,
                         view_.has_own() ? rows_.Own(place) : "");
    }
    SubJobTemplate own;
    if (view_.has_own()) own.ParseFromString(std::string(rows_.Own(place)));
    own.set_stdout(subjob->stdout_path);
    own.set_stderr(subjob->stderr_path);
    own.set_name(subjob->name);
    return to_->AddRow(values_, command_, own.SerializeAsString());
  }

 private:
  // Unpacks the rows of the sub-job at `place`, which becomes its row there.
  absl::Status FindRow(uint64_t* place) {
    if (!view_.has_commands() && !view_.has_own()) return absl::OkStatus();
    size_t group = view_.rows.GroupOf(*place);
    if (group != group_) {
      absl::Status status = rows_.Unpack(view_.rows, view_.rows.groups[group]);
      if (!status.ok()) return status;
      group_ = group;
    }
    *place -= view_.rows.groups[group].first;
    return absl::OkStatus();
  }

  // {index} becomes a parameter of its own. One that no text of the sub-job
  // shows would make it another: then its outputs' names are its own.
  absl::Status NameIndex(SubJobTemplate* source) {
    bool shown = false;
    ForEachShown(source,
                 [&](std::string* text) { shown = shown || HasIndex(*text); });
    own_names_ = false;
    std::string* names[] = {source->mutable_stdout(), source->mutable_stderr(),
                            source->mutable_name()};
    if (!shown) {
      for (std::string* text : names) {
        if (!HasIndex(*text)) continue;
        own_names_ = true;
        if (!absl::StrContains(*text, "{$")) continue;
        return absl::UnimplementedError(absl::StrCat(
            "'", *text, "' has {index} and a variable of the run"));
      }
      return absl::OkStatus();
    }
    std::string column = "first_index";
    while (std::count(columns_.begin(), columns_.end(), column) != 0) {
      column += "_";
    }
    columns_.push_back(column);
    auto rename = [&](std::string* text) {
      *text = WithIndexNamed(*text, column);
    };
    ForEachShown(source, rename);
    for (std::string* text : names) rename(text);
    return absl::OkStatus();
  }

  ManifestReader* from_;
  ManifestWriter* to_;
  BlockView view_;
  static constexpr size_t kNoGroup = SIZE_MAX;
  RowsTable rows_;  // of this group
  size_t group_ = kNoGroup;
  std::vector<std::string> columns_;
  bool own_names_ = false;
  // Of the last Copy; kept so that it allocates little.
  std::vector<absl::string_view> values_, words_;
  std::vector<std::string> command_;
};

}  // namespace

std::string WithIndexNamed(absl::string_view text, absl::string_view name) {
  std::string named;
  while (!text.empty()) {
    if (absl::ConsumePrefix(&text, "{{")) {
      named += "{{";
    } else if (absl::StartsWith(text, "{index}") ||
               absl::StartsWith(text, "{index:")) {
      absl::StrAppend(&named, "{", name);
      text.remove_prefix(6);
    } else {
      named += text[0];
      text.remove_prefix(1);
    }
  }
  return named;
}

absl::Status CopySubJobs(ManifestReader* from,
                         const std::vector<std::string>& command,
                         const IndexSet& indexes, ManifestWriter* to) {
  BlockCopier copier(from, to);
  auto range = indexes.ranges().begin();
  uint64_t first = 0, index = indexes.empty() ? 0 : indexes.front();
  for (size_t i = 0; i < from->blocks() && range != indexes.ranges().end();
       ++i) {
    absl::StatusOr<BlockView> block = from->GetBlock(i);
    if (!block.ok()) return block.status();
    const uint64_t end = first + block->subjobs;
    if (index < end) {
      absl::StatusOr<SubJobTemplate> source =
          from->GetTemplate(block->template_id);
      if (!source.ok()) return source.status();
      absl::Status status =
          copier.Start(*std::move(block), *std::move(source), command);
      if (!status.ok()) return status;
    }
    while (index < end && range != indexes.ranges().end()) {
      absl::Status status = copier.Copy(index - first, index);
      if (!status.ok()) {
        return WithContext(absl::StrCat("sub-job ", index), status);
      }
      if (++index < range->second) continue;
      if (++range != indexes.ranges().end()) index = range->first;
    }
    first = end;
  }
  return absl::OkStatus();
}

}  // namespace cram
