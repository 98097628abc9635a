#include "spank/agent/caps/file_charges.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "pack/base/size.h"

namespace cram {
namespace {

// More than that is mapped piece by piece.
constexpr uint64_t kMostMapped = 256 * kMiB;
constexpr int kLooks = 3;

}  // namespace

// A part of a file that has memory.
struct FileCharges::Piece {
  int fd;
  off_t offset;
  uint64_t bytes;
};

// Maps pieces, and takes them away again.
class FileCharges::Mapping {
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

std::vector<FileCharges::Piece> FileCharges::PiecesOf(int file) {
  const off_t page = sysconf(_SC_PAGESIZE);
  std::vector<Piece> pieces;
  off_t end = 0;
  for (;;) {
    off_t begin = lseek(file, end, SEEK_DATA);
    if (begin < 0) return pieces;
    end = lseek(file, begin, SEEK_HOLE);
    if (end < begin) return pieces;
    end = (end + page - 1) / page * page;
    while (begin < end) {
      uint64_t bytes =
          std::min(static_cast<uint64_t>(end - begin), kMostMapped);
      pieces.push_back({file, begin, bytes});
      begin += static_cast<off_t>(bytes);
    }
  }
}

absl::Status FileCharges::Open(const std::string& directory) {
  return stat_.Open(directory, "memory.stat", O_RDONLY);
}

bool FileCharges::HoldAllOf(const std::vector<int>& files) const {
  std::vector<Piece> together;
  uint64_t all = 0, found = 0, size = 0;
  for (int file : files) {
    struct stat status;
    if (fstat(file, &status) != 0) return false;
    all += static_cast<uint64_t>(status.st_blocks) * 512;
    for (const Piece& piece : PiecesOf(file)) {
      if (size + piece.bytes > kMostMapped) {
        if (!HoldAll(together)) return false;
        found += std::exchange(size, 0);
        together.clear();
      }
      together.push_back(piece);
      size += piece.bytes;
    }
  }
  return all > 0 && found + size == all && HoldAll(together);
}

bool FileCharges::HoldAll(const std::vector<Piece>& pieces) const {
  uint64_t sum = 0;
  for (const Piece& piece : pieces) sum += piece.bytes;
  for (int i = 0; i < kLooks; ++i) {
    if (ChargedOf(pieces) == sum) return true;
  }
  return false;
}

uint64_t FileCharges::ChargedOf(const std::vector<Piece>& pieces) const {
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

uint64_t FileCharges::Mapped() const {
  char buffer[16384];
  return MappedBytes(stat_.Read(buffer, sizeof buffer));
}

uint64_t MappedBytes(absl::string_view memory_stat) {
  uint64_t of_v1 = KeyedNumber(memory_stat, "total_mapped_file");
  return of_v1 != 0 ? of_v1 : KeyedNumber(memory_stat, "file_mapped");
}

}  // namespace cram
