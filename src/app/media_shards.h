// The media core of the program: as many shards as the settings say, each on a thread of its own with a socket of its
// own on the one media port, joined by the mesh. To control they are one.
#pragma once

#include <memory>
#include <vector>

#include "app/shard_thread.h"
#include "base/result.h"
#include "media/command_router.h"
#include "media/mesh.h"
#include "web/media_core.h"

namespace bridgehall::app {

struct ShardSettings {
  std::size_t shards = 0;  // 0: as many as the process may use CPUs, at most media::kMaxShards
  std::uint16_t media_port = 8443;
  std::uint32_t max_peers = 4096;  // of all shards together
  // 8 MiB: what 1,000 receivers are sent in a keyframe's burst, and half a second of what 10 publishers send. The
  // kernel gives at most net.core.rmem_max and wmem_max.
  int receive_buffer = 8 << 20;
  int send_buffer = 8 << 20;
};

class MediaShards final : public web::MediaCore {
 public:
  // Opens the port and starts the threads.
  static Result<std::unique_ptr<MediaShards>> start(const ShardSettings& settings,
                                                    std::unique_ptr<crypto::DtlsFactory> dtls);
  // Ends the threads after what was pushed is carried out and sent.
  ~MediaShards() override;

  std::size_t shards() const { return threads_.size(); }

  // Control's thread. A TCP connection whose first check names `ufrag`; closed when no shard has that, or room for it.
  void adopt(io::TcpAdoption&& connection, std::string_view ufrag);

  // Control's thread.
  bool push(media::Command&& command) override;
  std::optional<media::Event> pop() override;
  int event_fd() const override { return events_ready_.fd(); }
  media::ShardNumber lightest_shard() const override { return router_.lightest(); }

 private:
  MediaShards(std::size_t shards, std::unique_ptr<crypto::DtlsFactory> dtls);

  std::unique_ptr<crypto::DtlsFactory> dtls_;
  media::ShardMesh mesh_;
  media::CommandRouter router_;
  io::Wakeup events_ready_;
  std::vector<std::unique_ptr<ShardThread>> threads_;  // by shard
  std::size_t next_heard_ = 0;
};

// CPUs that this process may use.
std::size_t usable_cpus();

}  // namespace bridgehall::app
