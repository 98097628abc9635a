#include "pack/manifest/jsonl.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/template.h"
#include "pack/manifest/template_resources.h"

namespace cram {
namespace {

enum Property {
  kArgv,
  kCwd,
  kEnv,
  kStdin,
  kStdout,
  kStderr,
  kName,
  kRanks,
  kCpus,
  kMem,
  kMemMode,
  kTime,
  kMpi,
  kRetryCodes,
  kProperties
};
constexpr std::array<absl::string_view, kProperties> kPropertyNames = {
    "argv",  "cwd",  "env", "stdin",    "stdout", "stderr", "name",
    "ranks", "cpus", "mem", "mem_mode", "time",   "mpi",    "retry_codes"};

absl::Status SetProperty(Property property, const std::string& text,
                         SubJobTemplate* own) {
  switch (property) {
    case kCwd:
      own->set_cwd(text);
      break;
    case kStdin:
      own->set_stdin(text);
      break;
    case kStdout:
      own->set_stdout(text);
      break;
    case kStderr:
      own->set_stderr(text);
      break;
    case kName:
      own->set_name(text);
      break;
    case kRanks:
      return SetRanks(text, own);
    case kCpus:
      return SetCpus(text, own);
    case kMem:
      return SetMemory(text, own);
    case kMemMode:
      return SetMemoryMode(text, own);
    case kTime:
      return SetTimeLimit(text, own);
    case kMpi:
      return SetMpi(text, own);
    case kRetryCodes:
      return SetRetryCodes(text, own);
    case kArgv:
    case kEnv:
    case kProperties:
      return absl::InternalError("no property of a single value");
  }
  return absl::OkStatus();
}

// What nlohmann says, without its own names and without the bytes it read.
std::string ParseErrorText(absl::string_view what) {
  size_t start = what.find(" - ");
  if (start != absl::string_view::npos) what.remove_prefix(start + 3);
  what = what.substr(0, what.find("; last read"));
  return std::string(what.substr(0, what.find(" (")));
}

}  // namespace

// Takes the events of one object; nlohmann's parser keeps its own stack, so
// that no depth of nesting is a danger.
class JsonlReader::Parser {
 public:
  // The values stay in `row`; what is wrong with the line, if anything.
  absl::Status Parse(const std::string& line, JsonlRow* row);

  const std::vector<std::string>& columns() const { return columns_; }
  bool has_commands() const { return has_commands_; }

  // nlohmann's events. False stops, and status_ says why.
  bool null();
  bool boolean(bool value) { return Scalar(value ? "true" : "false"); }
  bool number_integer(int64_t value) { return Scalar(absl::StrCat(value)); }
  bool number_unsigned(uint64_t value) { return Scalar(absl::StrCat(value)); }
  bool number_float(double /*value*/, const std::string& text) {
    return Scalar(text);
  }
  bool string(std::string& text);
  bool binary(std::vector<uint8_t>& /*value*/) { return false; }
  bool start_object(size_t /*size*/);
  bool key(std::string& name);
  bool end_object();
  bool start_array(size_t /*size*/);
  bool end_array();
  bool parse_error(size_t position, const std::string& token,
                   const nlohmann::detail::exception& error);

 private:
  enum class Place { kOutside, kObject, kArgv, kEnv };

  bool Fail(absl::string_view message) {
    status_ = absl::InvalidArgumentError(message);
    return false;
  }
  std::string KeyText() const { return absl::StrCat("'", key_, "'"); }
  bool Scalar(std::string text);
  bool ColumnKey(const std::string& name);
  absl::Status CheckWhole();

  std::vector<std::string> columns_;
  std::unordered_map<std::string, size_t> column_places_;
  bool is_first_ = true;
  bool has_commands_ = false;

