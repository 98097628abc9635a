// What a sub-job is, in 64 bits.
#pragma once

#include <stdint.h>

#include <string>

#include "pack/manifest/subjob.h"

namespace cram {

// Of what decides what a sub-job does: command, directory, changes of the
// environment, standard input, ranks and resources, all filled in. Not of its
// index, its name or where its output goes, and not of how it was packed:
// the same run out of a list of lines, a table or a sweep has one hash, in
// every version. XXH64, seed 0, of ContentText.
uint64_t ContentHash(const SubJob& subjob);

// What is hashed; cram-manifest(5) has it in full. Properties at their default
// are left out, so that one which is new in some version changes no hash of a
// sub-job without it.
std::string ContentText(const SubJob& subjob);

// "0f1e2d3c4b5a6978".
std::string FormatHash(uint64_t hash);

}  // namespace cram
