// The run directory: the name of every file in it, made here and nowhere
// else, and how a run is found again by its job id.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// cram-<run id>/
//   manifest.pb         what ran (a copy)
//   journal.<node id>   records of one node, cram-journal(5)
//   journal.resumed     what the run that this one goes on with had completed
//   output.<node id>    packed output of one node, cram-output(5)
//   requests            what the user asks of the run while it goes on; 0600
//   root                where the root agent listens, and the secret; 0600
//   agent.<node id>     the same, of another agent with agents below it
//   summary.json        written last: its presence means that the run ended
//   remainder.pb        what a run that was stopped early did not complete
class RunDirectory {
 public:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string manifest() const { return path_ + "/manifest.pb"; }
  // Where the agent of a node listens for those below it.
  std::string agent(uint32_t node_id) const;
  std::string root() const { return path_ + "/root"; }
  std::string requests() const { return path_ + "/requests"; }
  std::string summary() const { return path_ + "/summary.json"; }
  std::string remainder() const { return path_ + "/remainder.pb"; }
  std::string journal_resumed() const { return path_ + "/journal.resumed"; }
  std::string journal(uint32_t node_id) const;
  std::string output(uint32_t node_id) const;

  // The node ids that have a journal, ascending.
  absl::StatusOr<std::vector<uint32_t>> Nodes() const;

  // The run id ("12.0") in the directory's name; empty when it has none.
  std::string run_id() const;

 private:
  std::string path_;
};

// A run id is "<job id>.<step id>". The directory for it below `parent`.
RunDirectory RunDirectoryFor(absl::string_view parent,
                             absl::string_view run_id);

// Remembers for this user that the run's directory is `path` (a symbolic link
// in $XDG_STATE_HOME/cram or ~/.local/state/cram; links to directories that
// are gone are swept now and then).
absl::Status RememberRun(absl::string_view run_id, const std::string& path);

// `run` is a run directory (one that lost its journals still is one by its
// manifest and its name), a directory that holds run directories (the newest
// is meant), a job id ("12") or a run id ("12.0") of this user, in that order;
// empty is the user's newest run. The error says where was looked.
absl::StatusOr<RunDirectory> FindRun(absl::string_view run);

}  // namespace cram
