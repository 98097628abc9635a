#include "spank/agent/agent/root_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {
namespace {

std::string NewSecret() {
  char bytes[16];
  ssize_t n = getrandom(bytes, sizeof bytes, 0);
  return absl::BytesToHexString(absl::string_view(bytes, n < 0 ? 0 : n));
}

// Every address of this machine that is up; loopback last, which only agents
// on the same machine reach.
std::vector<std::string> OwnAddresses() {
  std::vector<std::string> addresses, loopback;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {"127.0.0.1"};
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || !(entry->ifa_flags & IFF_UP)) continue;
    if (entry->ifa_addr->sa_family != AF_INET) continue;
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET,
              &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr,
              text, sizeof text);
    (entry->ifa_flags & IFF_LOOPBACK ? loopback : addresses).push_back(text);
  }
  freeifaddrs(list);
  addresses.insert(addresses.end(), loopback.begin(), loopback.end());
  return addresses;
}

// In time that does not tell how much of it was right.
bool SameSecret(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size() || a.empty()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

}  // namespace

RootServer::RootServer(Loop* loop, uint32_t nodes, uint32_t manifest_crc32,
                       Listener* listener, Patience patience)
    : loop_(loop),
      manifest_crc32_(manifest_crc32),
      listener_(listener),
      patience_(patience),
      secret_(NewSecret()),
      settled_(nodes),
      started_(loop->now()) {
  settled_[0] = true;
}

RootServer::~RootServer() {
  loop_->Cancel(check_timer_);
  loop_->Unwatch(socket_.get());
}

absl::StatusOr<std::unique_ptr<RootServer>> RootServer::Start(
    Loop* loop, uint32_t nodes, uint32_t manifest_crc32,
    const std::string& address_path, Listener* listener, Patience patience) {
  std::unique_ptr<RootServer> server(
      new RootServer(loop, nodes, manifest_crc32, listener, patience));
  absl::Status status = server->Listen(address_path);
  if (!status.ok()) return status;
  return server;
}

absl::Status RootServer::Listen(const std::string& address_path) {
  socket_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.valid()) return ErrnoStatus("socket", "", errno);
  sockaddr_in any = {};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof any;
  sockaddr* address = reinterpret_cast<sockaddr*>(&any);
  if (bind(socket_.get(), address, size) != 0 ||
      listen(socket_.get(), SOMAXCONN) != 0 ||
      getsockname(socket_.get(), address, &size) != 0) {
    return ErrnoStatus("listen", "", errno);
  }
  absl::Status status =
      loop_->Watch(socket_.get(), EPOLLIN, [this](uint32_t) { Accept(); });
  if (!status.ok()) return status;
  check_timer_ = loop_->After(patience_.between_checks, [this] { Check(); });

  wire::RootAddress told;
  told.set_secret(secret_);
  told.set_port(ntohs(any.sin_port));
  for (const std::string& own : OwnAddresses()) told.add_addresses(own);
  return ReplaceFile(address_path, told.SerializeAsString(), 0600);
}

void RootServer::Accept() {
  UniqueFd socket(
      accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) {
    // Who waits goes on waiting when there is no descriptor left: until the
    // next check nobody is asked again.
    if (errno == EMFILE || errno == ENFILE) {
      loop_->ChangeEvents(socket_.get(), 0);
    }
    return;
  }
  uint64_t guest = ++last_guest_;
  guests_[guest].came = loop_->now();
  guests_[guest].connection = std::make_unique<Connection>(
      loop_, std::move(socket),
      [this, guest](const wire::Message& message) { Greet(guest, message); },
      [this, guest](const absl::Status&) { Forget(guest); });
}

void RootServer::Forget(uint64_t guest) { guests_.erase(guest); }

void RootServer::Greet(uint64_t guest, const wire::Message& message) {
  std::unique_ptr<Connection> connection = std::move(guests_[guest].connection);
  const wire::Hello& hello = message.hello();
  uint32_t node = hello.node_id();
  if (!message.has_hello() || !SameSecret(hello.secret(), secret_)) {
    guests_.erase(guest);
    return;
  }
  std::string refusal;
  if (hello.version() != kProtocolVersion) {
    refusal = "it is of another version than the root";
  } else if (node >= settled_.size() || settled_[node]) {
    refusal = absl::StrCat("node ", node, " is not expected");
  } else if (hello.manifest_crc32() != manifest_crc32_) {
    refusal = "it sees another manifest than the root";
  }
  if (!refusal.empty()) {
    wire::Message refuse;
    refuse.mutable_refuse()->set_reason(refusal);
    connection->Send(refuse);
    guests_.erase(guest);
    if (node < settled_.size() && !settled_[node]) {
      settled_[node] = true;
      listener_->MemberLost(node, absl::FailedPreconditionError(refusal));
    }
    return;
  }
  settled_[node] = true;
  // The connection goes on; from now on what it says is the member's.
  connection->Rebind(
      [this, node](const wire::Message& said) {
        members_[node].heard = loop_->now();
        listener_->MemberSays(node, said);
      },
      [this, node](const absl::Status& reason) { Lose(node, reason); });
  members_[node] = {std::move(connection), loop_->now()};
  guests_.erase(guest);
  listener_->MemberJoined(node, hello);
}

void RootServer::Send(uint32_t node, const wire::Message& message) {
  auto member = members_.find(node);
  if (member != members_.end()) member->second.connection->Send(message);
}

void RootServer::Lose(uint32_t node, const absl::Status& reason) {
  members_.erase(node);
  listener_->MemberLost(node, reason);
}

void RootServer::Check() {
  check_timer_ = loop_->After(patience_.between_checks, [this] { Check(); });
  DropSilentGuests();
  LoseSilentMembers();
  LoseAbsentMembers();
  loop_->ChangeEvents(socket_.get(), EPOLLIN);
}

void RootServer::DropSilentGuests() {
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    bool silent = loop_->now() - guest->second.came > patience_.hello;
    guest = silent ? guests_.erase(guest) : std::next(guest);
  }
}

void RootServer::LoseSilentMembers() {
  std::vector<uint32_t> lost;
  for (const auto& [node, member] : members_) {
    if (loop_->now() - member.heard > patience_.silence) lost.push_back(node);
  }
  absl::Status silent = absl::DeadlineExceededError(
      absl::StrCat("not heard for ", absl::FormatDuration(patience_.silence)));
  for (uint32_t node : lost) Lose(node, silent);
}

void RootServer::LoseAbsentMembers() {
  if (loop_->now() - started_ < patience_.absence) return;
  absl::Status absent = absl::DeadlineExceededError(absl::StrCat(
      "it did not come in ", absl::FormatDuration(patience_.absence)));
  for (uint32_t node = 0; node < settled_.size(); ++node) {
    if (settled_[node]) continue;
    settled_[node] = true;
    listener_->MemberLost(node, absent);
  }
}

}  // namespace cram
