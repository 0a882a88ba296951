#include "app/media_shards.h"

#include <algorithm>

#include <sched.h>

#include "crypto/system_random.h"
#include "io/clock.h"

namespace bridgehall::app {

std::size_t usable_cpus() {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 1;
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&cpus)));
}

Result<std::unique_ptr<MediaShards>> MediaShards::start(const ShardSettings& settings,
                                                        std::unique_ptr<crypto::DtlsFactory> dtls) {
  const auto count = std::min(settings.shards != 0 ? settings.shards : usable_cpus(), media::kMaxShards);
  std::unique_ptr<MediaShards> core(new MediaShards(count, std::move(dtls)));
  media::ShardConfiguration configuration{
      .max_peers = static_cast<std::uint32_t>((settings.max_peers + count - 1) / count),
      .ntp = io::read_ntp_origin(),
      .mesh = &core->mesh_};
  // Shared ports would be shared with another Bridgehall too: whether the port is free only a lone socket can tell.
  if (const auto alone = io::UdpSocket::open({.port = settings.media_port}); !alone)
    return std::unexpected(alone.error());
  for (std::size_t i = 0; i < count; ++i) {
    auto socket = io::UdpSocket::open({.port = settings.media_port,
                                       .receive_buffer = settings.receive_buffer,
                                       .send_buffer = settings.send_buffer,
                                       .arrival_times = true,
                                       .count_overflows = true,
                                       .shared_port = count > 1});
    if (!socket) return std::unexpected(socket.error());
    configuration.number = media::ShardNumber{static_cast<std::uint8_t>(i)};
    core->threads_.push_back(std::make_unique<ShardThread>(
        configuration, std::move(*socket),
        ShardThread::Surroundings{
            .dtls = *core->dtls_,
            .random = std::make_unique<crypto::SystemRandom>(),
            .events_ready = core->events_ready_,
            .wake = [threads = &core->threads_](media::ShardNumber shard) { (*threads)[shard.value()]->ring(); }}));
  }
  for (const auto& thread : core->threads_) thread->start();
  return core;
}

MediaShards::MediaShards(std::size_t shards, std::unique_ptr<crypto::DtlsFactory> dtls)
    : dtls_(std::move(dtls)), mesh_(shards), router_(shards) {}

MediaShards::~MediaShards() {
  for (const auto& thread : threads_) thread->stop();
}

// To all of those who are to carry it out, or to none yet.
bool MediaShards::push(media::Command&& command) {
  bool room = true;
  router_.targets(command).for_each([&](media::ShardNumber shard) { room &= threads_[shard.value()]->has_room(); });
  if (!room) return false;
  router_.deliver(std::move(command), [this](media::ShardNumber shard, media::Command&& one) {
    threads_[shard.value()]->push(std::move(one));
  });
  return true;
}

void MediaShards::adopt(io::TcpAdoption&& connection, std::string_view ufrag) {
  const auto shard = media::shard_of_ufrag(ufrag);
  if (shard && shard->value() < threads_.size()) threads_[shard->value()]->adopt(std::move(connection));
}

std::optional<media::Event> MediaShards::pop() {
  for (std::size_t asked = 0; asked < threads_.size();) {
    auto event = threads_[next_heard_]->pop();
    if (!event) {
      next_heard_ = (next_heard_ + 1) % threads_.size();
      ++asked;
    } else if (auto heard = router_.hear(std::move(*event))) {
      return heard;
    }
  }
  return std::nullopt;
}

}  // namespace bridgehall::app
