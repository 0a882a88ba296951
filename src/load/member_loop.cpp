#include "load/member_loop.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "io/clock.h"

namespace bridgehall::load {
namespace {

constexpr std::size_t kBatch = 8;
constexpr std::size_t kBufferSize = 65'536;  // with GRO a whole train comes in one
constexpr int kReceiveBuffer = 1 << 20;
constexpr Duration kWriteAgain = 5ms;  // what the WebSocket's stream had no room for
constexpr std::uint64_t kTextToken = std::uint64_t{1} << 32;

}  // namespace

MemberLoop::MemberLoop(bool gro) : gro_(gro), memory_(kBatch * kBufferSize), timers_(now()) {
  for (std::size_t i = 0; i < kBatch; ++i)
    buffers_.push_back(MutableBytes{memory_}.subspan(i * kBufferSize, kBufferSize));
}

TimePoint MemberLoop::now() { return io::read_clock(); }

Result<void> MemberLoop::add(std::size_t place, std::unique_ptr<Participant> participant, const std::string& url,
                             const std::string& path, RandomSource& random) {
  if (place >= members_.size()) members_.resize(place + 1);
  auto stream = ByteStream::connect(url);
  if (!stream) return std::unexpected(stream.error());
  auto socket = io::UdpSocket::open(
      {.receive_buffer = kReceiveBuffer, .gro = gro_, .arrival_times = true, .count_overflows = true});
  if (!socket) return std::unexpected(socket.error());
  const auto host = url.substr(url.find("://") + 3);
  const bool narrow = participant->settings().line_kbps > 0;
  auto member = std::make_unique<Member>(Member{.participant = std::move(participant),
                                                .socket = std::move(*socket),
                                                .stream = std::move(*stream),
                                                .websocket = WebSocketClient(host, path, random),
                                                .measured = !narrow});
  if (!poller_.add(member->socket.fd(), place) || !poller_.add(member->stream.fd(), kTextToken | place))
    return fail("A member's socket cannot be watched.");
  members_[place] = std::move(member);
  flush(place);
  return {};
}

void MemberLoop::remove(std::size_t place) {
  const auto& member = members_[place];
  if (!member) return;
  gone_overflows_ += member->socket.receive_overflows();
  gone_send_errors_ += member->socket.send_errors();
  poller_.remove(member->socket.fd());
  if (const auto fd = member->stream.fd(); fd >= 0) poller_.remove(fd);
  timers_.set(static_cast<TimerWheel::Key>(place), kNever);
  members_[place].reset();
}

std::optional<std::string> MemberLoop::ended(std::size_t place) const {
  const auto& member = members_[place];
  if (!member) return "It is not here.";
  if (auto why = member->participant->ended()) return why;
  if (member->websocket.ended()) return member->websocket.ended();
  if (member->stream_broken) return "The connection to the server broke.";
  return std::nullopt;
}

void MemberLoop::flush(std::size_t place) {
  auto& member = *members_[place];
  while (member.participant->poll_transmit(outgoing_)) {
    const Train train{outgoing_.path, outgoing_.bytes, outgoing_.bytes.size()};
    member.socket.send({&train, 1});
  }
  while (auto text = member.participant->poll_text()) member.websocket.send(*text);
  while (!member.stream_broken && !member.websocket.outgoing().empty()) {
    const auto written = member.stream.write(member.websocket.outgoing());
    if (!written) member.stream_broken = true;
    if (!written || *written == 0) break;
    member.websocket.take(*written);
  }
  auto deadline = member.participant->next_deadline();
  if (!member.websocket.outgoing().empty() && !member.stream_broken) deadline = std::min(deadline, now() + kWriteAgain);
  timers_.set(static_cast<TimerWheel::Key>(place), deadline);
}

void MemberLoop::turn_until(TimePoint end) {
  while (now() < end) turn(end);
}

void MemberLoop::turn(TimePoint end) {
  for (const auto token : poller_.wait(std::min(end, timers_.next_deadline()), now())) {
    const auto place = static_cast<std::size_t>(token & ~kTextToken);
    if (!members_[place]) continue;
    if (token & kTextToken)
      receive_texts(*members_[place]);
    else
      receive_datagrams(*members_[place]);
    flush(place);
  }
  const auto at = now();
  timers_.expire(at, [&](TimerWheel::Key place) {
    if (!members_[place]) return;
    members_[place]->participant->handle_timeout(at, latency_of(*members_[place]));
    flush(place);
  });
}

// The clock is read after each batch, so that the time a datagram waits for this loop counts as latency.
void MemberLoop::receive_datagrams(Member& member) {
  std::array<ReceivedDatagram, kBatch> datagrams;
  for (std::size_t count = kBatch; count == kBatch;) {
    count = member.socket.receive(buffers_, datagrams);
    const auto at = now();
    for (const auto& datagram : std::span(datagrams).first(count)) {
      const auto arrived = datagram.arrival(at);
      for (std::size_t begin = 0; begin < datagram.bytes.size(); begin += datagram.segment_size)
        member.participant->handle_datagram(
            datagram.bytes.subspan(begin, std::min(datagram.segment_size, datagram.bytes.size() - begin)),
            datagram.path, at, arrived, latency_of(member));
    }
  }
}

void MemberLoop::receive_texts(Member& member) {
  while (!member.stream_broken) {
    const auto size = member.stream.read(buffers_[0]);
    if (!size) {
      member.stream_broken = true;
      poller_.remove(member.stream.fd());
    }
    if (!size || *size == 0) break;
    member.websocket.receive(buffers_[0].first(*size));
  }
  while (const auto text = member.websocket.poll_text()) member.participant->handle_text(*text, now());
}

std::uint64_t MemberLoop::receive_overflows() const {
  auto total = gone_overflows_;
  for (const auto& member : members_)
    if (member) total += member->socket.receive_overflows();
  return total;
}

std::uint64_t MemberLoop::send_errors() const {
  auto total = gone_send_errors_;
  for (const auto& member : members_)
    if (member) total += member->socket.send_errors();
  return total;
}

}  // namespace bridgehall::load
