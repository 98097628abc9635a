#include "pack/manifest/reader.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/index.h"
#include "pack/manifest/mapped_file.h"
#include "pack/manifest/template.h"
#include "pack/manifest/wire.h"

namespace cram {

class ManifestReader::Impl {
 public:
  Impl(std::string path, MappedFile file, ManifestIndex index)
      : path_(std::move(path)),
        file_(std::move(file)),
        index_(std::move(index)) {}

  absl::Status CheckTemplates();
  absl::StatusOr<SubJobTemplate> GetTemplate(size_t id) const;
  absl::StatusOr<BlockView> View(size_t block) const {
    BlockEntry entry = index_.blocks[block];
    return CheckedView(entry, entry.piece);
  }
  absl::Status SetDefaultCommand(const std::vector<std::string>& argv);
  void SetVariables(std::map<std::string, std::string> variables) {
    variables_ = std::move(variables);
    open_.reset();
  }
  absl::Status CheckCommands() const;
  absl::Status CheckText(absl::string_view text) const;
  absl::StatusOr<SubJob> Get(uint64_t index);
  absl::Status Verify();

  const ManifestIndex& index() const { return index_; }

 private:
  absl::StatusOr<SubJobMaker> Compile(size_t id) const;
  absl::string_view BytesOf(const BlockEntry& entry) const {
    return file_.bytes().substr(entry.piece.offset, entry.piece.bytes);
  }
  // A block without any checksum, and with that of a piece only.
  absl::StatusOr<BlockView> Peek(const BlockEntry& entry) const;
  absl::StatusOr<BlockView> CheckedView(const BlockEntry& entry,
                                        const Piece& piece) const;
  // Whether it can go on with the open block's maker.
  bool Continues(const BlockView& view) const {
    const BlockView& last = open_->view();
    return view.template_id == last.template_id &&
           view.has_commands() == last.has_commands() &&
           view.parameters() == last.parameters();
  }
  bool NeedsCommand(const BlockView& view) const {
    return !view.has_commands() && !has_command_[view.template_id];
  }
  absl::Status Load(size_t block);
  // Calls `visit` with each block's BlockEntry and BlockView, until one is in
  // error.
  template <typename Visit>
  absl::Status ForEachBlock(Visit visit) const;
  std::string BlockName(const BlockEntry& entry) const;

