#include "pack/manifest/writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/block.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/content_to_copy.h"
#include "pack/manifest/index.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/mapped_file.h"
#include "pack/manifest/rows.h"
#include "pack/manifest/sweep.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

std::string EncodeHeader() {
  ManifestHeader header;
  header.set_magic(kManifestMagic);
  header.set_major(kManifestMajor);
  header.set_minor(kManifestMinor);
  header.set_writer(absl::StrCat("cram ", CRAM_VERSION));
  std::string bytes;
  AppendBytesField(Manifest::kHeaderFieldNumber, header.SerializeAsString(),
                   &bytes);
  return bytes;
}

}  // namespace

ManifestWriter::ManifestWriter(int fd, std::unique_ptr<PreparedFile> file)
    : fd_(fd), file_(std::move(file)) {
  buffer_ = EncodeHeader();
  offset_ = buffer_.size();
  crc_ = Crc32(buffer_);
}

std::unique_ptr<ManifestWriter> ManifestWriter::ForDescriptor(int fd) {
  return std::unique_ptr<ManifestWriter>(new ManifestWriter(fd, nullptr));
}

std::unique_ptr<ManifestWriter> ManifestWriter::ForFile(
    std::unique_ptr<PreparedFile> file) {
  int fd = file->fd();
  return std::unique_ptr<ManifestWriter>(
      new ManifestWriter(fd, std::move(file)));
}

absl::StatusOr<std::unique_ptr<ManifestWriter>> ManifestWriter::Create(
    const std::string& path) {
  absl::StatusOr<std::unique_ptr<PreparedFile>> file =
      PreparedFile::Create(path);
  if (!file.ok()) return file.status();
  return ForFile(*std::move(file));
}

