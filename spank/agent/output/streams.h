// Standard input, output and error of one attempt, opened.
#pragma once

#include <stdint.h>

#include <string>

#include "pack/base/fd.h"
#include "pack/base/run_options.h"
#include "pack/manifest/subjob.h"
#include "spank/agent/output/collector.h"

namespace cram {

// What was opened for the attempt closes with it; pipes, inherited descriptors
// and /dev/null are only named.
struct Streams {
  UniqueFd opened_in, opened_out, opened_err;
  int in = -1, out = -1, err = -1;

  // What could not be done ("open /x/in.txt"), and the errno; empty: nothing.
  std::string failed_step;
  int error = 0;
};

// `collector` may be none when the options pack no output. A file is emptied,
// but what an earlier attempt of this run wrote is kept beside it: before
// attempt K, NAME becomes NAME.attempt<K-1>.
Streams OpenStreams(const SubJob& subjob, uint32_t attempt,
                    const RunOptions& options, const Collector* collector,
                    bool later_part = false);

}  // namespace cram
