// One publisher and many viewers on one media shard or several, in memory: real SRTP keys, no kernel, virtual time. For
// benchmarks and for counting instructions.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "crypto/srtp.h"
#include "media/command_router.h"
#include "media/mesh.h"
#include "media/shard.h"
#include "session/fake_dtls.h"
#include "session/transport.h"

namespace bridgehall::bench {

class OneToMany {
 public:
  static constexpr std::size_t kBurst = 6;           // packets of a frame: 1.5 Mb/s at 30 frames/s
  static constexpr std::size_t kPacketSize = 1'200;  // RTP in clear, as forwarded

  // Viewers are spread evenly; the publisher is at the first shard.
  explicit OneToMany(std::uint32_t viewers, std::size_t shards = 1);

  // A frame of kBurst sealed packets comes in, is forwarded to all viewers of the first shard and taken from it.
  // Returns datagrams sent.
  std::size_t forward_frame();
  // What came from the first shard is forwarded to another's viewers: on a thread of its own, if that is wanted.
  std::size_t forward_mirrored(std::size_t shard);

  const media::Shard& shard(std::size_t number = 0) const { return *shards_[number]; }

 private:
  struct Client {
    SocketAddress address;
    std::size_t shard = 0;
    std::unique_ptr<session::Transport> transport;
  };
  Client connect(std::unique_ptr<media::CreatePeer> description, std::uint32_t number);
  void command(media::Command&& command);
  void exchange();
  std::size_t send(media::Shard& shard, TimePoint now);
  std::size_t make_packet(MutableBytes out, bool last);

  TimePoint now_{std::chrono::hours(1)};
  SeededRandom random_{1};
  session::FakeDtlsFactory server_dtls_{1};
  session::FakeDtlsFactory client_dtls_{2};
  media::ShardMesh mesh_;
  media::CommandRouter router_;
  std::vector<std::unique_ptr<media::Shard>> shards_;
  std::vector<Client> clients_;  // the first publishes
  std::uint16_t sequence_ = 0;
  std::uint32_t rollover_counter_ = 0;
  std::uint32_t frame_ = 0;
  std::size_t frame_packet_ = 0;
  TimePoint mirrored_at_{std::chrono::hours(2)};  // of the second shard, which has a time of its own
};

}  // namespace bridgehall::bench