  // Of the current line.
  JsonlRow* row_ = nullptr;
  absl::Status status_;
  Place place_ = Place::kOutside;
  uint32_t properties_ = 0;       // which are there, a bit each
  std::vector<bool> has_column_;  // the same of columns
  size_t has_columns_ = 0;
  std::string key_;
  bool is_property_ = false;
  Property property_ = kArgv;
  size_t column_ = 0;
};

absl::Status JsonlReader::Parser::Parse(const std::string& line,
                                        JsonlRow* row) {
  row_ = row;
  row_->values.resize(columns_.size());
  row_->command.clear();
  row_->own.Clear();
  status_ = absl::OkStatus();
  place_ = Place::kOutside;
  properties_ = 0;
  has_column_.assign(columns_.size(), false);
  has_columns_ = 0;
  bool good = nlohmann::json::sax_parse(line, this);
  if (!status_.ok()) return status_;
  if (!good) return absl::InvalidArgumentError("not JSON");
  status_ = CheckWhole();
  is_first_ = false;
  return status_;
}

absl::Status JsonlReader::Parser::CheckWhole() {
  bool has_command = (properties_ & (1U << kArgv)) != 0;
  if (is_first_) has_commands_ = has_command;
  if (has_command != has_commands_) {
    return absl::InvalidArgumentError(
        has_command ? "has an argv, which the first object has not"
                    : "has no argv, which the first object has");
  }
  if (has_command && row_->command.empty()) {
    return absl::InvalidArgumentError("'argv': an empty list");
  }
  if (has_columns_ == columns_.size()) return absl::OkStatus();
  size_t missing = static_cast<size_t>(
      std::find(has_column_.begin(), has_column_.end(), false) -
      has_column_.begin());
  return absl::InvalidArgumentError(absl::StrCat(
      "has no '", columns_[missing], "', which the first object has"));
}

bool JsonlReader::Parser::key(std::string& name) {
  key_ = name;
  if (place_ == Place::kEnv) {
    bool good = std::none_of(name.begin(), name.end(),
                             [](char c) { return c == '=' || c == '\0'; });
    if (good && !name.empty()) return true;
    return Fail(absl::StrCat("'env': ", KeyText(), " is no variable's name"));
  }
  auto property = std::find(kPropertyNames.begin(), kPropertyNames.end(), name);
  is_property_ = property != kPropertyNames.end();
  if (!is_property_) return ColumnKey(name);
  property_ = static_cast<Property>(property - kPropertyNames.begin());
  uint32_t bit = 1U << property_;
  if ((properties_ & bit) != 0) {
    return Fail(absl::StrCat(KeyText(), " is there twice"));
  }
  properties_ |= bit;
  return true;
}

bool JsonlReader::Parser::ColumnKey(const std::string& name) {
  // Most objects have their keys in the order of the first.
  bool in_order =
      has_columns_ < columns_.size() && columns_[has_columns_] == name;
  auto place = in_order ? column_places_.end() : column_places_.find(name);
  if (in_order) {
    column_ = has_columns_;
  } else if (place != column_places_.end()) {
    column_ = place->second;
  } else if (!is_first_) {
    return Fail(absl::StrCat(KeyText(), " is not in the first object"));
  } else {
    absl::Status status = CheckParameterName(name);
    if (!status.ok()) return Fail(status.message());
    if (columns_.size() == kMaxColumns) {
      return Fail(absl::StrCat("more than ", kMaxColumns, " keys"));
    }
    column_ = columns_.size();
    column_places_.emplace(name, column_);
    columns_.push_back(name);
    row_->values.emplace_back();
    has_column_.push_back(false);
  }
  if (has_column_[column_]) {
    return Fail(absl::StrCat(KeyText(), " is there twice"));
  }
  has_column_[column_] = true;
  ++has_columns_;
  return true;
}

bool JsonlReader::Parser::Scalar(std::string text) {
  switch (place_) {
    case Place::kOutside:
      return Fail("not an object: { \"key\": value, ... }");
    case Place::kArgv:
      row_->command.push_back(std::move(text));
      return true;
    case Place::kEnv: {
      EnvironmentChange* change = row_->own.add_env();
      change->set_name(key_);
      change->set_value(std::move(text));
      return true;
    }
    case Place::kObject:
      break;
  }
  if (!is_property_) {
    row_->values[column_] = std::move(text);
    return true;
  }
  if (property_ == kArgv) return Fail("'argv' is not a list of words");
  if (property_ == kEnv) return Fail("'env' is not an object of variables");
  absl::Status status = SetProperty(property_, text, &row_->own);
  if (!status.ok())
    return Fail(absl::StrCat(KeyText(), ": ", status.message()));
  return true;
}

bool JsonlReader::Parser::null() {
  if (place_ == Place::kEnv) {
    EnvironmentChange* change = row_->own.add_env();
    change->set_name(key_);
    change->set_unset(true);
    return true;
  }
  if (place_ == Place::kOutside) return Scalar("");
  return Fail(absl::StrCat(KeyText(), " is null, which is no value"));
}

bool JsonlReader::Parser::string(std::string& text) {
  if (text.find('\0') != std::string::npos) {
    return Fail(absl::StrCat(KeyText(), ": a NUL character"));
  }
  return Scalar(text);
}

bool JsonlReader::Parser::start_object(size_t /*size*/) {
  if (place_ == Place::kOutside) {
    place_ = Place::kObject;
    return true;
  }
  if (place_ == Place::kObject && is_property_ && property_ == kEnv) {
    place_ = Place::kEnv;
    return true;
  }
  return Fail(absl::StrCat(KeyText(), " holds an object, which is no value"));
}

bool JsonlReader::Parser::end_object() {
  place_ = place_ == Place::kEnv ? Place::kObject : Place::kOutside;
  return true;
}

bool JsonlReader::Parser::start_array(size_t /*size*/) {
  if (place_ == Place::kOutside) return Scalar("");
  if (place_ == Place::kObject && is_property_ && property_ == kArgv) {
    place_ = Place::kArgv;
    return true;
  }
  return Fail(absl::StrCat(KeyText(), " holds a list, which is no value"));
}

bool JsonlReader::Parser::end_array() {
  place_ = Place::kObject;
  return true;
}

bool JsonlReader::Parser::parse_error(
    size_t position, const std::string& /*token*/,
    const nlohmann::detail::exception& error) {
  return Fail(absl::StrCat("not JSON at byte ", position, ": ",
                           ParseErrorText(error.what())));
}

JsonlReader::JsonlReader(LineReader lines)
    : lines_(std::move(lines)), parser_(std::make_unique<Parser>()) {}
JsonlReader::JsonlReader(JsonlReader&&) noexcept = default;
JsonlReader::~JsonlReader() = default;

const std::vector<std::string>& JsonlReader::columns() const {
  return parser_->columns();
}

bool JsonlReader::has_commands() const { return parser_->has_commands(); }

absl::Status JsonlReader::Error(absl::string_view message) const {
  return lines_.Error(message);
}

absl::StatusOr<JsonlReader> JsonlReader::Open(const std::string& path) {
  absl::StatusOr<LineReader> lines = LineReader::Open(path);
  if (!lines.ok()) return lines.status();
  JsonlReader reader(*std::move(lines));
  absl::StatusOr<bool> more = reader.ReadRow(&reader.first_);
  if (!more.ok()) return more.status();
  if (!*more) {
    return absl::InvalidArgumentError(
        absl::StrCat(reader.lines_.name(), ": has no object"));
  }
  return reader;
}

absl::StatusOr<bool> JsonlReader::ReadRow(JsonlRow* row) {
  do {
    absl::StatusOr<bool> more = lines_.Next(&line_);
    if (!more.ok() || !*more) return more;
  } while (line_.find_first_not_of(" \t\r") == std::string::npos);
  absl::Status status = parser_->Parse(line_, row);
  if (!status.ok()) return Error(status.message());
  return true;
}

absl::StatusOr<bool> JsonlReader::Next(JsonlRow* row) {
  if (!first_is_next_) return ReadRow(row);
  first_is_next_ = false;
  *row = std::move(first_);
  return true;
}

}  // namespace cram
