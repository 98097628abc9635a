// Where other machines reach this one.
#pragma once

#include <string>
#include <vector>

namespace cram {

// Every address of this machine that is up, numeric; loopback last, which only
// processes on the same machine reach.
std::vector<std::string> OwnAddresses();

}  // namespace cram
