#include "spank/agent/output/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "pack/base/spare_file.h"
#include "spank/agent/output/destination.h"

namespace cram {
namespace {

// Never waits for the other end of a named pipe: everybody would wait with us.
bool Open(const std::string& path, int flags, UniqueFd* fd, Streams* streams) {
  fd->reset(open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0666));
  if (fd->valid()) {
    fcntl(fd->get(), F_SETFL, flags);
    return true;
  }
  streams->error = errno;
  streams->failed_step = absl::StrCat("open ", path);
  return false;
}

// Open for reading and writing, for as long as this process lives.
bool OpenNull(int* fd, Streams* streams) {
  static const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  *fd = null;
  if (null >= 0) return true;
  streams->error = ENODEV;
  streams->failed_step = "open /dev/null";
  return false;
}

bool OpenInput(const SubJob& subjob, Streams* streams) {
  if (subjob.stdin_path.empty()) return OpenNull(&streams->in, streams);
  std::string path = FilePath(subjob, subjob.stdin_path);
  if (!Open(path, O_RDONLY, &streams->opened_in, streams)) return false;
  streams->in = streams->opened_in.get();
  return true;
}

// Where that cannot be done there is nothing to keep, or nowhere.
void KeepEarlier(const std::string& path, uint32_t attempt) {
  struct stat status;
  if (attempt == 0 || stat(path.c_str(), &status) != 0 ||
      !S_ISREG(status.st_mode)) {
    return;
  }
  std::string kept = absl::StrCat(path, ".attempt", attempt - 1);
  (void)rename(path.c_str(), kept.c_str());
}

// `fd` becomes the descriptor to use.
bool OpenOutput(const Destination& to, uint32_t attempt,
                const Collector* collector, bool later_part,
                OutputStream stream, UniqueFd* opened, int* fd,
                Streams* streams) {
  switch (to.kind) {
    case Destination::Kind::kPacked:
      *fd = collector->write_fd(Collector::PipeOf(stream));
      return true;
    case Destination::Kind::kInherited:
      *fd = stream == OutputStream::kStdout ? STDOUT_FILENO : STDERR_FILENO;
      return true;
    case Destination::Kind::kNull:
      return OpenNull(fd, streams);
    case Destination::Kind::kFile:
      break;
  }
  int flags = O_WRONLY | O_CREAT | O_APPEND;
  if (!later_part) {
    KeepEarlier(to.path, attempt);
    flags |= O_TRUNC;
  }
  if (!Open(to.path, flags, opened, streams)) return false;
  SpareFile(opened->get());
  *fd = opened->get();
  return true;
}

}  // namespace

Streams OpenStreams(const SubJob& subjob, uint32_t attempt,
                    const RunOptions& options, const Collector* collector,
                    bool later_part) {
  Streams streams;
  absl::StatusOr<Destinations> to = FindDestinations(subjob, options);
  if (!to.ok()) {
    streams.failed_step = std::string(to.status().message());
    streams.error = EINVAL;
    return streams;
  }
  // Rank 0 is not here.
  bool of_ranks = options.output == OutputMode::kRank0 ||
                  options.output == OutputMode::kAll;
  if (later_part && of_ranks && subjob.stdout_path.empty()) {
    to->out.kind = Destination::Kind::kNull;
  }
  if (later_part && of_ranks && subjob.stderr_path.empty()) {
    to->err.kind = Destination::Kind::kNull;
  }
  if (!OpenInput(subjob, &streams) ||
      !OpenOutput(to->out, attempt, collector, later_part,
                  OutputStream::kStdout, &streams.opened_out, &streams.out,
                  &streams)) {
    return streams;
  }
  // One file for both is opened once, or they would overwrite each other.
  if (to->err.kind == Destination::Kind::kFile &&
      to->err.path == to->out.path) {
    streams.err = streams.out;
    return streams;
  }
  OpenOutput(to->err, attempt, collector, later_part, OutputStream::kStderr,
             &streams.opened_err, &streams.err, &streams);
  return streams;
}

}  // namespace cram
