#include "spank/ranks/gang_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {
namespace {

// All parts are started at the same time; a loaded file system may take long
// to load a program.
constexpr absl::Duration kJoinPatience = absl::Seconds(60);
constexpr absl::Duration kConnectPatience = absl::Seconds(5);

// A machine that went away says nothing: it is found out in half a minute.
void FindOutSoon(int fd) {
  int on = 1, idle = 10, interval = 5, count = 4;
  unsigned unacknowledged_ms = 30000;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
             sizeof unacknowledged_ms);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// In time that does not tell how much of it was right.
bool SameSecret(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

}  // namespace

GangLink::GangLink(Loop* loop, const GangPlace* place, Listener* listener)
    : loop_(loop), place_(place), listener_(listener) {}

GangLink::~GangLink() {
  *alive_ = false;
  loop_->Cancel(patience_);
  loop_->Unwatch(listening_.get());
  for (const auto& [fd, peer] : peers_) loop_->Unwatch(fd);
}

absl::Status GangLink::Start(uint16_t* port) {
  if (!place_->is_hub()) {
    ConnectToNext();
    return absl::OkStatus();
  }
  uint32_t parts = static_cast<uint32_t>(place_->parts.size());
  GangHub::Host* host = this;
  hub_ = std::make_unique<GangHub>(parts, host);
  absl::Status status = Listen(port);
  if (!status.ok()) return status;
  hub_->Joined(0);
  patience_ = loop_->After(kJoinPatience, [this, parts] {
    for (uint32_t part = 1; part < parts; ++part) {
      if (part_fds_.count(part) == 0) hub_->Lost(part);
    }
  });
  return absl::OkStatus();
}

// ---- Connections

absl::Status GangLink::Listen(uint16_t* port) {
  listening_.reset(
      socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in any = {};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof any;
  sockaddr* address = reinterpret_cast<sockaddr*>(&any);
  if (!listening_.valid() || bind(listening_.get(), address, size) != 0 ||
      listen(listening_.get(), SOMAXCONN) != 0 ||
      getsockname(listening_.get(), address, &size) != 0) {
    return ErrnoStatus("listen", "", errno);
  }
  *port = ntohs(any.sin_port);
  return loop_->Watch(listening_.get(), EPOLLIN,
                      [this](uint32_t) { Accept(); });
}

void GangLink::Accept() {
  UniqueFd socket(accept4(listening_.get(), nullptr, nullptr,
                          SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.valid()) Adopt(std::move(socket), false);
}

void GangLink::ConnectToNext() {
  loop_->Cancel(patience_);
  for (const auto& [fd, peer] : peers_) loop_->Unwatch(fd);
  peers_.clear();
  if (next_address_ == place_->addresses.size()) {
    HubIsLost();
    return;
  }
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(place_->port);
  inet_pton(AF_INET, place_->addresses[next_address_++].c_str(), &to.sin_addr);
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  patience_ = loop_->After(kConnectPatience, [this] { ConnectToNext(); });
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 &&
      errno != EINPROGRESS) {
    loop_->Cancel(patience_);
    patience_ = loop_->After(absl::ZeroDuration(), [this] { ConnectToNext(); });
    return;
  }
  Adopt(std::move(fd), true);
}

void GangLink::Adopt(UniqueFd socket, bool connecting) {
  int fd = socket.get();
  FindOutSoon(fd);
  peers_[fd].socket = std::move(socket);
  (void)loop_->Watch(fd, connecting ? EPOLLOUT : EPOLLIN,
                     [this, fd](uint32_t events) {
                       if (!hub_ && !joined_) {
                         Connected(fd);
                       } else {
                         Ready(fd, events);
                       }
                     });
}

void GangLink::Connected(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    ConnectToNext();
    return;
  }
  loop_->Cancel(patience_);
  joined_ = true;
  GangMessage hello;
  hello.kind = GangMessage::Kind::kHello;
  hello.number = place_->part;
  hello.text = place_->secret;
  ToHub(hello);
}

void GangLink::Ready(int fd, uint32_t events) {
  Peer& peer = peers_.at(fd);
  if (events & EPOLLOUT) Write(&peer);
  bool open = (events & ~EPOLLOUT) == 0 || Read(&peer);
  std::shared_ptr<bool> alive = alive_;
  while (*alive && peers_.count(fd) != 0) {
    std::optional<GangMessage> message = peer.reader.Next();
    if (!message) break;
    if (!hub_) {
      Handle(*std::move(message));
    } else if (peer.part) {
      hub_->Receive(*peer.part, *std::move(message));
    } else {
      Greet(&peer, *message);
    }
  }
  if (!*alive || peers_.count(fd) == 0) return;
  if (!open || peer.reader.broken()) Broke(fd);
}

bool GangLink::Read(Peer* peer) {
  char bytes[65536];
  ssize_t got = recv(peer->socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (got > 0) peer->reader.Feed({bytes, static_cast<size_t>(got)});
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void GangLink::Write(Peer* peer) {
  size_t sent = 0;
  while (sent < peer->out.size()) {
    ssize_t wrote = send(peer->socket.get(), peer->out.data() + sent,
                         peer->out.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) break;  // an error shows at the next read as well
    sent += static_cast<size_t>(wrote);
  }
  peer->out.erase(0, sent);
  loop_->ChangeEvents(peer->socket.get(),
                      peer->out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void GangLink::Greet(Peer* peer, const GangMessage& message) {
  uint32_t part = message.number;
  int fd = peer->socket.get();
  if (message.kind != GangMessage::Kind::kHello ||
      !SameSecret(message.text, place_->secret) ||
      part >= place_->parts.size() || !part_fds_.emplace(part, fd).second) {
    Broke(fd);
    return;
  }
  peer->part = part;
  hub_->Joined(part);
}

void GangLink::Broke(int fd) {
  loop_->Unwatch(fd);
  std::optional<uint32_t> part = peers_.at(fd).part;
  peers_.erase(fd);
  if (!hub_) {
    HubIsLost();
  } else if (part) {
    hub_->Lost(*part);
  }
}

// It leaves when the world is over.
void GangLink::HubIsLost() {
  if (done_) {
    listener_->MayLeave();
    return;
  }
  ExitStatus status;
  status.code = 1;
  listener_->EndedElsewhere(std::nullopt, status);
}

// ---- What is said

void GangLink::ToHub(GangMessage message) {
  message.from = place_->part;
  if (hub_) {
    // Whoever says it may be called back by the answer.
    loop_->After(absl::ZeroDuration(), [this, alive = alive_, message] {
      if (*alive) hub_->Receive(0, message);
    });
    return;
  }
  if (peers_.empty()) return;
  Peer& peer = peers_.begin()->second;
  message.AppendTo(&peer.out);
  Write(&peer);
}

void GangLink::Send(uint32_t part, const GangMessage& message) {
  if (part == 0) {
    loop_->After(absl::ZeroDuration(), [this, alive = alive_, message] {
      if (*alive) Handle(message);
    });
    return;
  }
  auto fd = part_fds_.find(part);
  if (fd == part_fds_.end() || peers_.count(fd->second) == 0) return;
  Peer& peer = peers_.at(fd->second);
  message.AppendTo(&peer.out);
  Write(&peer);
}

void GangLink::WorldIsOver() {
  // Behind what was said to this part before.
  loop_->After(absl::ZeroDuration(), [this, alive = alive_] {
    if (*alive) listener_->MayLeave();
  });
}

void GangLink::Handle(GangMessage message) {
  switch (message.kind) {
    case GangMessage::Kind::kGo:
      loop_->Cancel(patience_);
      listener_->Go();
      break;
    case GangMessage::Kind::kGathered: {
      auto came = coming_.find(message.key);
      if (came == coming_.end()) break;
      Came done = std::move(came->second);
      coming_.erase(came);
      done(message.data);
      break;
    }
    case GangMessage::Kind::kEnd:
      listener_->EndedElsewhere(
          message.failed ? std::nullopt : std::make_optional(message.number),
          message.exit);
      break;
    case GangMessage::Kind::kSignal:
      listener_->SignalFromHub(static_cast<int>(message.number));
      break;
    case GangMessage::Kind::kFetch:
      HandleFetch(message);
      break;
    case GangMessage::Kind::kFetched: {
      auto fetched = fetching_.find(message.key);
      if (fetched == fetching_.end()) break;
      Fetched done = std::move(fetched->second);
      fetching_.erase(fetched);
      done(!message.failed, message.data);
      break;
    }
    default:
      break;  // nothing that a hub has to say
  }
}

void GangLink::HandleFetch(const GangMessage& message) {
  GangMessage answer;
  answer.kind = GangMessage::Kind::kFetched;
  answer.to = message.from;
  answer.key = message.key;
  answer.failed = true;
  if (!fetch_server_) {
    ToHub(answer);
    return;
  }
  fetch_server_(message.number, [this, alive = alive_, answer](
                                    bool found, const std::string& data) {
    if (!*alive) return;
    GangMessage said = answer;
    said.failed = !found;
    said.data = data;
    ToHub(said);
  });
}

void GangLink::Gather(const std::string& key,
                      const std::vector<uint32_t>& parts, std::string data,
                      Came came) {
  GangMessage message;
  message.kind = GangMessage::Kind::kGather;
  message.key = absl::StrCat(key, "#", gathers_[key]++);
  message.parts = parts;
  message.data = std::move(data);
  coming_[message.key] = std::move(came);
  ToHub(message);
}

void GangLink::Fetch(uint32_t part, uint32_t rank, Fetched fetched) {
  GangMessage message;
  message.kind = GangMessage::Kind::kFetch;
  message.to = part;
  message.number = rank;
  Ask(std::move(message), std::move(fetched));
}

void GangLink::AskForName(const NameRequest& request, Fetched answered) {
  GangMessage message;
  message.kind = GangMessage::Kind::kName;
  message.number = static_cast<uint32_t>(request.kind);
  message.text = request.name;
  message.data = request.value;
  Ask(std::move(message), std::move(answered));
}

void GangLink::Ask(GangMessage message, Fetched fetched) {
  message.key = absl::StrCat(place_->part, ".", fetches_++);
  fetching_[message.key] = std::move(fetched);
  ToHub(std::move(message));
}

void GangLink::Failed(uint32_t rank, const ExitStatus& exit) {
  GangMessage message;
  message.kind = GangMessage::Kind::kFailed;
  message.number = rank;
  message.exit = exit;
  ToHub(message);
}

void GangLink::Done(const ExitStatus& exit, uint32_t rank) {
  if (done_) return;
  done_ = true;
  GangMessage message;
  message.kind = GangMessage::Kind::kDone;
  message.number = rank;
  message.exit = exit;
  ToHub(message);
  if (!hub_ && peers_.empty()) HubIsLost();
}

void GangLink::Signal(int signal) {
  GangMessage message;
  message.kind = GangMessage::Kind::kSignal;
  message.number = static_cast<uint32_t>(signal);
  if (hub_) {
    hub_->Signal(message.number);
  } else if (joined_) {
    ToHub(message);
  }
}

}  // namespace cram
