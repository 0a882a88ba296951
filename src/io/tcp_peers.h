// The TCP connections of one shard's peers (RFC 6544, passive): datagrams framed by RFC 4571 come in as from the UDP
// socket, trains go out frame by frame. Owned by the shard's thread. What the kernel does not take waits in a bounded
// queue per connection; whoever sends is told when it grows long, and when it has drained.
//
// Bounds: TcpLimits; per connection FrameBuffer::kSize bytes in and kMaxQueue out. Of what goes out the kernel keeps at
// most what is under way and about kMaxUnsent, so that old pictures do not pile up where nobody can take them back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/datagram.h"
#include "io/file_descriptor.h"
#include "io/frame_buffer.h"
#include "io/send_queue.h"

namespace bridgehall::io {

// A connection whose first frame was read elsewhere.
struct TcpAdoption {
  FileDescriptor socket;
  SocketAddress remote;
  IpAddress local;
  std::vector<std::uint8_t> first_bytes;  // read from it so far, framed
};

struct TcpChange {
  enum class Kind : std::uint8_t { full, drained, closed };
  TransportAddress remote;
  Kind kind{};
  bool operator==(const TcpChange&) const = default;
};

struct TcpLimits {
  std::size_t connections = 4096;
  std::size_t unconfirmed = 256;  // of them, those of peers not known yet
};

struct TcpCounters {
  std::uint64_t adopted = 0;
  std::uint64_t refused = 0;         // beyond the limits
  std::uint64_t unconfirmed = 0;     // closed because nobody knew them
  std::uint64_t frames_dropped = 0;  // no room in the queue, or no connection any more
  std::uint64_t backlogs = 0;        // times that a queue grew long
};

class TcpPeers {
 public:
  // From here on only sound is worth queueing: half a second of a line with 1.5 Mb/s, and more than a keyframe's burst
  // leaves over on a line that carries the pictures.
  static constexpr std::size_t kHighWater = 96 * 1024;
  // Sound of three voices fills the rest in five seconds; who takes nothing for that long misses it.
  static constexpr std::size_t kMaxQueue = 256 * 1024;
  static constexpr std::size_t kMaxUnsent = 16 * 1024;  // in the kernel, not under way yet: 0.1 s at 1.5 Mb/s
  static constexpr Duration kConfirmTime = 5s;          // for an authenticated check to come
  static constexpr Duration kReview = 1s;
  static constexpr int kUserTimeoutMs = 30'000;  // as consent (RFC 7675): unacknowledged for so long, it is dead

  explicit TcpPeers(TcpLimits limits = {});
  ~TcpPeers();
  TcpPeers(const TcpPeers&) = delete;
  TcpPeers& operator=(const TcpPeers&) = delete;

  // Readable when receive() has something to do.
  int fd() const { return epoll_.get(); }
  std::size_t size() const { return by_address_.size(); }
  const TcpCounters& counters() const { return counters_; }

  // False: refused, and closed.
  bool adopt(TcpAdoption&& adoption, TimePoint now);

  // Reads, and writes what waits where there is room again. Datagram i lies at the start of buffers[i]; one that is
  // longer than its buffer is marked as truncated. When as many come back as there are buffers, there may be more.
  std::size_t receive(std::span<const MutableBytes> buffers, std::span<ReceivedDatagram> out);

  // Those of the trains that go over TCP. No order holds between connections.
  void send(std::span<const Train> trains);

  // What happened to connections, until there is nothing.
  std::optional<TcpChange> poll_change();
  bool has_changes() const { return !changes_.empty(); }

  // Closes connections whose peer is not known once their time is up; asks again every kReview.
  void review(TimePoint now, const std::function<bool(const TransportAddress&)>& is_known);
  TimePoint next_deadline() const { return by_address_.empty() ? kNever : next_review_; }

 private:
  struct Connection;

  void wait_for_events();
  bool read(Connection& connection);
  bool flush(Connection& connection);
  bool send(Connection& connection, const Train& train);
  void queue_rest(Connection& connection, const Train& train, std::size_t sent);
  void watch(Connection& connection, bool writing);
  std::size_t free_room(const Connection& connection) const;
  void close(Connection& connection);

  TcpLimits limits_;
  FileDescriptor epoll_;
  std::unordered_map<SocketAddress, std::unique_ptr<Connection>> by_address_;
  std::size_t unconfirmed_ = 0;
  std::deque<SocketAddress> ready_;  // with bytes that may hold whole frames
  std::deque<TcpChange> changes_;
  TimePoint next_review_ = kNever;
  TcpCounters counters_;
};

}  // namespace bridgehall::io