absl::StatusOr<std::unique_ptr<ManifestWriter>> ManifestWriter::AddTo(
    const std::string& path) {
  absl::StatusOr<std::unique_ptr<PreparedFile>> file =
      PreparedFile::CreateFrom(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<MappedFile> old =
      MappedFile::Open(absl::StrCat("/proc/self/fd/", (*file)->old_fd()));
  if (!old.ok()) return old.status();
  std::unique_ptr<ManifestWriter> writer = ForFile(*std::move(file));
  absl::Status status = writer->CopyOld(*old);
  if (!status.ok()) return WithContext(path, status);
  return writer;
}

// Its header may be of another length than ours: everything moves by that.
absl::Status ManifestWriter::CopyOld(const MappedFile& file) {
  absl::StatusOr<ManifestIndex> old = ManifestIndex::Read(file);
  if (!old.ok()) return old.status();
  absl::StatusOr<absl::string_view> content = ContentToCopy(file, *old);
  if (!content.ok()) return content.status();
  auto header_end =
      static_cast<uint64_t>(content->begin() - file.bytes().begin());
  uint64_t moved = offset_ - header_end;  // modulo 2^64
  for (; !content->empty();
       content->remove_prefix(std::min(content->size(), kBufferBytes))) {
    absl::string_view piece = content->substr(0, kBufferBytes);
    file.WillRead(piece);
    absl::Status status = Append(piece);
    if (!status.ok()) return status;
  }
  // Room for some more: a copy of a long one would take as much again.
  block_places_.reserve(file.bytes().size() - old->content_bytes +
                        kBufferBytes);
  auto place_of = [moved](const Piece& piece) {
    FieldPlace place;
    place.set_offset(piece.offset + moved);
    place.set_bytes(piece.bytes);
    place.set_crc32(piece.crc32);
    return place;
  };
  for (const Piece& piece : old->templates) {
    absl::Status status = CopyTemplate(file.bytes(), piece);
    if (!status.ok()) return status;
    AddTemplatePlace(place_of(piece));
  }
  absl::Status status;
  for (size_t i = 0; status.ok() && i < old->blocks.size(); ++i) {
    BlockEntry block = old->blocks[i];
    BlockPlace place;
    place.set_subjobs(block.subjobs);
    *place.mutable_place() = place_of(block.piece);
    if (block.head.bytes < block.piece.bytes) {
      place.set_head_bytes(block.head.bytes);
      place.set_head_crc32(block.head.crc32);
    }
    status = AddBlockPlace(std::move(place));
    file.Touched(sizeof block);
  }
  return status;
}

absl::Status ManifestWriter::CopyTemplate(absl::string_view file,
                                          const Piece& piece) {
  absl::StatusOr<absl::string_view> bytes = ReadPiece(file, piece);
  if (!bytes.ok()) return bytes.status();
  SubJobTemplate source;
  if (!ParseTemplate(*bytes, &source)) {
    return absl::DataLossError("a damaged template");
  }
  absl::StatusOr<SubJobMaker> maker = SubJobMaker::Compile(source);
  if (!maker.ok()) return maker.status();
  KeepTemplate(std::string(*bytes));
  return absl::OkStatus();
}

absl::Status ManifestWriter::Append(absl::string_view bytes) {
  crc_ = ExtendCrc32(crc_, bytes);
  return AppendSummed(bytes);
}

absl::Status ManifestWriter::AppendSummed(absl::string_view bytes) {
  offset_ += bytes.size();
  if (buffer_.size() + bytes.size() < kBufferBytes) {
    buffer_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  absl::Status status = WriteOut();
  return status.ok() ? WriteFull(fd_, bytes, name()) : status;
}

absl::Status ManifestWriter::WriteOut() {
  absl::Status status = WriteFull(fd_, buffer_, name());
  buffer_.clear();
  return status;
}

absl::StatusOr<FieldPlace> ManifestWriter::AppendMessage(
    uint32_t field, absl::string_view bytes) {
  std::string header;
  AppendBytesHeader(field, bytes.size(), &header);
  FieldPlace place;
  place.set_offset(offset_ + header.size());
  place.set_bytes(bytes.size());
  place.set_crc32(Crc32(bytes));
  absl::Status status = Append(header);
  if (!status.ok()) return status;
  crc_ = JoinCrc32(crc_, place.crc32(), bytes.size());
  status = AppendSummed(bytes);
  if (!status.ok()) return status;
  return place;
}

absl::StatusOr<uint32_t> ManifestWriter::AddTemplate(
    const SubJobTemplate& source) {
  absl::StatusOr<SubJobMaker> maker = SubJobMaker::Compile(source);
  if (!maker.ok()) return maker.status();
  std::string bytes = source.SerializeAsString();
  auto known = template_ids_.find(bytes);
  if (known != template_ids_.end()) return known->second;
  if (bytes.size() > kMaxMessageBytes || templates_.size() == kMaxTemplates ||
      !HasFewTexts(bytes)) {
    return absl::InvalidArgumentError("too large a template, or too many");
  }
  absl::Status status = FlushRows();
  if (!status.ok()) return status;
  absl::StatusOr<FieldPlace> place =
      AppendMessage(Manifest::kTemplatesFieldNumber, bytes);
  if (!place.ok()) return place.status();
  AddTemplatePlace(*place);
  KeepTemplate(std::move(bytes));
  return static_cast<uint32_t>(templates_.size() - 1);
}

// One that is there twice, as a foreign writer may leave it, keeps its ids.
void ManifestWriter::KeepTemplate(std::string bytes) {
  auto known = template_ids_.emplace(std::move(bytes), templates_.size()).first;
  templates_.push_back(&known->first);
}

absl::Status ManifestWriter::Use(uint32_t template_id,
                                 absl::Span<const std::string> names) {
  SubJobTemplate source;
  source.ParseFromString(*templates_[template_id]);
  absl::StatusOr<SubJobMaker> maker = SubJobMaker::Compile(source);
  if (!maker.ok()) return maker.status();
  maker_ = *std::move(maker);
  return maker_.Bind(names);
}

absl::Status ManifestWriter::AppendBlock(uint32_t template_id, uint64_t subjobs,
                                         uint32_t body_field,
                                         absl::string_view body,
                                         uint64_t data_bytes) {
  std::string block;
  AppendVarintField(Block::kTemplateIdFieldNumber, template_id, &block);
  AppendVarintField(Block::kSubjobsFieldNumber, subjobs, &block);
  AppendBytesField(body_field, body, &block);
  absl::StatusOr<FieldPlace> place =
      AppendMessage(Manifest::kBlocksFieldNumber, block);
  if (!place.ok()) return place.status();
  BlockPlace entry;
  entry.set_subjobs(subjobs);
  *entry.mutable_place() = *place;
  if (data_bytes > 0) {
    absl::string_view head(block.data(), block.size() - data_bytes);
    entry.set_head_bytes(head.size());
    entry.set_head_crc32(Crc32(head));
  }
  return AddBlockPlace(std::move(entry));
}

void ManifestWriter::AddTemplatePlace(const FieldPlace& place) {
  AppendBytesField(BlockIndex::kTemplatesFieldNumber, place.SerializeAsString(),
                   &template_places_);
}

absl::Status ManifestWriter::AddBlockPlace(BlockPlace place) {
  if (place.subjobs() > INT64_MAX - subjobs_) {
    return absl::InvalidArgumentError("more than 2^63 sub-jobs");
  }
  if (blocks_++ == kMaxBlocks) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxBlocks, " blocks; pack it anew"));
  }
  place.set_first(subjobs_);
  subjobs_ += place.subjobs();
  AppendBytesField(BlockIndex::kBlocksFieldNumber, place.SerializeAsString(),
                   &block_places_);
  return absl::OkStatus();
}

