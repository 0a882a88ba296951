#include "load/client_loop.h"

#include <algorithm>
#include <array>

#include "io/clock.h"

namespace bridgehall::load {
namespace {
constexpr std::size_t kBatch = 8;
constexpr std::size_t kBufferSize = 65'536;  // with GRO a whole train comes in one
constexpr int kReceiveBuffer = 1 << 20;
constexpr std::uint64_t kPublisherToken = std::uint64_t{1} << 32;

template <class AnyClient>
std::uint64_t sum(const std::vector<std::unique_ptr<AnyClient>>& clients, auto&& value) {
  std::uint64_t total = 0;
  for (const auto& client : clients) total += value(client->socket);
  return total;
}
}  // namespace

ClientLoop::ClientLoop(bool gro) : gro_(gro), memory_(kBatch * kBufferSize) {
  for (std::size_t i = 0; i < kBatch; ++i)
    buffers_.push_back(MutableBytes{memory_}.subspan(i * kBufferSize, kBufferSize));
}

TimePoint ClientLoop::now() { return io::read_clock(); }

Result<io::UdpSocket> ClientLoop::open_socket() const {
  return io::UdpSocket::open(
      {.receive_buffer = kReceiveBuffer, .gro = gro_, .arrival_times = true, .count_overflows = true});
}

Result<void> ClientLoop::add(std::unique_ptr<PublisherClient> publisher) {
  if (!poller_.add(publisher->socket.fd(), kPublisherToken | publishers_.size()))
    return fail("A publisher's socket cannot be watched.");
  publishers_.push_back(std::move(publisher));
  return {};
}

Result<void> ClientLoop::add(std::unique_ptr<ViewerClient> viewer) {
  if (!poller_.add(viewer->socket.fd(), viewers_.size())) return fail("A viewer's socket cannot be watched.");
  viewers_.push_back(std::move(viewer));
  return {};
}

void ClientLoop::turn_until(TimePoint end) {
  while (now() < end) turn(end);
}

void ClientLoop::turn(TimePoint end) {
  auto deadline = std::min(end, next_sweep_);
  for (const auto& publisher : publishers_) deadline = std::min(deadline, publisher->core.next_deadline());
  if (latency_ != nullptr) {
    const auto begin = now();
    nap_.wait(std::min(deadline, begin + kNap), begin);
    deadline = begin;
  }
  auto ready = poller_.wait(deadline, now());
  for (; ready.size() == kReadyAtOnce; ready = poller_.wait(TimePoint{}, now())) receive_ready(ready);
  receive_ready(ready);
  const auto at = now();
  for (const auto& publisher : publishers_) {
    publisher->core.handle_timeout(at);
    send(*publisher);
  }
  if (at < next_sweep_) return;
  next_sweep_ = at + kSweep;
  for (const auto& viewer : viewers_) {
    viewer->core.handle_timeout(at);
    send(*viewer);
  }
}

void ClientLoop::receive_ready(std::span<const std::uint64_t> tokens) {
  for (const auto token : tokens) {
    if (token & kPublisherToken) {
      auto& publisher = *publishers_[token & ~kPublisherToken];
      receive(publisher.socket, [&](MutableBytes bytes, const NetworkPath& path, TimePoint at, TimePoint) {
        publisher.core.handle_datagram(bytes, path, at);
      });
    } else {
      auto& viewer = *viewers_[token];
      receive(viewer.socket, [&](MutableBytes bytes, const NetworkPath& path, TimePoint at, TimePoint arrived) {
        viewer.core.handle_datagram(bytes, path, at, arrived, latency_);
      });
      if (!viewer.core.link().connected()) send(viewer);  // a handshake goes on at once
    }
  }
}

// A datagram has arrived when the kernel got it: the time it waits for this loop is not the server's.
template <class Handle>
void ClientLoop::receive(io::UdpSocket& socket, Handle&& handle) {
  std::array<ReceivedDatagram, kBatch> datagrams;
  for (std::size_t count = kBatch; count == kBatch;) {
    count = socket.receive(buffers_, datagrams);
    const auto at = now();
    for (const auto& datagram : std::span(datagrams).first(count)) {
      const auto arrived = datagram.arrival(at);
      for (std::size_t begin = 0; begin < datagram.bytes.size(); begin += datagram.segment_size)
        handle(datagram.bytes.subspan(begin, std::min(datagram.segment_size, datagram.bytes.size() - begin)),
               datagram.path, at, arrived);
    }
  }
}

void ClientLoop::send_all(PeerLink& link, io::UdpSocket& socket) {
  while (link.poll_transmit(outgoing_)) {
    const Train train{outgoing_.path, outgoing_.bytes, outgoing_.bytes.size()};
    socket.send({&train, 1});
  }
}

std::uint64_t ClientLoop::receive_overflows() const {
  const auto overflows = [](const io::UdpSocket& socket) { return std::uint64_t{socket.receive_overflows()}; };
  return sum(publishers_, overflows) + sum(viewers_, overflows);
}

std::uint64_t ClientLoop::send_errors() const {
  const auto errors = [](const io::UdpSocket& socket) { return socket.send_errors(); };
  return sum(publishers_, errors) + sum(viewers_, errors);
}

}  // namespace bridgehall::load
