#include "pack/manifest/llnl_cram_file.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/manifest/layout.h"

namespace cram {
namespace {

constexpr uint32_t kMagic = 0x6372616d;
constexpr uint32_t kVersion = 2;

uint32_t Decode(absl::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return number;
}

// Takes a record apart; false once it is not as long as it should be.
class Fields {
 public:
  explicit Fields(absl::string_view rest) : size_(rest.size()), rest_(rest) {}

  bool Number(uint32_t* number) {
    if (rest_.size() < 4) return false;
    *number = Decode(rest_);
    rest_.remove_prefix(4);
    return true;
  }
  bool String(std::string* text) {
    uint32_t size;
    if (!Number(&size) || size > rest_.size()) return false;
    text->assign(rest_.data(), size);
    rest_.remove_prefix(size);
    has_nul_ = has_nul_ || text->find('\0') != std::string::npos;
    return true;
  }
  // A number of items; every one has at least a length.
  bool Count(uint32_t* count) {
    return Number(count) && *count <= rest_.size() / 4;
  }

  uint64_t place() const { return size_ - rest_.size(); }
  bool empty() const { return rest_.empty(); }
  bool has_nul() const { return has_nul_; }

 private:
  size_t size_;
  absl::string_view rest_;
  bool has_nul_ = false;
};

bool ParseStrings(Fields* fields, std::vector<std::string>* strings) {
  uint32_t count;
  if (!fields->Count(&count)) return false;
  strings->resize(count);
  for (std::string& text : *strings) {
    if (!fields->String(&text)) return false;
  }
  return true;
}

bool ParseJob(Fields* fields, LlnlCramJob* job) {
  uint32_t changed;
  if (!fields->Number(&job->processes) || !fields->String(&job->directory) ||
      !ParseStrings(fields, &job->arguments) ||
      !ParseStrings(fields, &job->removed) || !fields->Count(&changed)) {
    return false;
  }
  job->changed.resize(changed);
  for (auto& [name, value] : job->changed) {
    if (!fields->String(&name) || !fields->String(&value)) return false;
  }
  return fields->empty();
}

}  // namespace

absl::Status LlnlCramReader::ErrorAt(uint64_t offset,
                                     absl::string_view message) const {
  return absl::DataLossError(
      absl::StrCat(file_.name(), ": byte ", offset, ": ", message));
}

absl::Status LlnlCramReader::Error(absl::string_view message) const {
  return absl::InvalidArgumentError(
      absl::StrCat(file_.name(), ": job ", read_jobs_ - 1, ": ", message));
}

// A length that is a lie costs no more memory than the file has bytes.
absl::Status LlnlCramReader::ReadRecord(size_t size) {
  record_.clear();
  while (record_.size() < size) {
    absl::StatusOr<absl::string_view> piece = file_.Peek();
    if (!piece.ok()) return piece.status();
    if (piece->empty()) {
      return ErrorAt(offset_ + record_.size(),
                     absl::StrCat("truncated: ", size - record_.size(),
                                  " bytes are missing"));
    }
    absl::string_view part = piece->substr(0, size - record_.size());
    record_.append(part.data(), part.size());
    file_.Take(part.size());
  }
  offset_ += size;
  return absl::OkStatus();
}

absl::Status LlnlCramReader::ReadNumber(uint32_t* number) {
  absl::Status status = ReadRecord(4);
  if (status.ok()) *number = Decode(record_);
  return status;
}

absl::Status LlnlCramReader::ReadHeader() {
  uint32_t magic;
  uint32_t version;
  absl::Status status = ReadNumber(&magic);
  if (status.ok() && magic != kMagic) {
    return absl::InvalidArgumentError(
        absl::StrCat(file_.name(), ": not a file of LLNL's Cram"));
  }
  if (status.ok()) status = ReadNumber(&version);
  if (status.ok() && version != kVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat(file_.name(), ": version ", version,
                     " of LLNL's Cram; only ", kVersion, " is known"));
  }
  for (uint32_t* number : {&jobs_, &processes_, &largest_}) {
    if (status.ok()) status = ReadNumber(number);
  }
  if (status.ok() && jobs_ == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(file_.name(), ": has no jobs"));
  }
  return status;
}

absl::StatusOr<LlnlCramReader> LlnlCramReader::Open(const std::string& path) {
  absl::StatusOr<BufferedReader> file = BufferedReader::Open(path);
  if (!file.ok()) return file.status();
  LlnlCramReader reader(*std::move(file));
  absl::Status status = reader.ReadHeader();
  if (!status.ok()) return status;
  return reader;
}

absl::Status LlnlCramReader::CheckEnd() {
  uint64_t end = offset_;
  if (ReadRecord(1).ok()) {
    return ErrorAt(
        end, absl::StrCat("more bytes behind the last of ", jobs_, " jobs"));
  }
  if (read_processes_ != processes_) {
    return absl::DataLossError(absl::StrCat(
        file_.name(), ": damaged: ", processes_,
        " processes, says the header; the ", "jobs have ", read_processes_));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> LlnlCramReader::Next(LlnlCramJob* job) {
  if (read_jobs_ == jobs_) {
    absl::Status status = CheckEnd();
    if (!status.ok()) return status;
    return false;
  }
  uint64_t start = offset_;
  uint32_t size;
  absl::Status status = ReadNumber(&size);
  if (!status.ok()) return status;
  if (size > largest_ || size > kMaxUnpackedBytes) {
    return ErrorAt(start,
                   absl::StrCat("a record of ", size, " bytes; at most ",
                                std::min<uint64_t>(largest_, kMaxUnpackedBytes),
                                " can be"));
  }
  status = ReadRecord(size);
  if (!status.ok()) return status;
  Fields fields(record_);
  if (!ParseJob(&fields, job)) {
    return ErrorAt(start + 4 + fields.place(),
                   "damaged: a length that does not fit into its record");
  }
  if (fields.has_nul()) return ErrorAt(start, "damaged: a text with a NUL");
  if (job->processes == 0) return ErrorAt(start, "a job of no processes");
  ++read_jobs_;
  read_processes_ += job->processes;
  return true;
}

}  // namespace cram
