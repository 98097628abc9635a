#include "spank/agent/agent/parent_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "pack/base/io.h"

namespace cram {
namespace {

constexpr absl::Duration kLookInterval = absl::Milliseconds(100);
constexpr absl::Duration kConnectPatience = absl::Seconds(2);

}  // namespace

ParentLink::ParentLink(Loop* loop, const RunDirectory* directory,
                       const Tree& tree, uint32_t node,
                       const Patience& patience, Listener* listener)
    : loop_(loop),
      directory_(directory),
      patience_(patience),
      listener_(listener),
      started_(loop->now()) {
  while (node != 0) above_.push_back(node = tree.ParentOf(node));
  After(absl::ZeroDuration(), &ParentLink::ReadAddress);
}

ParentLink::~ParentLink() { Disconnect(); }

void ParentLink::After(absl::Duration delay, void (ParentLink::*step)()) {
  loop_->Cancel(timer_);
  timer_ = loop_->After(delay, [this, step] { (this->*step)(); });
}

void ParentLink::Disconnect() {
  loop_->Cancel(timer_);
  loop_->Unwatch(socket_.get());
  socket_.reset();
  connection_.reset();
  joined_ = false;
}

void ParentLink::ReadAddress() {
  next_address_ = refused_ = 0;
  address_.Clear();
  absl::StatusOr<std::string> text =
      ReadFile(directory_->agent(above_[tried_]));
  if (!text.ok() || !address_.ParseFromString(*text)) address_.Clear();
  TryNextAddress();
}

void ParentLink::TryNextAgent() {
  Disconnect();
  // Not even by the addresses that only this machine has.
  bool dead = refused_ > 0 && refused_ == address_.addresses_size();
  if (dead && above_[tried_] == 0 && was_joined_) {
    listener_->RootIsDead();
    return;
  }
  bool parent_alone =
      !was_joined_ && loop_->now() - started_ < patience_.parent_alone();
  if (++tried_ < above_.size() && !parent_alone) {
    ReadAddress();
    return;
  }
  tried_ = 0;
  After(kLookInterval, &ParentLink::ReadAddress);
}

void ParentLink::TryNextAddress() {
  Disconnect();
  if (next_address_ == address_.addresses_size()) {
    TryNextAgent();
    return;
  }
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(address_.port()));
  inet_pton(AF_INET, address_.addresses(next_address_++).c_str(), &to.sin_addr);
  socket_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  After(kConnectPatience, &ParentLink::TryNextAddress);
  if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) !=
          0 &&
      errno != EINPROGRESS) {
    if (errno == ECONNREFUSED) ++refused_;
    After(absl::ZeroDuration(), &ParentLink::TryNextAddress);
    return;
  }
  (void)loop_->Watch(socket_.get(), EPOLLOUT,
                     [this](uint32_t) { Connected(); });
}

void ParentLink::Connected() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    if (error == ECONNREFUSED) ++refused_;
    TryNextAddress();
    return;
  }
  loop_->Unwatch(socket_.get());
  // One whose machine went away acknowledges nothing; TCP's own patience is a
  // quarter of an hour.
  unsigned unacknowledged =
      static_cast<unsigned>(absl::ToInt64Milliseconds(patience_.silence()));
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged,
             sizeof unacknowledged);
  connection_ = std::make_unique<Connection>(
      loop_, std::move(socket_),
      [this](const wire::Message& message) { Answered(message); },
      [this](const absl::Status&) {
        After(absl::ZeroDuration(), &ParentLink::TryNextAddress);
      });
  wire::Message message;
  *message.mutable_hello() = listener_->Hello();
  message.mutable_hello()->set_secret(address_.secret());
  connection_->Send(message);
  After(patience_.answer(), &ParentLink::TryNextAddress);
}

void ParentLink::Answered(const wire::Message& message) {
  if (message.has_refuse()) {
    if (message.refuse().later()) {
      After(absl::ZeroDuration(), &ParentLink::TryNextAgent);
      return;
    }
    Leave();
    listener_->Refused(message.refuse().reason());
    return;
  }
  if (!message.has_welcome()) return;
  loop_->Cancel(timer_);
  joined_ = was_joined_ = true;
  connection_->Rebind(
      [this](const wire::Message& said) { listener_->ParentSays(said); },
      [this](const absl::Status& reason) { LookElsewhere(reason); });
  listener_->Joined(message.welcome().vouch());
}

void ParentLink::LookElsewhere(const absl::Status& reason) {
  Disconnect();
  tried_ = 0;
  After(absl::ZeroDuration(), &ParentLink::ReadAddress);
  listener_->Broke(reason);
}

void ParentLink::Leave() { Disconnect(); }

void ParentLink::Send(const wire::Message& message) {
  if (joined_) connection_->Send(message);
}

}  // namespace cram
