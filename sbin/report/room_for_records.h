// Whether a run directory takes more records.
#pragma once

#include <string>

namespace cram {

// Why not, as "is full: 12K free"; empty: it does, or nobody can say. statvfs
// knows no quota, and a file system that does not answer says nothing at all:
// so for the directory's owner a small file is made in it and removed, by a
// process of its own, for which one second is waited.
std::string NoRoomForRecords(const std::string& directory);

}  // namespace cram
