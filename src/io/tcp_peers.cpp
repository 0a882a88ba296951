#include "io/tcp_peers.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/check.h"

namespace bridgehall::io {
namespace {

constexpr std::size_t kMaxEvents = 64;

void set_option(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

bool must_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

std::array<std::uint8_t, FrameBuffer::kHeader> header_of(BytesView frame) {
  std::array<std::uint8_t, FrameBuffer::kHeader> header;
  store_u16(header.data(), static_cast<std::uint16_t>(frame.size()));
  return header;
}

BytesView segment(const Train& train, std::size_t begin) {
  return train.bytes.subspan(begin, std::min(train.segment_size, train.bytes.size() - begin));
}

}  // namespace

struct TcpPeers::Connection {
  FileDescriptor socket;
  NetworkPath path;
  TimePoint confirm_until{};
  bool confirmed = false;
  bool ready = false;    // in ready_
  bool writing = false;  // epoll tells when there is room
  bool full = false;     // the sender was told so
  FrameBuffer in;
  SendQueue out{kMaxQueue};
};

TcpPeers::TcpPeers(TcpLimits limits) : limits_(limits), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  BRIDGEHALL_CHECK(epoll_.valid());
}
TcpPeers::~TcpPeers() = default;

bool TcpPeers::adopt(TcpAdoption&& adoption, TimePoint now) {
  const auto old = by_address_.find(adoption.remote);
  if (old != by_address_.end()) close(*old->second);  // its end was not seen yet
  if (by_address_.size() >= limits_.connections || unconfirmed_ >= limits_.unconfirmed ||
      adoption.first_bytes.size() > FrameBuffer::kSize) {
    ++counters_.refused;
    return false;
  }
  const int fd = adoption.socket.get();
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kMaxUnsent);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);

  auto connection = std::make_unique<Connection>();
  connection->socket = std::move(adoption.socket);
  connection->path = {adoption.local, adoption.remote, Protocol::tcp};
  connection->confirm_until = now + kConfirmTime;
  std::copy(adoption.first_bytes.begin(), adoption.first_bytes.end(), connection->in.space().begin());
  connection->in.commit(adoption.first_bytes.size());
  connection->ready = true;
  ready_.push_back(adoption.remote);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = connection.get()}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    ready_.pop_back();
    ++counters_.refused;
    return false;
  }
  if (by_address_.empty()) next_review_ = now + kReview;
  ++unconfirmed_;
  ++counters_.adopted;
  by_address_.emplace(adoption.remote, std::move(connection));
  return true;
}

// -- in --

std::size_t TcpPeers::receive(std::span<const MutableBytes> buffers, std::span<ReceivedDatagram> out) {
  wait_for_events();
  const auto room = std::min(buffers.size(), out.size());
  std::size_t count = 0;
  while (count < room && !ready_.empty()) {
    const auto found = by_address_.find(ready_.front());
    if (found == by_address_.end()) {
      ready_.pop_front();
      continue;
    }
    auto& connection = *found->second;
    const auto frame = connection.in.next();
    if (!frame) {
      ready_.pop_front();
      connection.ready = false;
      if (connection.in.overflows()) close(connection);
      continue;
    }
    const auto size = std::min(frame->size(), buffers[count].size());
    std::copy_n(frame->begin(), size, buffers[count].begin());
    out[count] = {.path = connection.path,
                  .bytes = buffers[count].first(size),
                  .segment_size = size,
                  .truncated = size < frame->size()};
    ++count;
  }
  return count;
}

void TcpPeers::wait_for_events() {
  std::array<epoll_event, kMaxEvents> events;
  const int ready = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < ready; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    if ((event.events & EPOLLOUT) != 0 && !flush(connection)) {
      close(connection);
      continue;
    }
    if ((event.events & ~std::uint32_t{EPOLLOUT}) == 0 || connection.ready) continue;
    if (!read(connection)) close(connection);
  }
}

// False: the connection is over.
bool TcpPeers::read(Connection& connection) {
  const auto space = connection.in.space();
  const auto got = recv(connection.socket.get(), space.data(), space.size(), 0);
  if (got < 0) return must_wait();
  if (got == 0) return false;
  connection.in.commit(static_cast<std::size_t>(got));
  connection.ready = true;
  ready_.push_back(connection.path.remote);
  return true;
}

// -- out --

void TcpPeers::send(std::span<const Train> trains) {
  for (const auto& train : trains) {
    if (train.path.protocol != Protocol::tcp) continue;
    const auto found = by_address_.find(train.path.remote);
    if (found == by_address_.end()) {
      counters_.frames_dropped += (train.bytes.size() + train.segment_size - 1) / train.segment_size;
      continue;
    }
    if (!send(*found->second, train)) close(*found->second);
  }
}

