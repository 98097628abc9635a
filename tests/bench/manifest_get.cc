// manifest_get MANIFEST: what it costs to open a manifest and to take sub-jobs
// out of it, in microseconds: open and one in the middle; each of up to 200,000
// in order; each of 1,000 in any order, with their hashes.
#include <inttypes.h>
#include <stdio.h>

#include <algorithm>
#include <chrono>

#include "pack/manifest/content_hash.h"
#include "pack/manifest/reader.h"

namespace {

using Clock = std::chrono::steady_clock;

double MicrosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start)
      .count();
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
  Clock::time_point start = Clock::now();
  auto reader = cram::ManifestReader::Open(argv[1]);
  if (!reader.ok()) return Fail(reader.status());
  uint64_t size = (*reader)->size();
  absl::StatusOr<cram::SubJob> subjob = (*reader)->Get(size / 2);
  if (!subjob.ok()) return Fail(subjob.status());
  double first = MicrosecondsSince(start);

  uint64_t hashes = 0;
  start = Clock::now();
  uint64_t in_order = std::min(size, uint64_t{200000});
  for (uint64_t i = 0; i < in_order; ++i) {
    subjob = (*reader)->Get(i);
    if (!subjob.ok()) return Fail(subjob.status());
    hashes ^= cram::ContentHash(*subjob);
  }
  double each = MicrosecondsSince(start) / static_cast<double>(in_order);

  start = Clock::now();
  for (uint64_t i = 0; i < 1000; ++i) {
    subjob = (*reader)->Get(i * 2654435761 % size);
    if (!subjob.ok()) return Fail(subjob.status());
    hashes ^= cram::ContentHash(*subjob);
  }
  double any = MicrosecondsSince(start) / 1000;
  printf("%.0f %.2f %.2f %016" PRIx64 "\n", first, each, any, hashes);
  return 0;
}
