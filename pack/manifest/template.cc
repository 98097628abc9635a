#include "pack/manifest/template.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "pack/manifest/layout.h"

namespace cram {
namespace {

std::string KnownPlaceholders(absl::Span<const std::string> names) {
  return absl::StrCat("{index}", names.empty() ? "" : ", {",
                      absl::StrJoin(names, "}, {"), names.empty() ? "" : "}");
}

}  // namespace

absl::Status Template::AddField(absl::string_view inside, std::string literal) {
  Field field;
  field.literal = std::move(literal);
  size_t colon = std::min(inside.find(':'), inside.size());
  field.name = std::string(inside.substr(0, colon));
  if (colon < inside.size()) {
    field.spec = std::string(inside.substr(colon));
    absl::StatusOr<NumberFormat> format =
        NumberFormat::Parse(inside.substr(colon + 1));
    if (!format.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("{", inside, "}: ", format.status().message()));
    }
    field.format = *format;
  }
  if (absl::StartsWith(field.name, "$")) {
    absl::Status status = CheckParameterName(field.name.substr(1));
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("{", inside, "} is no environment variable"));
    }
    field.column = kVariable;
  }
  if (fields_.size() == kMaxTexts) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxTexts, " placeholders"));
  }
  fields_.push_back(std::move(field));
  return absl::OkStatus();
}

absl::StatusOr<Template> Template::Parse(absl::string_view text) {
  Template result;
  std::string literal;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      literal.push_back(text[i++]);
    } else if (c == '}') {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", text, "' has a } without its {; write }} for a brace"));
    } else if (c == '{') {
      size_t end = text.find('}', i);
      if (end == absl::string_view::npos) {
        return absl::InvalidArgumentError(absl::StrCat(
            "'", text, "' has a { without its }; write {{ for a brace"));
      }
      absl::Status status =
          result.AddField(text.substr(i + 1, end - i - 1), std::move(literal));
      if (!status.ok()) return status;
      literal.clear();
      i = end;
    } else {
      literal.push_back(c);
    }
  }
  result.tail_ = std::move(literal);
  return result;
}

absl::Status Template::Bind(absl::Span<const std::string> names) {
  for (Field& field : fields_) {
    if (field.column == kVariable || field.column == kNothing) continue;
    auto found = std::find(names.begin(), names.end(), field.name);
    if (found != names.end()) {
      field.column = static_cast<size_t>(found - names.begin());
    } else if (field.name == "index") {
      field.column = kIndex;
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "unknown placeholder {", field.name,
          "}; known: ", KnownPlaceholders(names), "; write {{ for a brace"));
    }
  }
  return absl::OkStatus();
}

absl::Status Template::AppendValue(const Field& field, absl::string_view value,
                                   std::string* out) {
  absl::Status status = field.format.Append(value, out);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("{", field.name, field.spec, "}: ", status.message()));
}

absl::Status Template::ExpandField(const Field& field, uint64_t index,
                                   absl::Span<const absl::string_view> values,
                                   std::string* out) {
  if (field.column == kNothing) return absl::OkStatus();
  if (field.column == kVariable) {
    absl::StrAppend(out, "{", field.name, field.spec, "}");
    return absl::OkStatus();
  }
  return AppendValue(field,
                     field.column == kIndex ? absl::AlphaNum(index).Piece()
                                            : values[field.column],
                     out);
}

void Template::SetVariables(
    const std::map<std::string, std::string>& variables) {
  for (Field& field : fields_) {
    if (field.column != kVariable) continue;
    auto found = variables.find(field.name.substr(1));
    std::string value;
    if (found != variables.end() &&
        !field.format.Append(found->second, &value).ok()) {
      value = found->second;
    }
    field.literal += value;
    field.column = kNothing;
  }
}

bool Template::has_variables() const {
  return std::any_of(fields_.begin(), fields_.end(), [](const Field& field) {
    return field.column == kVariable;
  });
}

absl::Status Template::Expand(uint64_t index,
                              absl::Span<const absl::string_view> values,
                              std::string* out) const {
  for (const Field& field : fields_) {
    out->append(field.literal);
    absl::Status status = ExpandField(field, index, values, out);
    if (!status.ok()) return status;
  }
  out->append(tail_);
  return absl::OkStatus();
}

bool Template::Shows(size_t column) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const Field& field) {
    return field.column == column;
  });
}

absl::Status Template::CheckValue(size_t column,
                                  absl::string_view value) const {
  std::string unused;
  for (const Field& field : fields_) {
    if (field.column != column || !field.format.needs_number()) continue;
    absl::Status status = AppendValue(field, value, &unused);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

bool Template::checks_values() const {
  return std::any_of(fields_.begin(), fields_.end(), [](const Field& field) {
    return field.format.needs_number() && field.column != kVariable;
  });
}

std::string PlainText(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"{", "{{"}, {"}", "}}"}});
}

absl::StatusOr<std::string> ExpandFor(absl::string_view text,
                                      const SubJob& subjob) {
  absl::StatusOr<Template> parsed = Template::Parse(text);
  if (!parsed.ok()) return parsed.status();
  std::vector<std::string> names;
  std::vector<absl::string_view> values;
  for (const auto& [name, value] : subjob.params) {
    names.push_back(name);
    values.push_back(value);
  }
  absl::Status status = parsed->Bind(names);
  std::string out;
  if (status.ok()) status = parsed->Expand(subjob.index, values, &out);
  if (!status.ok()) return status;
  return out;
}

absl::Status CheckParameterName(absl::string_view name) {
  bool good = !name.empty() && !absl::ascii_isdigit(name[0]);
  for (char c : name) good = good && (absl::ascii_isalnum(c) || c == '_');
  if (!good) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' is not a parameter's name: letters, ",
                     "digits and _, the first not a digit"));
  }
  if (name == "index") {
    return absl::InvalidArgumentError(
        "no parameter can be called 'index': that is the sub-job's number");
  }
  return absl::OkStatus();
}

}  // namespace cram