  std::string path_;
  MappedFile file_;
  ManifestIndex index_;
  std::vector<bool> has_command_;  // the templates
  std::vector<std::string> default_command_;
  std::optional<std::map<std::string, std::string>> variables_;
  std::optional<OpenBlock> open_;
  size_t open_block_ = 0;  // which one that is
  BlockEntry open_entry_;
};

absl::StatusOr<SubJobTemplate> ManifestReader::Impl::GetTemplate(
    size_t id) const {
  absl::StatusOr<absl::string_view> bytes =
      ReadPiece(file_.bytes(), index_.templates[id]);
  SubJobTemplate source;
  if (bytes.ok() && !ParseTemplate(*bytes, &source)) {
    bytes = absl::DataLossError("damaged");
  }
  if (!bytes.ok()) {
    return WithContext(absl::StrCat(path_, ": template ", id), bytes.status());
  }
  return source;
}

absl::StatusOr<SubJobMaker> ManifestReader::Impl::Compile(size_t id) const {
  absl::StatusOr<SubJobTemplate> source = GetTemplate(id);
  if (!source.ok()) return source.status();
  absl::StatusOr<SubJobMaker> maker = SubJobMaker::Compile(*source);
  if (maker.ok()) return maker;
  return WithContext(absl::StrCat(path_, ": template ", id), maker.status());
}

absl::Status ManifestReader::Impl::CheckTemplates() {
  for (size_t id = 0; id < index_.templates.size(); ++id) {
    absl::StatusOr<SubJobMaker> maker = Compile(id);
    if (!maker.ok()) return maker.status();
    has_command_.push_back(maker->has_command());
  }
  return absl::OkStatus();
}

std::string ManifestReader::Impl::BlockName(const BlockEntry& entry) const {
  return absl::StrCat(path_, ": sub-jobs ", entry.first, "-",
                      entry.first + entry.subjobs - 1);
}

absl::StatusOr<BlockView> ManifestReader::Impl::Peek(
    const BlockEntry& entry) const {
  file_.Touched(sizeof entry);
  file_.WillRead(BytesOf(entry));
  absl::StatusOr<BlockView> view = BlockView::Parse(BytesOf(entry));
  if (view.ok() && view->template_id >= has_command_.size()) {
    view = absl::DataLossError("damaged: a template that is not there");
  }
  if (!view.ok()) return WithContext(BlockName(entry), view.status());
  return view;
}

absl::StatusOr<BlockView> ManifestReader::Impl::CheckedView(
    const BlockEntry& entry, const Piece& piece) const {
  file_.WillRead(BytesOf(entry));
  absl::Status status = ReadPiece(file_.bytes(), piece).status();
  if (!status.ok()) return WithContext(BlockName(entry), status);
  absl::StatusOr<BlockView> view = Peek(entry);
  if (view.ok() && view->subjobs != entry.subjobs) {
    return absl::DataLossError(absl::StrCat(
        BlockName(entry), ": damaged: index and block do not agree"));
  }
  return view;
}

template <typename Visit>
absl::Status ManifestReader::Impl::ForEachBlock(Visit visit) const {
  for (size_t block = 0; block < index_.blocks.size(); ++block) {
    BlockEntry entry = index_.blocks[block];
    absl::StatusOr<BlockView> view = Peek(entry);
    if (!view.ok()) return view.status();
    absl::Status status = visit(entry, *view);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ManifestReader::Impl::SetDefaultCommand(
    const std::vector<std::string>& argv) {
  SubJobTemplate only_command;
  for (const std::string& word : argv) only_command.add_argv(word);
  absl::StatusOr<SubJobMaker> maker = SubJobMaker::Compile(only_command);
  if (!maker.ok()) return maker.status();
  absl::Status status =
      ForEachBlock([&](const BlockEntry&, const BlockView& view) {
        if (!NeedsCommand(view)) return absl::OkStatus();
        return WithContext(path_, maker->Bind(view.parameters()));
      });
  if (!status.ok()) return status;
  default_command_ = argv;
  open_.reset();
  return absl::OkStatus();
}

absl::Status ManifestReader::Impl::CheckCommands() const {
  if (!default_command_.empty()) return absl::OkStatus();
  return ForEachBlock([this](const BlockEntry& entry, const BlockView& view) {
    if (!NeedsCommand(view)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        path_, ": sub-job ", entry.first,
        " names no command; give one at the end of the command line"));
  });
}

absl::Status ManifestReader::Impl::CheckText(absl::string_view text) const {
  absl::StatusOr<Template> parsed = Template::Parse(text);
  if (!parsed.ok()) return parsed.status();
  if (parsed->has_variables()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "': no {$NAME} here"));
  }
  return ForEachBlock([&parsed](const BlockEntry&, const BlockView& view) {
    return parsed->Bind(view.parameters());
  });
}

absl::Status ManifestReader::Impl::Load(size_t block) {
  if (open_ && open_block_ == block) return absl::OkStatus();
  BlockEntry entry = index_.blocks[block];
  absl::StatusOr<BlockView> view = CheckedView(entry, entry.head);
  if (view.ok() && open_ && Continues(*view)) {
    open_->Continue(*std::move(view));
    open_block_ = block;
    open_entry_ = entry;
    return absl::OkStatus();
  }
  open_.reset();
  if (!view.ok()) return view.status();
  absl::StatusOr<SubJobMaker> maker = Compile(view->template_id);
  if (!maker.ok()) return maker.status();
  if (NeedsCommand(*view)) {
    absl::Status status = maker->SetCommand(default_command_);
    if (!status.ok()) return status;
  }
  if (variables_) maker->SetVariables(*variables_);
  absl::StatusOr<OpenBlock> open =
      OpenBlock::Open(*std::move(view), *std::move(maker));
  if (!open.ok()) return WithContext(BlockName(entry), open.status());
  open_.emplace(*std::move(open));
  open_block_ = block;
  open_entry_ = entry;
  return absl::OkStatus();
}

