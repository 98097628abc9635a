// A text with {placeholders}.
#pragma once

#include <stdint.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pack/manifest/number_format.h"
#include "pack/manifest/subjob.h"

namespace cram {

// {index}, {name} and {name:08d} (number_format.h) are filled in; {{ and }}
// are braces. {$NAME} is a variable of the environment of the run: it stays as
// it is until somebody knows that. Parsed once, bound to the names that there
// are, expanded often.
class Template {
 public:
  static absl::StatusOr<Template> Parse(absl::string_view text);

  // Finds its placeholders among `names`, whose order Expand's values follow.
  // The error names a placeholder that is not there, and those that are.
  absl::Status Bind(absl::Span<const std::string> names);

  // Fills in {$NAME}; what is not among them is empty. A value that its format
  // does not take goes in as it is: a run is no time to refuse a name.
  void SetVariables(const std::map<std::string, std::string>& variables);
  bool has_variables() const;

  // Appends the text for one sub-job. Requires Bind. Error: a value that its
  // format does not take.
  absl::Status Expand(uint64_t index,
                      absl::Span<const absl::string_view> values,
                      std::string* out) const;

  size_t placeholders() const { return fields_.size(); }

  // Whether parameter `column` (as bound) is in it.
  bool Shows(size_t column) const;

  // The error that Expand would give because of value `column` (as bound).
  absl::Status CheckValue(size_t column, absl::string_view value) const;

  // Whether CheckValue can fail for any value.
  bool checks_values() const;

 private:
  static constexpr size_t kIndex = SIZE_MAX;
  static constexpr size_t kVariable = SIZE_MAX - 1;
  static constexpr size_t kNothing = SIZE_MAX - 2;  // all is in the literal
  struct Field {
    std::string literal;  // text before the placeholder
    std::string name;
    std::string spec;
    NumberFormat format;
    size_t column = kIndex;
  };

  absl::Status AddField(absl::string_view inside, std::string literal);
  static absl::Status ExpandField(const Field& field, uint64_t index,
                                  absl::Span<const absl::string_view> values,
                                  std::string* out);
  static absl::Status AppendValue(const Field& field, absl::string_view value,
                                  std::string* out);

  std::vector<Field> fields_;
  std::string tail_;  // text behind the last placeholder
};

// The text that stands for `text` as it is: with its braces doubled.
std::string PlainText(absl::string_view text);

// A text for a sub-job that is at hand: --cram-output's file names.
absl::StatusOr<std::string> ExpandFor(absl::string_view text,
                                      const SubJob& subjob);

// A name that a placeholder, and CRAM_PARAM_NAME, can have: letters, digits
// and _, no digit first, not "index".
absl::Status CheckParameterName(absl::string_view name);

}  // namespace cram
