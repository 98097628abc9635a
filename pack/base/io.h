// Whole reads and writes of files, with errors that say which file and why.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"

namespace cram {

// "open /x/in.txt: No such file or directory", with the canonical code that
// absl maps `error` (an errno value) to.
absl::Status ErrnoStatus(absl::string_view operation, absl::string_view path,
                         int error);

// `status` with "context: " before its message. An ok status stays ok.
absl::Status WithContext(absl::string_view context, const absl::Status& status);

// open(2) with O_CLOEXEC added to `flags`, retried on EINTR.
absl::StatusOr<UniqueFd> OpenFile(const std::string& path, int flags,
                                  mode_t mode = 0666);

// Everything from the descriptor's offset to the end of file.
absl::StatusOr<std::string> ReadAll(int fd, absl::string_view name);
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Writes all of `bytes`, however many write(2) calls that takes. `name` is
// only for the error.
absl::Status WriteFull(int fd, absl::string_view bytes, absl::string_view name);

// Gives `path` the content `bytes` in one step: readers see the old content or
// the new, never a part. Leaves no temporary file behind on failure.
absl::Status ReplaceFile(const std::string& path, absl::string_view bytes,
                         mode_t mode = 0644);

// `path` made absolute against the current directory; not resolved.
std::string AbsolutePath(absl::string_view path);

}  // namespace cram
