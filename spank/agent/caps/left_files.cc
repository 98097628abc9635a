#include "spank/agent/caps/left_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/fd.h"
#include "pack/base/size.h"
#include "spank/agent/caps/control_file.h"

namespace cram {
namespace {

// The kernel's clock for files may be a tick behind.
constexpr absl::Duration kTick = absl::Milliseconds(10);
// More than that is mapped piece by piece.
constexpr uint64_t kMostMapped = 256 * kMiB;
constexpr int kDeepest = 8;
constexpr size_t kMostFiles = 100;  // at once: each is kept open

struct Entry {
  UniqueFd directory;  // that it is in
  std::string name;
};

struct File {
  Entry entry;
  UniqueFd fd;
  struct stat status;
  uint64_t bytes() const {
    return static_cast<uint64_t>(status.st_blocks) * 512;
  }
};

// Nobody but us has it open or mapped, and nobody opens it before Release. Who
// wants to waits for that, of which a signal tells us that does nothing.
bool Hold(int fd) {
  return fcntl(fd, F_SETSIG, SIGURG) == 0 &&
         fcntl(fd, F_SETLEASE, F_WRLCK) == 0;
}
void Release(int fd) { fcntl(fd, F_SETLEASE, F_UNLCK); }

// It was written to in between.
bool HasChanged(const struct stat& before, const struct stat& after) {
  return before.st_blocks != after.st_blocks ||
         before.st_mtim.tv_sec != after.st_mtim.tv_sec ||
         before.st_mtim.tv_nsec != after.st_mtim.tv_nsec;
}

UniqueFd Copy(const UniqueFd& fd) {
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

// A part of a file that has memory.
struct Piece {
  int fd;
  off_t offset;
  uint64_t bytes;
};

std::vector<Piece> PiecesOf(const File& file) {
  const off_t page = sysconf(_SC_PAGESIZE);
  std::vector<Piece> pieces;
  off_t end = 0;
  for (;;) {
    off_t begin = lseek(file.fd.get(), end, SEEK_DATA);
    if (begin < 0) return pieces;
    end = lseek(file.fd.get(), begin, SEEK_HOLE);
    if (end < begin) return pieces;
    end = (end + page - 1) / page * page;
    while (begin < end) {
      uint64_t bytes =
          std::min(static_cast<uint64_t>(end - begin), kMostMapped);
      pieces.push_back({file.fd.get(), begin, bytes});
      begin += static_cast<off_t>(bytes);
    }
  }
}

// Maps pieces, and takes them away again.
class Mapping {
 public:
  explicit Mapping(const std::vector<Piece>& pieces) : pieces_(pieces) {}
  ~Mapping() { Unmap(); }

  void MapAgain(uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) {
      Unmap();
      Map();
    }
  }
  void Unmap() {
    for (auto& [place, bytes] : mapped_) munmap(place, bytes);
    mapped_.clear();
  }

 private:
  void Map() {
    for (const Piece& piece : pieces_) {
      void* place = mmap(nullptr, piece.bytes, PROT_READ,
                         MAP_SHARED | MAP_POPULATE, piece.fd, piece.offset);
      if (place != MAP_FAILED) mapped_.emplace_back(place, piece.bytes);
    }
  }

  const std::vector<Piece>& pieces_;
  std::vector<std::pair<void*, uint64_t>> mapped_;
};

class Charges {
 public:
  absl::Status Open(const std::string& directory) {
    return stat_.Open(directory, "memory.stat", O_RDONLY);
  }

  // How much of the pieces is charged to the cgroup.
  uint64_t Of(const std::vector<Piece>& pieces) const {
    uint64_t sum = 0;
    for (const Piece& piece : pieces) sum += piece.bytes;
    if (sum == 0) return 0;
    Mapping mapping(pieces);
    // The kernel may leave out what has changed of late, up to a batch of 64
    // pages for each CPU: so much is changed on the way to either reading.
    uint64_t cpus = static_cast<uint64_t>(sysconf(_SC_NPROCESSORS_ONLN));
    uint64_t batches = 64 * (cpus + 4) * sysconf(_SC_PAGESIZE);
    uint64_t times = sum >= batches ? 1 : batches / sum / 2 + 2;
    mapping.MapAgain(times);
    uint64_t with = Mapped();
    mapping.MapAgain(times);
    mapping.Unmap();
    uint64_t without = Mapped();
    return with - std::min(with, without);
  }

 private:
  uint64_t Mapped() const {
    char buffer[16384];
    return MappedBytes(stat_.Read(buffer, sizeof buffer));
  }

  ControlFile stat_;
};

class Sweep {
 public:
  Sweep(absl::Time since, Charges charges)
      : since_(since), charges_(std::move(charges)) {}

  uint64_t Run(const UniqueFd& directory, absl::Duration patience) {
    absl::Time end = absl::Now() + patience;
    uint64_t before;
    do {
      before = removed_;
      files_.clear();
      Collect(directory, 0);
      Judge(end);
    } while (removed_ > before && files_.size() >= kMostFiles);
    // The innermost were found last.
    for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
      unlinkat(it->directory.get(), it->name.c_str(), AT_REMOVEDIR);
    }
    return removed_;
  }

 private:
  using Files = std::vector<File>::iterator;

