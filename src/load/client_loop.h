// The generator's one thread at work: every client's socket, the poller, and the timers. Reads the clock; everything
// below it is sans-IO.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/poller.h"
#include "io/udp_socket.h"
#include "load/latency_histogram.h"
#include "load/publisher.h"
#include "load/viewer.h"

namespace bridgehall::load {

// A publisher or viewer with its socket and its HTTP session.
template <class Core>
struct Client {
  template <class... CoreArguments>
  Client(io::UdpSocket own_socket, std::string session, TimePoint asked, std::size_t of, CoreArguments&&... arguments)
      : core(std::forward<CoreArguments>(arguments)...),
        socket(std::move(own_socket)),
        location(std::move(session)),
        posted(asked),
        publication(of) {}

  Core core;
  io::UdpSocket socket;
  std::string location;     // of the session, for DELETE
  TimePoint posted;         // when its offer was
  std::size_t publication;  // index of what it sends or views
};
using PublisherClient = Client<Publisher>;
using ViewerClient = Client<Viewer>;

class ClientLoop {
 public:
  static constexpr Duration kSweep = 5ms;  // how often every viewer's timers are looked at
  // While it measures, it looks at its sockets so often instead of being woken by each datagram: over loopback whoever
  // sends pays for the waking, which over a network is no server's business.
  static constexpr Duration kNap = 1ms;

  explicit ClientLoop(bool gro);

  static TimePoint now();
  Result<io::UdpSocket> open_socket() const;
  Result<void> add(std::unique_ptr<PublisherClient> publisher);
  Result<void> add(std::unique_ptr<ViewerClient> viewer);
  std::span<const std::unique_ptr<PublisherClient>> publishers() const { return publishers_; }
  std::span<const std::unique_ptr<ViewerClient>> viewers() const { return viewers_; }

  // One turn: wait for datagrams or a deadline (`end` at the latest), take what came, let timers fire, send.
  void turn(TimePoint end);
  void turn_until(TimePoint end);
  void send(PublisherClient& client) { send_all(client.core.link(), client.socket); }
  void send(ViewerClient& client) { send_all(client.core.link(), client.socket); }

  // Where viewers' latency samples go; nullptr = nowhere.
  void measure_into(LatencyHistogram* latency) { latency_ = latency; }
  std::uint64_t receive_overflows() const;
  std::uint64_t send_errors() const;

 private:
  void receive_ready(std::span<const std::uint64_t> tokens);
  template <class Handle>
  void receive(io::UdpSocket& socket, Handle&& handle);
  void send_all(PeerLink& link, io::UdpSocket& socket);

  bool gro_;
  static constexpr std::size_t kReadyAtOnce = 256;
  io::Poller poller_{kReadyAtOnce};
  io::Poller nap_{1};  // watches nothing: only a deadline ends its wait
  std::vector<std::uint8_t> memory_;
  std::vector<MutableBytes> buffers_;
  std::vector<std::unique_ptr<PublisherClient>> publishers_;
  std::vector<std::unique_ptr<ViewerClient>> viewers_;
  session::OutgoingDatagram outgoing_;
  TimePoint next_sweep_{};
  LatencyHistogram* latency_ = nullptr;
};

}  // namespace bridgehall::load
