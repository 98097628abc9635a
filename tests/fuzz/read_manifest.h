// Reads a manifest of any bytes as the agent and `cram info` do.
#pragma once

#include "absl/strings/string_view.h"
#include "pack/manifest/reader.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace cram {

inline void ReadAnyManifest(absl::string_view bytes) {
  MemoryFile file(bytes);
  absl::StatusOr<std::unique_ptr<ManifestReader>> opened =
      ManifestReader::Open(file.path());
  if (!opened.ok()) return;
  ManifestReader& reader = **opened;
  REQUIRE(reader.size() > 0);
  (void)reader.CheckText("{index}");
  bool whole = reader.Verify().ok();
  bool commands = reader.CheckCommands().ok() ||
                  reader.SetDefaultCommand({"run", "{index}"}).ok();
  for (uint64_t index : {uint64_t{0}, reader.size() / 2, reader.size() - 1}) {
    absl::StatusOr<SubJob> subjob = reader.Get(index);
    REQUIRE(subjob.ok() || !whole || !commands);
    REQUIRE(!subjob.ok() || subjob->index == index);
  }
  REQUIRE(!reader.Get(reader.size()).ok());
  for (size_t block = 0; block < reader.blocks(); ++block) {
    REQUIRE(reader.GetBlock(block).ok() || !whole);
  }
}

}  // namespace cram
