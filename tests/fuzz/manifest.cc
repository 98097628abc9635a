// Any file: it is refused, or every promise of the reader holds.
#include "tests/fuzz/read_manifest.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cram::ReadAnyManifest(cram::TextOf(data, size));
  return 0;
}
