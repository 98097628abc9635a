// What those who belong to a run know each other by.
#pragma once

#include <string>

namespace cram {

// 16 random bytes, in hexadecimal; empty when there are none to be had.
std::string NewSecret();

}  // namespace cram