absl::StatusOr<SubJob> ManifestReader::Impl::Get(uint64_t index) {
  if (index >= index_.subjobs) {
    return absl::OutOfRangeError(absl::StrCat(
        path_, ": no sub-job ", index, "; the last is ", index_.subjobs - 1));
  }
  // Numbers without a sign: one below the first is above all.
  if (!open_ || index - open_entry_.first >= open_entry_.subjobs) {
    absl::Status status = Load(index_.blocks.Find(index));
    if (!status.ok()) return status;
    if (index - open_entry_.first >= open_entry_.subjobs) {
      return absl::DataLossError(
          absl::StrCat(path_, ": somebody has changed the file"));
    }
  }
  absl::StatusOr<SubJob> subjob = open_->Make(index - open_entry_.first, index);
  if (!subjob.ok()) {
    return WithContext(absl::StrCat(path_, ": sub-job ", index),
                       subjob.status());
  }
  return subjob;
}

absl::Status ManifestReader::Impl::Verify() {
  if (file_.Checksum(index_.content_bytes) != index_.content_crc32) {
    return absl::DataLossError(
        absl::StrCat(path_, ": damaged: checksum of the whole"));
  }
  for (size_t block = 0; block < index_.blocks.size(); ++block) {
    absl::Status status = Load(block);
    if (!status.ok()) return status;
    status = open_->CheckValues();
    if (!status.ok()) return WithContext(BlockName(open_entry_), status);
  }
  open_.reset();  // and its memory, which may be large
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ManifestReader>> ManifestReader::Open(
    const std::string& path) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<ManifestIndex> index = ManifestIndex::Read(*file);
  if (!index.ok()) return WithContext(path, index.status());
  auto impl = std::make_unique<Impl>(path, *std::move(file), *std::move(index));
  absl::Status status = impl->CheckTemplates();
  if (!status.ok()) return status;
  return std::unique_ptr<ManifestReader>(new ManifestReader(std::move(impl)));
}

ManifestReader::ManifestReader(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

ManifestReader::~ManifestReader() = default;

uint64_t ManifestReader::size() const { return impl_->index().subjobs; }

uint32_t ManifestReader::fingerprint() const {
  return impl_->index().content_crc32;
}

size_t ManifestReader::templates() const {
  return impl_->index().templates.size();
}

absl::StatusOr<SubJobTemplate> ManifestReader::GetTemplate(size_t id) const {
  return impl_->GetTemplate(id);
}

absl::Status ManifestReader::SetDefaultCommand(
    const std::vector<std::string>& argv) {
  return impl_->SetDefaultCommand(argv);
}

void ManifestReader::SetVariables(
    std::map<std::string, std::string> variables) {
  impl_->SetVariables(std::move(variables));
}

absl::Status ManifestReader::CheckCommands() const {
  return impl_->CheckCommands();
}

absl::Status ManifestReader::CheckText(absl::string_view text) const {
  return impl_->CheckText(text);
}

absl::StatusOr<SubJob> ManifestReader::Get(uint64_t index) {
  return impl_->Get(index);
}

absl::Status ManifestReader::Verify() { return impl_->Verify(); }

size_t ManifestReader::blocks() const { return impl_->index().blocks.size(); }

absl::StatusOr<BlockView> ManifestReader::GetBlock(size_t block) const {
  return impl_->View(block);
}

}  // namespace cram
