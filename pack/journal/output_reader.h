// Takes one attempt's output out of a node's packed output.
#pragma once

#include <stdint.h>

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/journal/output_writer.h"

namespace cram {

// From the attempt's Ended record: where its first chunk is, and how many
// bytes its stream has.
struct OutputExtent {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

// The next bytes of a stream; the view is good during the call that gives it.
struct OutputPiece {
  absl::string_view bytes;
  uint64_t left_out = 0;         // so many are missing before them
  std::optional<uint32_t> rank;  // whose they are, in a sub-job of several
};

// Gives the stream's bytes, of all ranks, to `deliver`, in order. With an
// extent it reads from there until all bytes were seen. Without one (the
// attempt still runs, or its node was lost) it reads the whole file and
// delivers what is there. Returns the number of bytes delivered: fewer than the
// extent says when the file is torn or damaged. Errors: cannot be opened or
// read, not packed output, a newer major version.
absl::StatusOr<uint64_t> ReadOutput(
    const std::string& path, const OutputSource& source,
    const std::optional<OutputExtent>& extent,
    const std::function<void(const OutputPiece&)>& deliver);

}  // namespace cram
