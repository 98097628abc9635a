// Amounts of memory, as people and Slurm write them.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

inline constexpr uint64_t kKiB = 1024;
inline constexpr uint64_t kMiB = 1024 * kKiB;
inline constexpr uint64_t kGiB = 1024 * kMiB;

// Bytes. "200M", "1.5G", "64K", "2T"; the suffix may go on as "MB" or "MiB",
// in any case, and always means powers of 1024. A bare number is megabytes, as
// in Slurm's --mem. Zero, negative and overflowing amounts are errors.
absl::StatusOr<uint64_t> ParseSize(absl::string_view text);

// Memory caps begin here: below it no program can be loaded, and a kernel
// counts it in steps of up to a quarter of that.
inline constexpr uint64_t kLeastCap = kMiB;

// A size of at least kLeastCap.
absl::StatusOr<uint64_t> ParseCap(absl::string_view text);

// With one unit letter: "204800K" for unit 'K', "0.20G" for 'G'; two decimals
// unless the number is whole. '\0' chooses the largest unit that leaves a
// number of at least 1, or K. What is less than 0.01 of the unit is shown as
// that, zero as "0".
std::string FormatSize(uint64_t bytes, char unit = '\0');

// As sacct prints memory when no unit was asked for: the largest unit that
// loses nothing, halves allowed: "200M", "2.50G", "204801K", "1000".
std::string FormatExactSize(uint64_t bytes);

}  // namespace cram
