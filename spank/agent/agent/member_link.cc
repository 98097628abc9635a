#include "spank/agent/agent/member_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {
namespace {

constexpr absl::Duration kLookInterval = absl::Milliseconds(100);
constexpr absl::Duration kConnectPatience = absl::Seconds(2);
// Longer than a network file system caches that a file is not there.
constexpr absl::Duration kGiveUp = absl::Seconds(120);
// A root whose machine went away acknowledges nothing; TCP's own patience is
// a quarter of an hour.
constexpr unsigned kUnacknowledgedMs = 60000;

}  // namespace

MemberLink::MemberLink(Loop* loop, std::string address_path, wire::Hello hello,
                       Listener* listener)
    : loop_(loop),
      address_path_(std::move(address_path)),
      hello_(std::move(hello)),
      listener_(listener),
      started_(loop->now()) {
  timer_ = loop_->After(absl::ZeroDuration(), [this] { ReadAddress(); });
}

MemberLink::~MemberLink() {
  loop_->Cancel(timer_);
  loop_->Unwatch(socket_.get());
}

void MemberLink::ReadAddress() {
  absl::StatusOr<std::string> text = ReadFile(address_path_);
  if (text.ok() && address_.ParseFromString(*text) &&
      address_.addresses_size() > 0) {
    hello_.set_secret(address_.secret());
    next_address_ = 0;
    TryNext();
  } else {
    TryAgainLater();
  }
}

void MemberLink::TryAgainLater() {
  if (loop_->now() - started_ > kGiveUp) {
    listener_->RootLost(absl::DeadlineExceededError(
        absl::StrCat("no connection to it by ", address_path_, " in ",
                     absl::FormatDuration(kGiveUp))));
    return;
  }
  timer_ = loop_->After(kLookInterval, [this] { ReadAddress(); });
}

void MemberLink::TryNext() {
  loop_->Cancel(timer_);
  loop_->Unwatch(socket_.get());
  socket_.reset();
  if (next_address_ == address_.addresses_size()) {
    TryAgainLater();
    return;
  }
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(address_.port()));
  inet_pton(AF_INET, address_.addresses(next_address_++).c_str(), &to.sin_addr);
  socket_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  timer_ = loop_->After(kConnectPatience, [this] { TryNext(); });
  if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) !=
          0 &&
      errno != EINPROGRESS) {
    loop_->Cancel(timer_);
    timer_ = loop_->After(absl::ZeroDuration(), [this] { TryNext(); });
    return;
  }
  (void)loop_->Watch(socket_.get(), EPOLLOUT,
                     [this](uint32_t events) { Connected(events); });
}

void MemberLink::Connected(uint32_t) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    TryNext();
    return;
  }
  loop_->Cancel(timer_);
  loop_->Unwatch(socket_.get());
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs,
             sizeof kUnacknowledgedMs);
  connection_ = std::make_unique<Connection>(
      loop_, std::move(socket_),
      [this](const wire::Message& message) { listener_->RootSays(message); },
      [this](const absl::Status& reason) {
        connection_.reset();
        listener_->RootLost(reason);
      });
  wire::Message message;
  *message.mutable_hello() = hello_;
  connection_->Send(message);
  listener_->Joined();
}

void MemberLink::Send(const wire::Message& message) {
  if (connection_ != nullptr) connection_->Send(message);
}

}  // namespace cram
