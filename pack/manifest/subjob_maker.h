// Makes sub-jobs of a template and values.
#pragma once

#include <stdint.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/subjob.h"
#include "pack/manifest/template.h"

namespace cram {

// A SubJobTemplate with its texts parsed. Bind it to the names of a block's
// parameters, then make as many sub-jobs as that block has.
class SubJobMaker {
 public:
  // Error: a text that cannot be parsed, named ("cwd: ...").
  static absl::StatusOr<SubJobMaker> Compile(const SubJobTemplate& source);

  // Whether every sub-job has a command without its row bringing one.
  bool has_command() const { return !argv_.empty(); }
  // The command, for a template that has none.
  absl::Status SetCommand(absl::Span<const std::string> argv);

  // Error: a placeholder that is not among `names`.
  absl::Status Bind(absl::Span<const std::string> names);
  absl::Span<const std::string> names() const { return names_; }

  // Fills in {$NAME} everywhere (template.h).
  void SetVariables(const std::map<std::string, std::string>& variables);

  // Whether `value` suits every place where parameter `column` goes.
  absl::Status CheckValue(size_t column, absl::string_view value) const;
  // Whether that can fail at all.
  bool checks_values() const { return checks_values_; }

  // `values` in the order of names(). `command` is the row's own, taken as it
  // is when the template has none. With neither, argv stays empty.
  absl::StatusOr<SubJob> Make(
      uint64_t index, absl::Span<const absl::string_view> values,
      absl::Span<const absl::string_view> command) const;

 private:
  struct Text {
    std::string what;  // for errors: "cwd"
    Template text;
  };
  struct Change {
    std::string name;
    bool unset;
    Text value;
  };

  absl::Status Parse(absl::string_view what, absl::string_view source,
                     Text* text);
  // Calls `visit` for each text of `maker` until one is in error, and gives
  // that with the text's name.
  template <typename Maker, typename Visit>
  static absl::Status ForEachText(Maker& maker, Visit visit);
  // Whether a sub-job can tell the parameter's value by other means than
  // CRAM_PARAM_name.
  bool IsShown(size_t column) const;
  absl::Status ExpandCommand(uint64_t index,
                             absl::Span<const absl::string_view> values,
                             absl::Span<const absl::string_view> command,
                             SubJob* subjob) const;
  absl::Status ExpandScript(uint64_t index,
                            absl::Span<const absl::string_view> values,
                            SubJob* subjob) const;

  std::vector<Text> argv_;
  std::vector<Change> env_;
  Text cwd_, stdin_, stdout_, stderr_, name_;
  bool shell_ = false;
  std::string script_;
  bool checks_values_ = false;
  size_t placeholders_ = 0;
  SubJob fixed_;  // what is the same for all: ranks, cpus, memory, time limit
  std::vector<std::string> names_;
  std::vector<size_t> hidden_;  // places in names_ of those not shown
};

// Whether a serialized cram.SubJobTemplate has at most kMaxTexts words and
// variables: nobody makes an object of another.
bool HasFewTexts(absl::string_view source);

// False: damaged, or it has more.
bool ParseTemplate(absl::string_view bytes, SubJobTemplate* source);

// Gives `subjob` what its row has of its own, a serialized
// cram.SubJobTemplate. Error: damage.
absl::Status AddOwn(absl::string_view own, SubJob* subjob);

}  // namespace cram
