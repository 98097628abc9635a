// Whole numbers on the command line.
#pragma once

#include <string>

namespace cram {

// For CLI::Option::check: nothing for the digits of a number of 64 bits, else
// what is wrong. CLI11 alone takes -1 for the largest number, whatever is too
// large for the largest, too, and no digits for no option.
std::string CheckWholeNumber(const std::string& text);

}  // namespace cram
