// manifest_get MANIFEST: what it costs to open a manifest and to take sub-jobs
// out of it, in microseconds on a CPU: open and one in the middle; each of up
// to 200,000 in order; each of 1,000 in any order, with their hashes.
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <algorithm>

#include "pack/manifest/content_hash.h"
#include "pack/manifest/reader.h"

namespace {

double Microseconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 +
         static_cast<double>(now.tv_nsec) / 1e3;
}

int Fail(const absl::Status& status) {
  fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: manifest_get MANIFEST\n");
    return 2;
  }
  double start = Microseconds();
  auto reader = cram::ManifestReader::Open(argv[1]);
  if (!reader.ok()) return Fail(reader.status());
  uint64_t size = (*reader)->size();
  absl::StatusOr<cram::SubJob> subjob = (*reader)->Get(size / 2);
  if (!subjob.ok()) return Fail(subjob.status());
  double first = Microseconds() - start;

  uint64_t hashes = 0;
  start = Microseconds();
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
  printf("%.0f %.2f %.2f %016" PRIx64 "\n", first, each, any, hashes);
  return 0;
}
