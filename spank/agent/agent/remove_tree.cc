#include "spank/agent/agent/remove_tree.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace cram {
namespace {

namespace fs = std::filesystem;

void MakeAccessible(const fs::path& directory) {
  std::error_code error;
  fs::permissions(directory, fs::perms::owner_all, fs::perm_options::add,
                  error);
  for (const fs::directory_entry& entry :
       fs::directory_iterator(directory, error)) {
    if (entry.symlink_status(error).type() == fs::file_type::directory) {
      MakeAccessible(entry.path());
    }
  }
}

}  // namespace

bool RemoveTree(const std::string& directory) {
  // The common case, and the cheapest: nothing is in it.
  if (rmdir(directory.c_str()) == 0) return true;
  std::error_code error;
  fs::remove_all(directory, error);
  if (!error) return true;
  MakeAccessible(directory);
  fs::remove_all(directory, error);
  return !error;
}

}  // namespace cram
