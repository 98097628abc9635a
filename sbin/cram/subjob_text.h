// A sub-job in words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "pack/manifest/subjob.h"

namespace cram {

// One line, ending in a newline: a command that a shell would run the same way,
// then a comment with what a shell does not do:
//   3: cd /data && SEED=3 run --seed=3 <in >out  # 2 CPUs, 200.00M, 00:01:30
std::string SubJobLine(const SubJob& subjob);

// A line for each property that it has.
std::string SubJobParagraph(const SubJob& subjob);

nlohmann::ordered_json SubJobJson(const SubJob& subjob);

}  // namespace cram