  bool IsNew(const struct statx& status) const {
    if ((status.stx_mask & STATX_BTIME) == 0 || status.stx_uid != geteuid() ||
        (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
      return false;
    }
    timespec made = {status.stx_btime.tv_sec, status.stx_btime.tv_nsec};
    return absl::TimeFromTimespec(made) >= since_ - kTick;
  }

  void Collect(const UniqueFd& fd, int depth) {
    DIR* directory = fdopendir(Copy(fd).release());
    if (directory == nullptr) return;
    rewinddir(directory);
    while (const dirent* entry = readdir(directory)) {
      if (files_.size() >= kMostFiles) break;
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
        continue;
      }
      struct statx status;
      if (statx(fd.get(), entry->d_name, AT_SYMLINK_NOFOLLOW,
                STATX_BASIC_STATS | STATX_BTIME, &status) != 0 ||
          !IsNew(status)) {
        continue;
      }
      if (S_ISREG(status.stx_mode) && status.stx_blocks > 0) {
        Take(fd, entry->d_name);
      } else if (S_ISDIR(status.stx_mode) && depth < kDeepest) {
        Enter(fd, entry->d_name, depth);
      }
    }
    closedir(directory);
  }

  void Enter(const UniqueFd& above, const char* name, int depth) {
    size_t before = files_.size();
    UniqueFd fd(openat(above.get(), name,
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return;
    size_t place = directories_.size();
    directories_.push_back({Copy(above), name});
    Collect(fd, depth + 1);
    // Nothing in it may be removed.
    if (files_.size() == before) {
      directories_.erase(directories_.begin() + static_cast<ptrdiff_t>(place),
                         directories_.end());
    }
  }

  void Take(const UniqueFd& directory, const char* name) {
    File file;
    file.fd.reset(openat(directory.get(), name,
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    int fd = file.fd.get();
    if (fd < 0 || fstat(fd, &file.status) != 0 || !Hold(fd)) return;
    Release(fd);
    file.entry = {Copy(directory), name};
    files_.push_back(std::move(file));
  }

  // Mostly all of them are the sub-job's: else each is judged alone, since
  // pages of others do not make the kernel bring its counts up to date.
  void Judge(absl::Time end) {
    if (IsCharged(files_.begin(), files_.end())) {
      for (const File& file : files_) Remove(file);
      return;
    }
    if (files_.size() < 2) return;
    for (Files file = files_.begin(); file != files_.end(); ++file) {
      if (absl::Now() > end) return;
      if (IsCharged(file, file + 1)) Remove(*file);
    }
  }

  // All memory of all of them.
  bool IsCharged(Files begin, Files end) const {
    std::vector<Piece> together;
    uint64_t all = 0, found = 0, size = 0;
    for (Files file = begin; file != end; ++file) {
      all += file->bytes();
      for (const Piece& piece : PiecesOf(*file)) {
        if (size + piece.bytes > kMostMapped) {
          if (charges_.Of(together) != size) return false;
          found += std::exchange(size, 0);
          together.clear();
        }
        together.push_back(piece);
        size += piece.bytes;
      }
    }
    return charges_.Of(together) == size && found + size == all && all > 0;
  }

  void Remove(const File& file) {
    int fd = file.fd.get();
    struct stat now;
    if (!Hold(fd)) return;
    if (fstat(fd, &now) == 0 && !HasChanged(file.status, now)) Unlink(file);
    Release(fd);
  }

  // By another name first, so that a file that has just taken its place is not
  // removed for it.
  void Unlink(const File& file) {
    std::string away = absl::StrCat(".cram-removes-", getpid());
    int fd = file.entry.directory.get();
    const char* name = file.entry.name.c_str();
    struct stat status;
    if (renameat2(fd, name, fd, away.c_str(), RENAME_NOREPLACE) != 0) return;
    if (fstatat(fd, away.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_ino == file.status.st_ino) {
      unlinkat(fd, away.c_str(), 0);
      removed_ += file.bytes();
    } else {
      renameat2(fd, away.c_str(), fd, name, RENAME_NOREPLACE);
    }
  }

  absl::Time since_;
  Charges charges_;
  std::vector<File> files_;
  std::vector<Entry> directories_;
  uint64_t removed_ = 0;
};

}  // namespace

uint64_t RemoveLeftFiles(const std::string& tmpfs, absl::Time since,
                         const std::string& directory,
                         absl::Duration patience) {
  struct stat status;
  if (directory.empty() || stat(tmpfs.c_str(), &status) != 0 ||
      absl::TimeFromTimespec(status.st_mtim) < since - kTick) {
    return 0;
  }
  Charges charges;
  UniqueFd fd(open(tmpfs.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs kind;
  if (!fd.valid() || fstatfs(fd.get(), &kind) != 0 ||
      kind.f_type != TMPFS_MAGIC || !charges.Open(directory).ok()) {
    return 0;
  }
  return Sweep(since, std::move(charges)).Run(fd, patience);
}

uint64_t MappedBytes(absl::string_view memory_stat) {
  uint64_t of_v1 = KeyedNumber(memory_stat, "total_mapped_file");
  return of_v1 != 0 ? of_v1 : KeyedNumber(memory_stat, "file_mapped");
}

}  // namespace cram
