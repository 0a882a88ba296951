// A media shard with a thread, a socket and a clock: the loop around media::Shard. Control talks to it through two
// rings.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "base/random.h"
#include "base/result.h"
#include "base/spsc_ring.h"
#include "crypto/dtls.h"
#include "io/udp_socket.h"
#include "io/wakeup.h"
#include "media/shard.h"
#include "web/media_core.h"

namespace bridgehall::app {

struct ShardSettings {
  std::uint16_t media_port = 8443;
  std::uint32_t max_peers = 4096;
  // 8 MiB: what 1,000 receivers are sent in a keyframe's burst, and half a second of what 10 publishers send. The
  // kernel gives at most net.core.rmem_max and wmem_max.
  int receive_buffer = 8 << 20;
  int send_buffer = 8 << 20;
};

class ShardThread final : public web::MediaCore {
 public:
  // Opens the port and starts the thread. `dtls` and `random` are used by the shard's thread alone from now on.
  static Result<std::unique_ptr<ShardThread>> start(const ShardSettings& settings,
                                                    std::unique_ptr<crypto::DtlsFactory> dtls,
                                                    std::unique_ptr<RandomSource> random);
  // Ends the thread after what was pushed is carried out and sent.
  ~ShardThread() override;

  // Control's thread.
  bool push(media::Command&& command) override;
  std::optional<media::Event> pop() override;
  int event_fd() const override { return events_ready_.fd(); }

 private:
  // Commands and events that wait: a join storm of 1,000 in a second is 2 a turn; control waits when the ring is full.
  static constexpr std::size_t kRing = 4096;

  ShardThread(const ShardSettings& settings, std::unique_ptr<crypto::DtlsFactory> dtls,
              std::unique_ptr<RandomSource> random, io::UdpSocket socket);
  void run();
  std::size_t receive(TimePoint now);
  void send(TimePoint now);
  void exchange_with_control(TimePoint now);

  std::unique_ptr<crypto::DtlsFactory> dtls_;
  std::unique_ptr<RandomSource> random_;
  io::UdpSocket socket_;
  std::array<ReceivedDatagram, media::Shard::kReceiveBatch> datagrams_;
  media::Shard shard_;
  std::optional<media::Event> unsent_event_;
  SpscRing<media::Command> commands_{kRing};
  SpscRing<media::Event> events_{kRing};
  io::Wakeup commands_ready_;
  io::Wakeup events_ready_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace bridgehall::app
