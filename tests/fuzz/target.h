// A fuzz target is one source file that defines this function: it gives any
// bytes to one parser, and aborts when the parser's promises do not hold.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "absl/strings/string_view.h"

// Always returns 0, as libFuzzer wants it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace cram {

// Never without an address: absl::StrSplit has an empty text apart from none.
inline absl::string_view TextOf(const uint8_t* data, size_t size) {
  if (size == 0) return "";
  return absl::string_view(reinterpret_cast<const char*>(data), size);
}

}  // namespace cram

#define REQUIRE(truth)                                            \
  do {                                                            \
    if (!(truth)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth); \
      abort();                                                    \
    }                                                             \
  } while (false)
