// The limits that writer and reader of a manifest agree on, beyond what
// manifest.proto says.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace cram {

inline constexpr char kManifestMagic[] = "cram manifest";
inline constexpr uint32_t kManifestMajor = 1;
inline constexpr uint32_t kManifestMinor = 3;

// index_crc32 and index_offset with their tags, at the end of the file.
inline constexpr size_t kManifestTailBytes = 5 + 9;

// Most bytes that rows unpack to which are packed together: it bounds what a
// foreign file can make a reader allocate. A row must fit.
inline constexpr size_t kMaxUnpackedBytes = 8 << 20;

// The same for a template and for how many there are.
inline constexpr size_t kMaxMessageBytes = 8 << 20;
inline constexpr size_t kMaxTemplates = 1 << 16;

// Blocks: full ones would be of 16 thousand million sub-jobs.
inline constexpr size_t kMaxBlocks = 1 << 20;

// The index, which has room for as many: who opens a manifest reads all of it.
inline constexpr size_t kMaxIndexBytes = 48 << 20;

// Words and variables of a sub-job, and placeholders of a template: empty ones
// take a hundred times the bytes of the file. More do not fit into execve(2).
inline constexpr size_t kMaxTexts = 1 << 17;

// Axes of a sweep; columns of a block of rows.
inline constexpr size_t kMaxAxes = 1000;
inline constexpr size_t kMaxColumns = 10000;

// Points of a sample.
inline constexpr uint64_t kMaxSample = uint64_t{1} << 32;

}  // namespace cram
