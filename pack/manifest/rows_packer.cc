#include "pack/manifest/rows_packer.h"

#include <signal.h>
#include <unistd.h>
#include <zstd.h>

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

constexpr int kLevel = 1;  // higher ones make little less of a few KiB

// A thread that no signal is given to. Null: there cannot be one.
template <typename Work>
std::unique_ptr<std::thread> StartThread(Work work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::unique_ptr<std::thread> thread;
  try {
    thread = std::make_unique<std::thread>(work);
  } catch (const std::system_error&) {
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

void RowsPacker::FreeContext::operator()(ZSTD_CCtx* context) const {
  ZSTD_freeCCtx(context);
}

RowsPacker::RowsPacker() : process_(getpid()), context_(ZSTD_createCCtx()) {}

// The child of a fork has no thread that could be waited for.
RowsPacker::~RowsPacker() {
  if (thread_ == nullptr) return;
  if (process_ == getpid()) {
    thread_->join();
  } else {
    (void)thread_.release();
  }
}

void RowsPacker::Start(UnpackedRows rows) {
  rows_ = std::move(rows);
  busy_ = true;
  thread_ = StartThread([this] { Pack(); });
  if (thread_ == nullptr) Pack();
}

absl::StatusOr<const PackedRowsBytes*> RowsPacker::Finish() {
  if (process_ != getpid()) {
    return absl::FailedPreconditionError(
        "the process that packs has forked this one, which cannot go on");
  }
  if (thread_ != nullptr) thread_->join();
  thread_.reset();
  busy_ = false;
  if (!status_.ok()) return status_;
  return &result_;
}

void RowsPacker::Pack() {
  result_.rows = rows_.rows;
  result_.groups.clear();
  data_.clear();
  for (const std::string& column : rows_.columns) {
    AppendBytesField(RowGroups::kColumnsFieldNumber, column, &result_.groups);
  }
  AppendVarintField(RowGroups::kCommandsFieldNumber, rows_.commands,
                    &result_.groups);
  AppendVarintField(RowGroups::kOwnFieldNumber, rows_.own, &result_.groups);
  absl::string_view rest = rows_.bytes;
  for (const auto& [rows, bytes] : rows_.groups) {
    if (status_.ok()) status_ = PackGroup(rows, rest.substr(0, bytes));
    rest.remove_prefix(bytes);
  }
  result_.data_bytes = data_.size();
  AppendBytesField(RowGroups::kDataFieldNumber, data_, &result_.groups);
}

absl::Status RowsPacker::PackGroup(uint64_t rows, absl::string_view bytes) {
  frame_.resize(ZSTD_compressBound(bytes.size()));
  size_t size = ZSTD_compressCCtx(context_.get(), &frame_[0], frame_.size(),
                                  bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size)) {
    return absl::InternalError(absl::StrCat("zstd: ", ZSTD_getErrorName(size)));
  }
  absl::string_view frame(frame_.data(), size);
  group_.clear();
  AppendVarintField(RowGroup::kRowsFieldNumber, rows, &group_);
  AppendVarintField(RowGroup::kUnpackedBytesFieldNumber, bytes.size(), &group_);
  AppendVarintField(RowGroup::kPackedBytesFieldNumber, frame.size(), &group_);
  AppendFixed32Field(RowGroup::kCrc32FieldNumber, Crc32(frame), &group_);
  AppendBytesField(RowGroups::kGroupsFieldNumber, group_, &result_.groups);
  data_.append(frame.data(), frame.size());
  return absl::OkStatus();
}

}  // namespace cram
