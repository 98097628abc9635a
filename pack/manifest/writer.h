// Writes a manifest in one pass, with constant memory.
#pragma once

#include <stdint.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pack/manifest/block_places.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/mapped_file.h"
#include "pack/manifest/prepared_file.h"
#include "pack/manifest/rows_buffer.h"
#include "pack/manifest/rows_packer.h"
#include "pack/manifest/subjob_maker.h"

namespace cram {

// Writes to a file beside the final name, which takes that name only in
// Finish() (prepared_file.h). What it accepts, ManifestReader can read, every
// placeholder filled in. After an error it is of no more use.
class ManifestWriter {
 public:
  // Errors: as PreparedFile::Create().
  static absl::StatusOr<std::unique_ptr<ManifestWriter>> Create(
      const std::string& path);
  // Adds to the manifest at `path`, which is read. Errors: as
  // PreparedFile::CreateFrom(); it is damaged, or of a newer version.
  static absl::StatusOr<std::unique_ptr<ManifestWriter>> AddTo(
      const std::string& path);
  // Writes to a descriptor, which stays the caller's: for what must not get a
  // name at all.
  static std::unique_ptr<ManifestWriter> ForDescriptor(int fd);

  // The template's id: that of one which is there and the same, or a new one.
  // Error: a text that cannot be parsed.
  absl::StatusOr<uint32_t> AddTemplate(const SubJobTemplate& source);

  // Errors: as SweepTable::Parse; a placeholder that is no parameter; a value
  // that its format does not take.
  absl::Status AddSweep(uint32_t template_id, const Sweep& sweep);

  // Rows from here to the next Start or Add of something else have these
  // columns; with `commands`, each brings the command, too.
  absl::Status StartRows(uint32_t template_id, std::vector<std::string> columns,
                         bool commands);
  // `own`: what this one has over the template, a serialized
  // cram.SubJobTemplate whose texts are taken as they are.
  absl::Status AddRow(absl::Span<const absl::string_view> values,
                      absl::Span<const std::string> command = {},
                      absl::string_view own = {});

  // All of another manifest, as it is: its sub-jobs get the indexes behind
  // those that are here. Errors: as AddTo(), of that file.
  absl::Status AddManifest(const std::string& path);

  uint64_t subjobs() const { return subjobs_; }

  // Error: there is no sub-job. Returns the file's size in bytes.
  absl::StatusOr<uint64_t> Finish();

 private:
  ManifestWriter(int fd, std::unique_ptr<PreparedFile> file);
  static std::unique_ptr<ManifestWriter> ForFile(
      std::unique_ptr<PreparedFile> file);
  // For errors.
  absl::string_view name() const {
    return file_ == nullptr ? absl::string_view() : file_->path();
  }
  absl::Status CopyOld(const MappedFile& file);
  absl::Status AddContent(const MappedFile& file);
  absl::Status CopyTemplate(absl::string_view file, const Piece& piece);
  void KeepTemplate(std::string bytes);
  // Makes maker_ that of the template, bound to these parameters.
  absl::Status Use(uint32_t template_id, absl::Span<const std::string> names);
  absl::Status Append(absl::string_view bytes);
  // The same, but that crc_ knows them already.
  absl::Status AppendSummed(absl::string_view bytes);
  // Writes what is buffered.
  absl::Status WriteOut();
  // Writes an embedded message; its place.
  absl::StatusOr<FieldPlace> AppendMessage(uint32_t field,
                                           absl::string_view bytes);
  // `data_bytes`: what of the body, at its end, does not belong to the head.
  absl::Status AppendBlock(uint32_t template_id, uint64_t subjobs,
                           uint32_t body_field, absl::string_view body,
                           uint64_t data_bytes);
  // Gives the rows to the packer, and writes what it had before.
  absl::Status SendRows();
  // Writes what the packer has.
  absl::Status WritePacked();
  absl::Status FlushRows();
  void AddTemplatePlace(const FieldPlace& place);
  // Of a block that follows the others.
  absl::Status AddBlockPlace(BlockPlace place);
  absl::Status AppendIndex();

  int fd_;
  std::unique_ptr<PreparedFile> file_;  // none: for a descriptor
  std::string buffer_;
  uint64_t offset_ = 0;  // in the file, behind the buffer
  uint32_t crc_ = 0;

  std::unordered_map<std::string, uint32_t> template_ids_;  // of their bytes
  std::vector<const std::string*> templates_;               // those, by id
  SubJobMaker maker_;                                       // of the last used
  std::string block_places_, template_places_;  // of a cram.BlockIndex
  size_t blocks_ = 0;
  uint64_t subjobs_ = 0;

  std::optional<RowsBuffer> rows_;
  RowsPacker packer_;
  uint32_t rows_template_ = 0;
  bool rows_checked_ = false;  // values must be held against formats
};

}  // namespace cram
