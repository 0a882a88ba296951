// What a stranger may throw at a server, at a steady rate and from many addresses: nothing of it is authenticated, and
// all of it has to be cheap. Runs in a process of its own beside the measurement. One thread; bounds: kMaxConnections.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "io/poller.h"
#include "io/tcp_client.h"
#include "io/udp_socket.h"

namespace bridgehall::load {

enum class FloodKind : std::uint8_t {
  stun,          // Binding requests: half for nobody here, half for someone here with a wrong key
  client_hello,  // DTLS hellos from addresses that no check came from
  join,          // WHEP offers with tokens that are not valid, each on a connection of its own
  websocket,     // handshakes, and then no hello
  tcp,           // connections that send the beginning of a request, and no more
  tls,           // TLS hellos, and then nothing: the server has signed by then
  count
};
inline constexpr std::size_t kFloodKinds = static_cast<std::size_t>(FloodKind::count);
std::string_view flood_name(FloodKind kind);
std::optional<FloodKind> parse_flood_kind(std::string_view name);
// Of the goal: a second's worth that others must not notice.
int default_rate(FloodKind kind);

struct FloodTarget {
  SocketAddress media;
  SocketAddress http;
  std::string host;  // of HTTP requests
  std::string conference;
  std::string ufrag;  // of somebody who is there
};

struct FloodCounts {
  std::uint64_t sent = 0;  // datagrams, or connections begun
  std::uint64_t octets_sent = 0;
  std::uint64_t octets_received = 0;
  std::uint64_t failed = 0;  // connections that could not be made, or that the server ended before an answer
  bool operator==(const FloodCounts&) const = default;
};

class Flood {
 public:
  static constexpr std::size_t kSources = 64;
  static constexpr std::size_t kMaxConnections = 3'000;  // beyond it the oldest is reset
  static constexpr Duration kTurn = 1ms;
  static constexpr Duration kMostBehind = 20ms;  // what could not be sent by then is not made up for

  Flood(FloodKind kind, int rate, FloodTarget target, RandomSource& random);

  Result<void> open();
  // Sends what is due since the last turn, and reads what came.
  void turn(TimePoint now);
  // Until there is something to read, or the next turn.
  void wait(TimePoint now);
  const FloodCounts& counts() const { return counts_; }

 private:
  struct Connection {
    io::TcpClient stream;
    std::size_t written = 0;
  };
  IpAddress source(std::size_t number) const;
  bool over_udp() const { return kind_ == FloodKind::stun || kind_ == FloodKind::client_hello; }
  void send_datagram();
  void begin_connection();
  void write_requests();
  void read_datagrams();
  void read_connections(std::span<const std::uint64_t> ready);
  void end_connection(std::uint64_t number);
  std::string make_request();

  FloodKind kind_;
  int rate_;
  FloodTarget target_;
  RandomSource& random_;
  FloodCounts counts_;
  std::optional<TimePoint> began_;
  std::uint64_t due_before_ = 0;
  io::Poller poller_{512};
  std::vector<std::uint64_t> ready_;
  // UDP
  std::vector<io::UdpSocket> sockets_;
  std::vector<std::vector<std::uint8_t>> datagrams_;
  std::vector<std::uint8_t> memory_;
  std::vector<MutableBytes> buffers_;
  // TCP
  std::string request_;
  std::uint64_t next_connection_ = 0;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::deque<std::uint64_t> oldest_;  // some of them gone already
  std::deque<std::uint64_t> to_be_written_;
};

}  // namespace bridgehall::load
