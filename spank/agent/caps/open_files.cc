#include "spank/agent/caps/open_files.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace cram {

void ForOpenFiles(pid_t pid,
                  absl::FunctionRef<void(int directory, const char* name,
                                         absl::string_view target)>
                      look) {
  DIR* directory = opendir(absl::StrCat("/proc/", pid, "/fd").c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    char target[PATH_MAX];
    ssize_t size =
        readlinkat(dirfd(directory), entry->d_name, target, sizeof target);
    if (size <= 0) continue;
    look(dirfd(directory), entry->d_name,
         absl::string_view(target, static_cast<size_t>(size)));
  }
  closedir(directory);
}

}  // namespace cram
