#include "spank/agent/agent/connection.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "pack/base/io.h"

namespace cram {

Connection::Connection(Loop* loop, UniqueFd socket,
                       std::function<void(const wire::Message&)> received,
                       std::function<void(const absl::Status&)> closed)
    : loop_(loop),
      socket_(std::move(socket)),
      received_(std::move(received)),
      closed_(std::move(closed)) {
  (void)loop_->Watch(socket_.get(), EPOLLIN,
                     [this](uint32_t events) { Ready(events); });
}

Connection::~Connection() {
  *alive_ = false;
  loop_->Unwatch(socket_.get());
}

void Connection::Rebind(std::function<void(const wire::Message&)> received,
                        std::function<void(const absl::Status&)> closed) {
  received_ = std::move(received);
  closed_ = std::move(closed);
}

void Connection::Send(const wire::Message& message) {
  AppendMessage(message, &out_);
  WriteSome();
}

void Connection::WriteSome() {
  size_t sent = 0;
  while (sent < out_.size()) {
    ssize_t n = send(socket_.get(), out_.data() + sent, out_.size() - sent,
                     MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    // An error shows at the next read as well: it is handled there.
    if (n < 0) break;
    sent += n;
  }
  out_.erase(0, sent);
  loop_->ChangeEvents(socket_.get(),
                      out_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

bool Connection::ReadSome(absl::Status* problem) {
  char buffer[16384];
  ssize_t n = recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (n > 0) {
    reader_.Feed(absl::string_view(buffer, n));
    return true;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  *problem = n == 0 ? absl::UnavailableError("the connection was closed")
                    : ErrnoStatus("recv", "", errno);
  return false;
}

void Connection::Ready(uint32_t events) {
  if (events & EPOLLOUT) WriteSome();
  absl::Status problem;
  bool open = (events & ~EPOLLOUT) == 0 || ReadSome(&problem);
  std::shared_ptr<bool> alive = alive_;
  for (;;) {
    absl::StatusOr<std::optional<wire::Message>> message = reader_.Next();
    if (!message.ok()) {
      Close(message.status());
      return;
    }
    if (!message->has_value()) break;
    // A copy: the call may rebind or destroy what it was made from.
    std::function<void(const wire::Message&)> received = received_;
    received(**message);
    if (!*alive) return;
  }
  if (!open) Close(problem);
}

void Connection::Close(const absl::Status& reason) {
  loop_->Unwatch(socket_.get());
  std::function<void(const absl::Status&)> closed = std::move(closed_);
  closed(reason);
}

}  // namespace cram
