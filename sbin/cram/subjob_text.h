// A sub-job in words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pack/base/runtime_knobs.h"
#include "pack/manifest/subjob.h"

namespace cram {

// One line, ending in a newline: a command that a shell would run the same way,
// then a comment with what a shell does not do:
//   3: cd /data && SEED=3 run --seed=3 <in >out  # 2 CPUs, 200.00M, 00:01:30
std::string SubJobLine(const SubJob& subjob);

// A line for each property that it has, and for each variable that tells
// runtimes of its cap.
std::string SubJobParagraph(const SubJob& subjob,
                            const std::vector<ToldKnob>& told);

nlohmann::ordered_json SubJobJson(const SubJob& subjob);
nlohmann::ordered_json ToldJson(const std::vector<ToldKnob>& told);

// With a newline at its end. File names need not be UTF-8, but JSON must.
std::string JsonText(const nlohmann::ordered_json& json, int indent);

}  // namespace cram