// What the kernel may still be given without a pile building up there.
std::size_t TcpPeers::free_room(const Connection& connection) const {
  int unsent = 0;
  if (ioctl(connection.socket.get(), SIOCOUTQNSD, &unsent) != 0) return kMaxUnsent;
  return kMaxUnsent - std::min(kMaxUnsent, static_cast<std::size_t>(unsent));
}

bool TcpPeers::send(Connection& connection, const Train& train) {
  std::size_t sent = 0;
  if (connection.out.empty() && free_room(connection) > 0) {
    constexpr std::size_t kMaxFrames = 128;
    std::array<std::array<std::uint8_t, FrameBuffer::kHeader>, kMaxFrames> headers;
    std::array<iovec, 2 * kMaxFrames> parts;
    std::size_t count = 0;
    for (std::size_t at = 0; at < train.bytes.size() && count < kMaxFrames; at += train.segment_size, ++count) {
      const auto frame = segment(train, at);
      headers[count] = header_of(frame);
      parts[2 * count] = {headers[count].data(), FrameBuffer::kHeader};
      parts[2 * count + 1] = {const_cast<std::uint8_t*>(frame.data()), frame.size()};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = 2 * count;
    const auto taken = sendmsg(connection.socket.get(), &message, MSG_NOSIGNAL);
    if (taken < 0 && !must_wait()) return false;
    sent = taken < 0 ? 0 : static_cast<std::size_t>(taken);
  }
  queue_rest(connection, train, sent);
  return true;
}

// `sent`: bytes of the framed train that have gone out.
void TcpPeers::queue_rest(Connection& connection, const Train& train, std::size_t sent) {
  for (std::size_t at = 0; at < train.bytes.size(); at += train.segment_size) {
    const auto frame = segment(train, at);
    const auto header = header_of(frame);
    const auto whole = header.size() + frame.size();
    if (sent >= whole) {
      sent -= whole;
      continue;
    }
    const auto of_header = std::min(sent, header.size());
    const auto header_rest = BytesView{header}.subspan(of_header);
    const auto body_rest = frame.subspan(sent - of_header);
    if (sent > 0)
      connection.out.push_rest(header_rest, body_rest);
    else if (!connection.out.push(header_rest, body_rest))
      ++counters_.frames_dropped;
    sent = 0;
  }
  if (connection.out.empty()) return;
  watch(connection, true);
  if (connection.full || connection.out.size() < kHighWater) return;
  connection.full = true;
  ++counters_.backlogs;
  changes_.push_back({connection.path.from(), TcpChange::Kind::full});
}

bool TcpPeers::flush(Connection& connection) {
  while (!connection.out.empty()) {
    const auto room = free_room(connection);
    if (room == 0) return true;
    const auto piece = connection.out.front(room);
    const auto taken = ::send(connection.socket.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (taken < 0) return must_wait();
    connection.out.pop(static_cast<std::size_t>(taken));
  }
  watch(connection, false);
  if (connection.full) changes_.push_back({connection.path.from(), TcpChange::Kind::drained});
  connection.full = false;
  return true;
}

void TcpPeers::watch(Connection& connection, bool writing) {
  if (connection.writing == writing) return;
  connection.writing = writing;
  const std::uint32_t wanted = writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
  epoll_event event{.events = wanted, .data = {.ptr = &connection}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
}

// -- lives --

std::optional<TcpChange> TcpPeers::poll_change() {
  if (changes_.empty()) return std::nullopt;
  const auto change = changes_.front();
  changes_.pop_front();
  return change;
}

void TcpPeers::review(TimePoint now, const std::function<bool(const TransportAddress&)>& is_known) {
  if (now < next_deadline()) return;
  next_review_ = now + kReview;
  std::vector<Connection*> strangers;
  for (auto& [remote, connection] : by_address_) {
    if (is_known(connection->path.from())) {
      if (!connection->confirmed) --unconfirmed_;
      connection->confirmed = true;
      connection->confirm_until = now + kConfirmTime;
    } else if (now >= connection->confirm_until) {
      strangers.push_back(connection.get());
    }
  }
  counters_.unconfirmed += strangers.size();
  for (auto* connection : strangers) close(*connection);
}

void TcpPeers::close(Connection& connection) {
  if (!connection.confirmed) --unconfirmed_;
  const auto remote = connection.path.from();
  changes_.push_back({remote, TcpChange::Kind::closed});
  by_address_.erase(remote.address);
}

}  // namespace bridgehall::io
