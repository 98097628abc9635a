#include "spank/agent/agent/child_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "spank/agent/agent/own_addresses.h"
#include "spank/agent/agent/secret.h"

namespace cram {
namespace {

// In time that does not tell how much of it was right.
bool SameSecret(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size() || a.empty()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

}  // namespace

ChildServer::ChildServer(Loop* loop, uint32_t manifest_crc32,
                         Listener* listener, const Patience& patience)
    : loop_(loop),
      manifest_crc32_(manifest_crc32),
      listener_(listener),
      patience_(patience),
      secret_(NewSecret()),
      checked_(loop->now()),
      beaten_(loop->now()) {}

ChildServer::~ChildServer() {
  loop_->Cancel(check_timer_);
  loop_->Unwatch(socket_.get());
}

absl::StatusOr<std::unique_ptr<ChildServer>> ChildServer::Start(
    Loop* loop, uint32_t manifest_crc32, const std::string& address_path,
    Listener* listener, const Patience& patience) {
  std::unique_ptr<ChildServer> server(
      new ChildServer(loop, manifest_crc32, listener, patience));
  absl::Status status = server->Listen(address_path);
  if (!status.ok()) return status;
  return server;
}

absl::Status ChildServer::Listen(const std::string& address_path) {
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
  check_timer_ = loop_->After(patience_.between_checks(), [this] { Check(); });

  wire::AgentAddress told;
  told.set_secret(secret_);
  told.set_port(ntohs(any.sin_port));
  for (const std::string& own : OwnAddresses()) told.add_addresses(own);
  return ReplaceFile(address_path, told.SerializeAsString(), 0600);
}

void ChildServer::Accept() {
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
      [this, guest](const absl::Status&) { guests_.erase(guest); });
}

void ChildServer::Greet(uint64_t guest, const wire::Message& message) {
  const wire::Hello& hello = message.hello();
  if (!message.has_hello() || !SameSecret(hello.secret(), secret_)) {
    guests_.erase(guest);
    return;
  }
  Answer answer = AnswerTo(hello);
  if (answer.what == Answer::kWelcome) {
    Welcome(guest, hello);
    return;
  }
  wire::Message message_back;
  wire::Refuse* refuse = message_back.mutable_refuse();
  refuse->set_reason(answer.reason);
  refuse->set_later(answer.what == Answer::kLater);
  guests_[guest].connection->Send(message_back);
  guests_.erase(guest);
}

ChildServer::Answer ChildServer::AnswerTo(const wire::Hello& hello) {
  if (hello.version() != kProtocolVersion) {
    return {Answer::kRefused, "it is of another version"};
  }
  if (hello.manifest_crc32() != manifest_crc32_) {
    return {Answer::kRefused, "it sees another manifest"};
  }
  if (listener_->VouchesFor() == absl::ZeroDuration()) {
    return {Answer::kLater, "it does not know whether it was given up"};
  }
  return listener_->ChildComes(hello.node_id(), hello);
}

void ChildServer::Welcome(uint64_t guest, const wire::Hello& hello) {
  // It may have noticed before us that its last connection broke.
  uint32_t node = hello.node_id();
  children_.erase(node);
  Child& child = children_[node];
  child.connection = std::move(guests_[guest].connection);
  child.heard = loop_->now();
  child.said_ms = hello.said_ms();
  guests_.erase(guest);
  // The connection goes on; from now on what it says is the child's.
  child.connection->Rebind(
      [this, node](const wire::Message& said) {
        Child& who = children_[node];
        who.heard = loop_->now();
        if (said.has_report()) who.said_ms = said.report().said_ms();
        listener_->ChildSays(node, said);
      },
      [this, node](const absl::Status& reason) { Break(node, reason); });
  wire::Message message;
  Vouch(child, message.mutable_welcome()->mutable_vouch());
  child.connection->Send(message);
  listener_->ChildJoined(node, hello);
}

void ChildServer::Vouch(const Child& child, wire::Vouch* vouch) {
  vouch->set_said_ms(child.said_ms);
  vouch->set_time_ms(static_cast<uint32_t>(
      absl::ToInt64Milliseconds(listener_->VouchesFor())));
}

void ChildServer::Send(uint32_t node, const wire::Message& message) {
  auto child = children_.find(node);
  if (child != children_.end()) child->second.connection->Send(message);
}

void ChildServer::SendToAll(const wire::Message& message) {
  for (const auto& [node, child] : children_) child.connection->Send(message);
}

void ChildServer::Break(uint32_t node, const absl::Status& reason) {
  children_.erase(node);
  listener_->ChildBroke(node, reason);
}

void ChildServer::Check() {
  check_timer_ = loop_->After(patience_.between_checks(), [this] { Check(); });
  bool slept = loop_->now() - checked_ > patience_.nap();
  checked_ = loop_->now();
  // It was not they who were silent.
  if (slept) {
    for (auto& [node, child] : children_) child.heard = checked_;
  }
  DropSilentGuests();
  DropSilentChildren();
  if (checked_ - beaten_ >= patience_.beat()) Beat();
  loop_->ChangeEvents(socket_.get(), EPOLLIN);
}

void ChildServer::DropSilentGuests() {
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    // A child's first words are its hello. Others hold our descriptors.
    bool silent = checked_ - guest->second.came > patience_.grace();
    guest = silent ? guests_.erase(guest) : std::next(guest);
  }
}

void ChildServer::DropSilentChildren() {
  std::vector<uint32_t> silent;
  for (const auto& [node, child] : children_) {
    if (checked_ - child.heard > patience_.silence()) {
      silent.push_back(node);
    }
  }
  absl::Status reason = absl::DeadlineExceededError(absl::StrCat(
      "not heard for ", absl::FormatDuration(patience_.silence())));
  for (uint32_t node : silent) Break(node, reason);
}

void ChildServer::Beat() {
  beaten_ = checked_;
  if (listener_->VouchesFor() == absl::ZeroDuration()) return;
  wire::Message message;
  for (const auto& [node, child] : children_) {
    Vouch(child, message.mutable_beat()->mutable_vouch());
    child.connection->Send(message);
  }
}

}  // namespace cram