absl::Status ManifestWriter::AddSweep(uint32_t template_id,
                                      const Sweep& sweep) {
  std::string bytes = sweep.SerializeAsString();
  absl::StatusOr<SweepTable> table = SweepTable::Parse(bytes);
  if (!table.ok()) return table.status();
  absl::Status status = FlushRows();
  if (status.ok()) status = Use(template_id, table->names());
  if (status.ok()) status = CheckSweepValues(*table, maker_);
  rows_.reset();
  if (!status.ok()) return status;
  return AppendBlock(template_id, table->size(), Block::kSweepFieldNumber,
                     bytes, 0);
}

absl::Status ManifestWriter::StartRows(uint32_t template_id,
                                       std::vector<std::string> columns,
                                       bool commands) {
  absl::Status status = FlushRows();
  if (status.ok()) status = CheckColumns(columns);
  if (status.ok()) status = Use(template_id, columns);
  rows_template_ = template_id;
  rows_checked_ = maker_.checks_values();
  rows_.emplace(std::move(columns), commands);
  return status;
}

absl::Status ManifestWriter::AddRow(absl::Span<const absl::string_view> values,
                                    absl::Span<const std::string> command,
                                    absl::string_view own) {
  for (size_t i = 0; rows_checked_ && i < values.size(); ++i) {
    absl::Status status = maker_.CheckValue(i, values[i]);
    if (!status.ok()) return status;
  }
  absl::Status status = rows_->Add(values, command, own);
  if (status.ok() && rows_->full()) status = SendRows();
  return status;
}

absl::Status ManifestWriter::SendRows() {
  absl::Status status = WritePacked();
  if (!status.ok() || !rows_ || rows_->rows() == 0) return status;
  packer_.Start(rows_->Take(packer_.TakeSpare()));
  return absl::OkStatus();
}

absl::Status ManifestWriter::WritePacked() {
  if (!packer_.busy()) return absl::OkStatus();
  absl::StatusOr<const PackedRowsBytes*> packed = packer_.Finish();
  if (!packed.ok()) return packed.status();
  return AppendBlock(rows_template_, (*packed)->rows, Block::kGroupsFieldNumber,
                     (*packed)->groups, (*packed)->data_bytes);
}

absl::Status ManifestWriter::FlushRows() {
  absl::Status status = SendRows();
  return status.ok() ? WritePacked() : status;
}

absl::Status ManifestWriter::AppendIndex() {
  std::string subjobs, tail;
  AppendVarintField(BlockIndex::kSubjobsFieldNumber, subjobs_, &subjobs);
  std::string index = std::move(block_places_);
  index.insert(0, subjobs);
  index += template_places_;
  AppendFixed32Field(BlockIndex::kCrc32FieldNumber, crc_, &index);
  if (index.size() > kMaxIndexBytes) {
    return absl::InvalidArgumentError("too many blocks and templates");
  }
  AppendFixed32Field(Manifest::kIndexCrc32FieldNumber, Crc32(index), &tail);
  AppendFixed64Field(Manifest::kIndexOffsetFieldNumber, offset_, &tail);
  absl::Status status =
      AppendMessage(Manifest::kIndexFieldNumber, index).status();
  if (status.ok()) status = Append(tail);
  return status.ok() ? WriteOut() : status;
}

absl::StatusOr<uint64_t> ManifestWriter::Finish() {
  absl::Status status = FlushRows();
  if (!status.ok()) return status;
  if (subjobs_ == 0) return absl::InvalidArgumentError("no sub-jobs");
  status = AppendIndex();
  if (status.ok() && file_ != nullptr) status = file_->TakeName();
  if (!status.ok()) return status;
  return offset_;
}

}  // namespace cram
