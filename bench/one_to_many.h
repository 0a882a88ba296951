// One publisher and many viewers on a media shard in memory: real SRTP keys, no kernel, virtual time. For benchmarks
// and for counting instructions.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "crypto/srtp.h"
#include "media/shard.h"
#include "session/fake_dtls.h"
#include "session/transport.h"

namespace bridgehall::bench {

class OneToMany {
 public:
  static constexpr std::size_t kBurst = 6;           // packets of a frame: 1.5 Mb/s at 30 frames/s
  static constexpr std::size_t kPacketSize = 1'200;  // RTP in clear, as forwarded

  explicit OneToMany(std::uint32_t viewers);

  // A frame of kBurst sealed packets comes in, is forwarded to all and taken from the shard. Returns datagrams sent.
  std::size_t forward_frame();

  const media::Shard& shard() const { return shard_; }

 private:
  struct Client {
    SocketAddress address;
    std::unique_ptr<session::Transport> transport;
  };
  Client connect(std::unique_ptr<media::CreatePeer> description, std::uint32_t number);
  void exchange();
  std::size_t make_packet(MutableBytes out, bool last);

  TimePoint now_{std::chrono::hours(1)};
  SeededRandom random_{1};
  session::FakeDtlsFactory server_dtls_{1};
  session::FakeDtlsFactory client_dtls_{2};
  media::Shard shard_;
  std::vector<Client> clients_;  // the first publishes
  std::uint16_t sequence_ = 0;
  std::uint32_t rollover_counter_ = 0;
  std::uint32_t frame_ = 0;
  std::size_t frame_packet_ = 0;
};

}  // namespace bridgehall::bench
