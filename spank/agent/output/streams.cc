#include "spank/agent/output/streams.h"

#include <errno.h>
#include <fcntl.h>

#include "absl/strings/str_cat.h"
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

bool OpenInput(const SubJob& subjob, Streams* streams) {
  std::string path =
      subjob.stdin_path.empty() ? "/dev/null" : subjob.stdin_path;
  if (path[0] != '/' && !subjob.cwd.empty()) {
    path = absl::StrCat(subjob.cwd, "/", path);
  }
  return Open(path, O_RDONLY, &streams->in, streams);
}

// `fd` becomes the descriptor to use: the pipe, the agent's own, or `opened`.
bool OpenOutput(const Destination& to, int pipe, int inherited,
                UniqueFd* opened, int* fd, Streams* streams) {
  *fd = to.kind == Destination::Kind::kPacked ? pipe : inherited;
  if (to.kind == Destination::Kind::kNull) {
    if (!Open("/dev/null", O_WRONLY, opened, streams)) return false;
    *fd = opened->get();
  } else if (to.kind == Destination::Kind::kFile) {
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
    if (!Open(to.path, flags, opened, streams)) return false;
    *fd = opened->get();
  }
  return true;
}

}  // namespace

Streams OpenStreams(const SubJob& subjob, const RunOptions& options,
                    const Collector& collector) {
  Streams streams;
  absl::StatusOr<Destinations> to = FindDestinations(subjob, options);
  if (!to.ok()) {
    streams.failed_step = std::string(to.status().message());
    streams.error = EINVAL;
    return streams;
  }
  if (!OpenInput(subjob, &streams) ||
      !OpenOutput(to->out, collector.write_fd(OutputStream::kStdout), 1,
                  &streams.opened_out, &streams.out, &streams)) {
    return streams;
  }
  // One file for both is opened once, or they would overwrite each other.
  if (to->err.kind == Destination::Kind::kFile &&
      to->err.path == to->out.path) {
    streams.err = streams.out;
    return streams;
  }
  OpenOutput(to->err, collector.write_fd(OutputStream::kStderr), 2,
             &streams.opened_err, &streams.err, &streams);
  return streams;
}

}  // namespace cram
