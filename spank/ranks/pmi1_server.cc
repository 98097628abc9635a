#include "spank/ranks/pmi1_server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {

Pmi1Server::Pmi1Server(Loop* loop, const std::string& name, uint32_t ranks,
                       Listener* listener)
    : loop_(loop),
      ranks_(ranks),
      listener_(listener),
      engine_({name, ranks, absl::StrCat("(vector,(0,1,", ranks, "))")}, this),
      ours_(ranks),
      theirs_(ranks) {}

Pmi1Server::~Pmi1Server() {
  for (const UniqueFd& fd : ours_) {
    if (fd.valid()) loop_->Unwatch(fd.get());
  }
}

absl::Status Pmi1Server::Prepare(uint32_t rank, RankEnvironment* environment) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return ErrnoStatus("socketpair", "", errno);
  }
  ours_[rank].reset(pair[0]);
  theirs_[rank].reset(pair[1]);
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  fcntl(pair[1], F_SETFD, 0);
  environment->Set("PMI_FD", absl::StrCat(pair[1]));
  environment->Set("PMI_RANK", absl::StrCat(rank));
  environment->Set("PMI_SIZE", absl::StrCat(ranks_));
  return loop_->Watch(pair[0], EPOLLIN, [this, rank](uint32_t) { Read(rank); });
}

void Pmi1Server::Started(uint32_t rank) { theirs_[rank].reset(); }

bool Pmi1Server::Inside(uint32_t rank) {
  if (ours_[rank].valid()) Read(rank);
  return engine_.inside(rank);
}

void Pmi1Server::Read(uint32_t rank) {
  char bytes[4096];
  ssize_t got;
  while (ours_[rank].valid() &&
         (got = read(ours_[rank].get(), bytes, sizeof bytes)) != 0) {
    if (got > 0) {
      engine_.Receive(rank, {bytes, static_cast<size_t>(got)});
    } else if (errno != EINTR) {
      if (errno == EAGAIN) return;
      break;
    }
  }
  if (!ours_[rank].valid()) return;
  loop_->Unwatch(ours_[rank].get());
  ours_[rank].reset();
}

// An answer is a short line, and a rank waits for it before it asks again. One
// that does not read is of no use to anybody.
void Pmi1Server::Send(uint32_t rank, absl::string_view bytes) {
  if (!ours_[rank].valid()) return;
  ssize_t sent = send(ours_[rank].get(), bytes.data(), bytes.size(),
                      MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == static_cast<ssize_t>(bytes.size()) || errno == EPIPE) return;
  listener_->Broke(rank, "it asks and does not read what it is answered");
}

void Pmi1Server::Aborted(uint32_t rank, int exit_code) {
  listener_->Aborted(rank, exit_code);
}

void Pmi1Server::Broke(uint32_t rank, const std::string& why) {
  listener_->Broke(rank, absl::StrCat("PMI-1: ", why));
}

}  // namespace cram
