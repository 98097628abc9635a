#include "pack/journal/reader.h"

#include <google/protobuf/arena.h>

#include "absl/strings/str_cat.h"
#include "pack/journal/frame_reader.h"

namespace cram {

absl::StatusOr<JournalEnd> ReadJournal(
    const std::string& path,
    const std::function<void(const JournalRecord&)>& visit) {
  absl::StatusOr<std::unique_ptr<FrameReader>> reader =
      FrameReader::Open(path, kJournalFile);
  if (!reader.ok()) return reader.status();
  FrameReader& frames = **reader;
  JournalEnd end;
  char block[4096];
  google::protobuf::Arena arena(block, sizeof block);
  for (;;) {
    end.position = frames.position();
    std::optional<absl::string_view> payload = frames.Next();
    if (!payload) break;
    auto* record =
        google::protobuf::Arena::CreateMessage<JournalRecord>(&arena);
    if (!record->ParseFromArray(payload->data(),
                                static_cast<int>(payload->size()))) {
      end.torn = end.damaged = true;
      return end;
    }
    visit(*record);
    arena.Reset();
  }
  if (!frames.status().ok()) return frames.status();
  end.torn = frames.torn();
  end.damaged = frames.damaged();
  return end;
}

absl::StatusOr<JournalRecord> ReadFirstRecord(const std::string& path) {
  absl::StatusOr<std::unique_ptr<FrameReader>> reader =
      FrameReader::Open(path, kJournalFile);
  if (!reader.ok()) return reader.status();
  std::optional<absl::string_view> payload = (*reader)->Next();
  if (!(*reader)->status().ok()) return (*reader)->status();
  JournalRecord record;
  if (!payload || !record.ParseFromArray(payload->data(),
                                         static_cast<int>(payload->size()))) {
    return absl::DataLossError(absl::StrCat(path, ": no record"));
  }
  return record;
}

uint64_t SourceIndex(const Ended& ended) {
  return ended.has_source_index() ? ended.source_index() : ended.index();
}

}  // namespace cram
