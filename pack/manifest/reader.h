// Reads a manifest: any sub-job by its index, without reading the others.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/block.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/subjob.h"

namespace cram {

// Maps the file, so that a manifest of any size costs the pages it touches;
// the file may be replaced (renamed over) meanwhile, but not truncated. Keeps
// the last unpacked block and its template, and no others: going through
// indexes in order unpacks each block once. Not thread-safe.
class ManifestReader {
 public:
  // One error line for a file that is missing, foreign, truncated, damaged,
  // of a newer major version, or has no sub-job.
  static absl::StatusOr<std::unique_ptr<ManifestReader>> Open(
      const std::string& path);
  ~ManifestReader();

  uint64_t size() const;         // sub-jobs; at least 1
  uint32_t fingerprint() const;  // crc32 over the content
  size_t templates() const;
  absl::StatusOr<SubJobTemplate> GetTemplate(size_t id) const;

  // The command of sub-jobs that name none; its words may hold placeholders.
  // Fails when a word has a placeholder that such a sub-job does not know.
  absl::Status SetDefaultCommand(const std::vector<std::string>& argv);

  // The environment of the run, for {$NAME}, which without this stays as it is;
  // so it has to for content hashes.
  void SetVariables(std::map<std::string, std::string> variables);

  // Whether every sub-job has a command (after SetDefaultCommand).
  absl::Status CheckCommands() const;

  // Whether every sub-job knows the placeholders of `text`.
  absl::Status CheckText(absl::string_view text) const;

  // Errors: out of range, a damaged block.
  absl::StatusOr<SubJob> Get(uint64_t index);

  // Everything that can be wrong with the content, found by reading all of it.
  absl::Status Verify();

  // Blocks in the order of their sub-jobs, for who wants to say what a
  // manifest is made of. Views into the manifest. Error: a damaged block.
  size_t blocks() const;
  absl::StatusOr<BlockView> GetBlock(size_t block) const;

 private:
  class Impl;
  explicit ManifestReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cram
