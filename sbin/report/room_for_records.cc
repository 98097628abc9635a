#include "sbin/report/room_for_records.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "pack/base/fd.h"
#include "pack/base/size.h"

namespace cram {
namespace {

// Less than a journal takes in seconds.
constexpr uint64_t kLittleRoom = kMiB;
constexpr size_t kTriedBytes = 64 << 10;
constexpr size_t kRandomAtOnce = 256;  // never less than asked for
constexpr int kPatienceMs = 1000;

// Writes what no file system can store in less, and removes it.
// The error of that, or 0. Calls nothing that a forked process must not.
int TryToWrite(const char* path) {
  std::array<char, kTriedBytes> bytes;
  for (size_t i = 0; i < bytes.size(); i += kRandomAtOnce) {
    if (getrandom(&bytes[i], kRandomAtOnce, 0) != kRandomAtOnce) return 0;
  }
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  unlink(path);
  for (size_t done = 0; done < bytes.size();) {
    ssize_t wrote = write(fd, &bytes[done], bytes.size() - done);
    if (wrote < 0) return errno;
    done += static_cast<size_t>(wrote);
  }
  // A file server may tell of a quota only now.
  return close(fd) == 0 ? 0 : errno;
}

// What TryToWrite() says; none: it has not come back.
std::optional<int> TryForASecond(const std::string& path) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return 0;
  UniqueFd reader(ends[0]), writer(ends[1]);
  pid_t child = fork();
  if (child < 0) return 0;
  if (child == 0) {
    // Nobody waits for what it holds open, and Ctrl-C leaves no file of it.
    setsid();
    for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(fd);
    int error = TryToWrite(path.c_str());
    _exit(write(writer.get(), &error, sizeof(error)) == sizeof(error) ? 0 : 1);
  }
  writer.reset();
  struct pollfd answer = {reader.get(), POLLIN, 0};
  // It goes on until the file system answers.
  if (poll(&answer, 1, kPatienceMs) == 0) return std::nullopt;
  int error = 0;
  if (read(reader.get(), &error, sizeof(error)) != sizeof(error)) error = 0;
  waitpid(child, nullptr, 0);
  return error;
}

}  // namespace

std::string NoRoomForRecords(const std::string& directory) {
  if (access(directory.c_str(), W_OK) != 0 && errno == EROFS) {
    return "is read-only";
  }
  struct statvfs room;
  if (statvfs(directory.c_str(), &room) != 0) return "";
  uint64_t bytes = uint64_t{room.f_bavail} * room.f_frsize;
  if (bytes < kLittleRoom) {
    return absl::StrCat("is full: ", FormatSize(bytes), " free");
  }
  struct stat owned;
  if (stat(directory.c_str(), &owned) != 0 || owned.st_uid != geteuid()) {
    return "";
  }
  std::optional<int> error =
      TryForASecond(absl::StrCat(directory, "/.room.", getpid()));
  if (!error) return "does not answer";
  if (*error == 0 || *error == EACCES || *error == EPERM) return "";
  return absl::StrCat("takes no more: ", strerror(*error));
}

}  // namespace cram
