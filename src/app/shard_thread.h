// A media shard with a thread, a socket and a clock: the loop around media::Shard. One of those that MediaShards owns.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "base/random.h"
#include "base/spsc_ring.h"
#include "crypto/dtls.h"
#include "io/doorbell.h"
#include "io/poller.h"
#include "io/tcp_peers.h"
#include "io/udp_socket.h"
#include "media/shard.h"

namespace bridgehall::app {

class ShardThread {
 public:
  // `dtls` makes sessions on every shard's thread at once; `random` is this one's. `wake` rings another shard.
  struct Surroundings {
    crypto::DtlsFactory& dtls;
    std::unique_ptr<RandomSource> random;
    io::Wakeup& events_ready;
    std::function<void(media::ShardNumber)> wake;
  };
  ShardThread(const media::ShardConfiguration& configuration, io::UdpSocket socket, Surroundings surroundings);
  // After stop().
  ~ShardThread() = default;

  void start();
  // Ends the thread after what was pushed is carried out and sent.
  void stop();

  // Control's thread. push() only where has_room().
  bool has_room() const { return commands_.has_room(); }
  void push(media::Command&& command);
  std::optional<media::Event> pop() { return events_.pop(); }

  // A TCP connection that belongs here; false: there are too many at once, it is closed.
  bool adopt(io::TcpAdoption&& connection);

  // Any thread: somebody has put something into its rings.
  void ring() { bell_.ring(); }

 private:
  // Commands and events that wait: a join storm of 1,000 in a second is 2 a turn; control waits when the ring is full.
  static constexpr std::size_t kRing = 4096;
  static constexpr int kPartsPerTurn = 2;  // of Shard::poll_transmit: what is not media, and some hundred packets
  static constexpr std::size_t kAdoptions = 256;  // TCP connections that wait for a turn: as many as may be unconfirmed

  void run();
  void wait(bool more);
  std::size_t receive();
  bool receive_tcp();
  bool follow_tcp();
  void handle(std::size_t received);
  void send();
  void take_commands();
  void give_events();

  std::unique_ptr<RandomSource> random_;
  io::Wakeup& events_ready_;
  std::function<void(media::ShardNumber)> wake_;
  io::UdpSocket socket_;
  io::TcpPeers tcp_;
  SpscRing<io::TcpAdoption> adoptions_{kAdoptions};
  std::array<ReceivedDatagram, media::Shard::kReceiveBatch> datagrams_;
  TimePoint now_;
  media::Shard shard_;
  std::optional<media::Event> unsent_event_;
  SpscRing<media::Command> commands_{kRing};
  SpscRing<media::Event> events_{kRing};
  io::Doorbell bell_;
  io::Poller poller_;
  io::Poller nap_{1};  // watches nothing: only a deadline ends its wait
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace bridgehall::app
