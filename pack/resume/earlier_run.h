// A run that another one goes on with: what it has completed.
#pragma once

#include <stdint.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/index_set.h"
#include "pack/base/run_directory.h"
#include "pack/journal/journal.pb.h"
#include "pack/manifest/reader.h"

namespace cram {

// Reads what can be read: a torn or missing journal hides what it said, no
// more. A run that went on with another one has what that completed in
// journal.resumed; when that file is torn or was never finished, the other
// run is read in its place.
class EarlierRun {
 public:
  // A completed sub-job. `ended` has its index in this run's manifest and says
  // where its output is: Ended.source_index in Opened.directory of `opened`.
  struct Completed {
    const Opened& opened;
    const Started* started;  // none: not recorded
    const Ended& ended;
  };

  // `run` as FindRun takes it. Errors: there is none; its manifest cannot be
  // read.
  static absl::StatusOr<std::unique_ptr<EarlierRun>> Open(
      absl::string_view run);

  const RunDirectory& directory() const { return directory_; }
  // With its default command.
  ManifestReader* manifest() const { return manifest_.get(); }
  const std::vector<std::string>& default_command() const { return command_; }

  // Error: an agent of it still holds its journal. Not seen where the file
  // system knows no locks between nodes, and the agent is on another one.
  absl::Status CheckEnded() const;

  // Calls `visit` once for each sub-job that it has completed, in the order of
  // the journals. Reads all of them.
  absl::Status ForEachCompleted(
      const std::function<void(const Completed&)>& visit);

  // Those that began and came to no end of their own, as far as
  // ForEachCompleted has read: the run's end, a time limit or the loss of a
  // node cut them off. They are the long ones. Of the run itself, not of those
  // that it went on with; some may have completed in another attempt.
  const IndexSet& cut_off() const { return cut_off_; }

  // What could not be read, a line each, so far.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  using Visit = std::function<void(const Completed&)>;

  explicit EarlierRun(RunDirectory directory)
      : directory_(std::move(directory)) {}

  absl::Status ReadOpened();
  // Whether the journal was read to its end.
  bool VisitJournal(const std::string& path, const Visit& visit);
  absl::Status VisitItsEarlierRun(const Visit& visit);

  RunDirectory directory_;
  std::unique_ptr<ManifestReader> manifest_;
  std::vector<std::string> command_;
  std::string resumed_from_;  // empty: it is the first one
  IndexSet cut_off_;
  std::vector<std::string> warnings_;
};

}  // namespace cram
