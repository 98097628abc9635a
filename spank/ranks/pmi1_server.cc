#include "spank/ranks/pmi1_server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <numeric>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {

namespace {

// "(vector,(0,2,4),(2,1,1))": from node 0 on 2 nodes of 4 ranks, then one of 1.
std::string ProcessMapping(const GangPlace& place) {
  std::string text = "(vector";
  for (size_t first = 0, end; first < place.parts.size(); first = end) {
    uint32_t ranks = place.parts[first].ranks;
    for (end = first; end < place.parts.size(); ++end) {
      if (place.parts[end].ranks != ranks) break;
    }
    absl::StrAppend(&text, ",(", first, ",", end - first, ",", ranks, ")");
  }
  return text + ")";
}

}  // namespace

Pmi1Server::Pmi1Server(Loop* loop, const std::string& name,
                       const GangPlace& place, GangLink* elsewhere,
                       Listener* listener)
    : loop_(loop),
      ranks_(place.ranks()),
      first_(place.first_rank()),
      parts_(place.parts.size()),
      elsewhere_(elsewhere),
      listener_(listener),
      engine_({name, ranks_, place.ranks_here(), ProcessMapping(place)}, this),
      ours_(place.ranks_here()),
      theirs_(place.ranks_here()) {
  std::iota(parts_.begin(), parts_.end(), 0);
}

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
  uint32_t place = rank - first_;
  ours_[place].reset(pair[0]);
  theirs_[place].reset(pair[1]);
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  fcntl(pair[1], F_SETFD, 0);
  environment->Set("PMI_FD", absl::StrCat(pair[1]));
  environment->Set("PMI_RANK", absl::StrCat(rank));
  environment->Set("PMI_SIZE", absl::StrCat(ranks_));
  return loop_->Watch(pair[0], EPOLLIN,
                      [this, place](uint32_t) { Read(place); });
}

void Pmi1Server::Started(uint32_t rank) { theirs_[rank - first_].reset(); }

bool Pmi1Server::Inside(uint32_t rank) {
  uint32_t place = rank - first_;
  if (ours_[place].valid()) Read(place);
  return engine_.inside(place);
}

void Pmi1Server::Read(uint32_t place) {
  char bytes[4096];
  ssize_t got;
  while (ours_[place].valid() &&
         (got = read(ours_[place].get(), bytes, sizeof bytes)) != 0) {
    if (got > 0) {
      engine_.Receive(place, {bytes, static_cast<size_t>(got)});
    } else if (errno != EINTR) {
      if (errno == EAGAIN) return;
      break;
    }
  }
  if (!ours_[place].valid()) return;
  loop_->Unwatch(ours_[place].get());
  ours_[place].reset();
}

// An answer is a short line, and a rank waits for it before it asks again. One
// that does not read is of no use to anybody.
void Pmi1Server::Send(uint32_t place, absl::string_view bytes) {
  if (!ours_[place].valid()) return;
  ssize_t sent = send(ours_[place].get(), bytes.data(), bytes.size(),
                      MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == static_cast<ssize_t>(bytes.size()) || errno == EPIPE) return;
  listener_->Broke(first_ + place,
                   "it asks and does not read what it is answered");
}

void Pmi1Server::BarrierReached() {
  if (elsewhere_ == nullptr) {
    engine_.LeaveBarrier();
    return;
  }
  elsewhere_->Gather("pmi1", parts_, engine_.TakePuts(),
                     [this](const std::string& puts) {
                       engine_.AddPuts(puts);
                       engine_.LeaveBarrier();
                     });
}

void Pmi1Server::AskForName(uint32_t place, const NameRequest& request) {
  if (elsewhere_ == nullptr) {
    engine_.AnswerName(place, request.kind, names_.Answer(request));
    return;
  }
  elsewhere_->AskForName(request, [this, place, kind = request.kind](
                                      bool found, const std::string& value) {
    engine_.AnswerName(place, kind, found ? NameAnswer(value) : std::nullopt);
  });
}

void Pmi1Server::Aborted(uint32_t place, int exit_code) {
  listener_->Aborted(first_ + place, exit_code);
}

void Pmi1Server::Broke(uint32_t place, const std::string& why) {
  listener_->Broke(first_ + place, absl::StrCat("PMI-1: ", why));
}

}  // namespace cram
