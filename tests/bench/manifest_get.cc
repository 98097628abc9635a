// manifest_get MANIFEST: what it costs to open a manifest and to take sub-jobs
// out of it, in microseconds: to open it and take one in the middle, on a CPU
// when the file is in memory, and by the clock when it is on the disk only;
// then on a CPU each of up to 200,000 in order, and each of 1,000 in any order,
// with their hashes.
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <algorithm>

#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/manifest/content_hash.h"
#include "pack/manifest/reader.h"

namespace {

double Microseconds(clockid_t clock = CLOCK_PROCESS_CPUTIME_ID) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e6 +
         static_cast<double>(now.tv_nsec) / 1e3;
}

int Fail(const absl::Status& status) {
  fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

// What somebody has mapped stays in memory.
bool PutOutOfMemory(const char* path) {
  cram::UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  return fd.valid() && posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED) == 0;
}

// Open, and one in the middle.
absl::StatusOr<double> First(const char* path, clockid_t clock) {
  double start = Microseconds(clock);
  auto reader = cram::ManifestReader::Open(path);
  if (!reader.ok()) return reader.status();
  absl::StatusOr<cram::SubJob> subjob = (*reader)->Get((*reader)->size() / 2);
  if (!subjob.ok()) return subjob.status();
  return Microseconds(clock) - start;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: manifest_get MANIFEST\n");
    return 2;
  }
  // Into memory.
  if (!cram::ReadFile(argv[1]).ok()) return 1;
  absl::StatusOr<double> first = First(argv[1], CLOCK_PROCESS_CPUTIME_ID);
  if (!first.ok()) return Fail(first.status());
  if (!PutOutOfMemory(argv[1])) return 1;
  absl::StatusOr<double> from_disk = First(argv[1], CLOCK_MONOTONIC);
  if (!from_disk.ok()) return Fail(from_disk.status());

  if (!cram::ReadFile(argv[1]).ok()) return 1;
  auto reader = cram::ManifestReader::Open(argv[1]);
  if (!reader.ok()) return Fail(reader.status());
  absl::StatusOr<cram::SubJob> subjob;
  uint64_t size = (*reader)->size();
  uint64_t hashes = 0;
  double start = Microseconds();
  uint64_t in_order = std::min(size, uint64_t{200000});
  for (uint64_t i = 0; i < in_order; ++i) {
    subjob = (*reader)->Get(i);
    if (!subjob.ok()) return Fail(subjob.status());
    hashes ^= cram::ContentHash(*subjob);
  }
  double each = (Microseconds() - start) / static_cast<double>(in_order);

  start = Microseconds();
  for (uint64_t i = 0; i < 1000; ++i) {
    subjob = (*reader)->Get(i * 2654435761 % size);
    if (!subjob.ok()) return Fail(subjob.status());
    hashes ^= cram::ContentHash(*subjob);
  }
  double any = (Microseconds() - start) / 1000;
  printf("%.0f %.0f %.2f %.2f %016" PRIx64 "\n", *first, *from_disk, each, any,
         hashes);
  return 0;
}
