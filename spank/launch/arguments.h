// The command lines that cram-launch ends in. Pure: words in, words out.
#pragma once

#include <string>
#include <vector>

#include "spank/launch/request.h"

namespace cram {

// Of the manifest's file: "sweep" for "/x/sweep.pb".
std::string JobNameFor(const std::string& manifest);

// srun with its options, of which only --cram is left of the plugin's, then
// `agent` as the step's command, which gets the run's options and, after "--",
// the user's command. `request` is ready: its paths are absolute. `job_name`
// may be empty; the user's own wins.
std::vector<std::string> BuildSrunArguments(const LaunchRequest& request,
                                            const std::string& agent,
                                            const std::string& job_name);

// sbatch with its options, of which --cram's become those of `srun` in the
// batch script.
std::vector<std::string> BuildSbatchArguments(const LaunchRequest& request,
                                              const std::string& srun,
                                              const std::string& job_name);

}  // namespace cram
