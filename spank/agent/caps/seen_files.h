// Whose files in memory are, where no cgroup says so.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "spank/agent/caps/file_id.h"
#include "spank/agent/caps/own_files.h"

namespace cram {

// The files of a tmpfs that sub-jobs were seen with. One is a sub-job's when it
//  - was made since the sub-job's attempt began, by this user: file_id.h;
//  - was seen open for writing, or mapped so, in a process of it;
//  - was seen so in no other sub-job.
// What a process opens and closes between two looks is nobody's.
class SeenFiles {
 public:
  explicit SeenFiles(std::string tmpfs) : tmpfs_(std::move(tmpfs)) {}

  // Looks at a process of the attempt in `slot`, which began at `since`. Some
  // microseconds a descriptor; one stat(2) when nothing was made or removed in
  // the tmpfs itself since then. `has_shared`: it has shared memory, which may
  // be such a file's. Those that are `counted` already are left out.
  void Look(uint32_t slot, absl::Time since, pid_t pid, bool has_shared,
            const OwnFiles& counted = OwnFiles());

  // Memory of those that are the slot's alone, and still there.
  uint64_t BytesOf(uint32_t slot) const;
  std::set<FileId> Of(uint32_t slot) const;

  // The slot's attempt has ended.
  void Forget(uint32_t slot);

 private:
  struct File {
    std::string path;
    std::set<uint32_t> slots;  // in which it is remembered
    bool was_shared_by_slots = false;
    bool IsOf(uint32_t slot) const {
      return !was_shared_by_slots && slots.count(slot) != 0;
    }
  };

  void Remember(uint32_t slot, absl::Time since, const std::string& path,
                const FileId& id);

  std::string tmpfs_;
  std::map<FileId, File> files_;
};

// A line of /proc/<pid>/maps, proc(5), of a file that is mapped to be written
// to and shared with others.
struct TmpfsFile {
  std::string path;
  FileId id;
};
// Those whose path begins with `prefix`. Pure; what is malformed is left out.
std::vector<TmpfsFile> FilesMappedToWrite(absl::string_view maps,
                                          absl::string_view prefix);

}  // namespace cram
