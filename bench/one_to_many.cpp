#include "bench/one_to_many.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace bridgehall::bench {
namespace {

constexpr media::PublicationId kVideo{1};
constexpr std::uint8_t kVp8 = 96, kRtx = 97;
constexpr Ssrc kPublisherSsrc{0x1000};
const IpAddress kServerIp = IpAddress::v4(192, 0, 2, 1);

session::NegotiatedTrack video_track() {
  session::NegotiatedTrack track{.mid = "0", .kind = wire::MediaKind::video};
  track.codec = {.codec = wire::Codec::vp8, .payload_type = kVp8, .rtx_payload_type = kRtx, .nack = true, .pli = true};
  return track;
}

}  // namespace

OneToMany::OneToMany(std::uint32_t viewers, std::size_t shards) : mesh_(shards), router_(shards) {
  for (std::size_t i = 0; i < shards; ++i)
    shards_.push_back(std::make_unique<media::Shard>(
        media::ShardConfiguration{
            .max_peers = viewers + 1, .number = media::ShardNumber{static_cast<std::uint8_t>(i)}, .mesh = &mesh_},
        server_dtls_, random_, now_));
  command(media::AddPublication{kVideo, wire::Codec::vp8});
  command(media::SetGate{kVideo, true});
  auto publisher = std::make_unique<media::CreatePeer>();
  publisher->incoming.push_back({kVideo, video_track()});
  publisher->incoming[0].track.remote_ssrc = kPublisherSsrc;
  clients_.push_back(connect(std::move(publisher), 0));
  for (std::uint32_t i = 1; i <= viewers; ++i) {
    auto viewer = std::make_unique<media::CreatePeer>();
    viewer->outgoing.push_back({.track = video_track(),
                                .ssrc = Ssrc{0x2000 + 2 * i},
                                .rtx_ssrc = Ssrc{0x2001 + 2 * i},
                                .publication = kVideo});
    clients_.push_back(connect(std::move(viewer), i));
  }
  const auto connected = [&] {
    std::size_t count = 0;
    for (const auto& shard : shards_) count += shard->counters().peers_connected;
    return count;
  };
  for (int turn = 0; turn < 1000 && connected() < clients_.size(); ++turn) exchange();
  BRIDGEHALL_CHECK(connected() == clients_.size());
}

void OneToMany::command(media::Command&& command) {
  router_.deliver(std::move(command), [this](media::ShardNumber shard, media::Command&& one) {
    shards_[shard.value()]->handle_command(std::move(one), now_);
  });
}

OneToMany::Client OneToMany::connect(std::unique_ptr<media::CreatePeer> description, std::uint32_t number) {
  const std::size_t shard = number % shards_.size();
  const auto server =
      session::make_ice_credentials(random_, media::shard_prefix(media::ShardNumber{static_cast<std::uint8_t>(shard)}));
  const auto client = session::make_ice_credentials(random_);
  description->peer = media::PeerId{number};
  description->cname = "bench";
  description->transport = {.local = server, .remote = client, .remote_fingerprint = client_dtls_.local_fingerprint()};
  command(std::move(description));
  Client result;
  result.shard = shard;
  result.address = {IpAddress::v4(10, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)),
                    5000};
  result.transport = std::make_unique<session::Transport>(
      session::TransportConfiguration{.role = session::TransportRole::client,
                                      .local = client,
                                      .remote = server,
                                      .remote_fingerprint = server_dtls_.local_fingerprint(),
                                      .remote_candidate = {kServerIp, 8443}},
      client_dtls_, random_, now_);
  return result;
}

// Carries datagrams both ways once and moves time on.
void OneToMany::exchange() {
  now_ += 10ms;
  session::OutgoingDatagram datagram;
  for (auto& client : clients_) {
    client.transport->handle_timeout(now_);
    while (client.transport->poll_transmit(datagram)) {
      auto& shard = *shards_[client.shard];
      const auto buffer = shard.receive_buffers()[0];
      std::copy(datagram.bytes.begin(), datagram.bytes.end(), buffer.begin());
      const ReceivedDatagram received{
          {kServerIp, client.address}, buffer.first(datagram.bytes.size()), datagram.bytes.size()};
      shard.handle_datagrams({&received, 1}, now_);
    }
    while (client.transport->poll_event()) {
    }
  }
  for (const auto& shard : shards_) {
    shard->look_at_mail();
    shard->handle_mail(now_);
    shard->advance(now_);
    for (auto trains = shard->poll_transmit(now_); !trains.empty(); trains = shard->poll_transmit(now_)) {
      for (const auto& train : trains) {
        const auto to = std::find_if(clients_.begin(), clients_.end(),
                                     [&](const auto& client) { return client.address == train.path.remote; });
        if (to == clients_.end()) continue;
        const NetworkPath path{to->address.ip, {kServerIp, 8443}};
        const auto kind = wire::classify_datagram(train.bytes);
        if (kind == wire::DatagramKind::stun) to->transport->handle_stun(train.bytes, path, now_);
        if (kind == wire::DatagramKind::dtls) to->transport->handle_dtls(train.bytes, path, now_);
      }
    }
    media::Event event;
    while (shard->poll_event(event)) {
    }
  }
}

// VP8 (RFC 7741): descriptor with a 15-bit picture id and TL0PICIDX; the first frame is a keyframe.
std::size_t OneToMany::make_packet(MutableBytes out, bool last) {
  std::array<std::uint8_t, kPacketSize> payload{};
  const bool first = frame_packet_ == 0;
  payload[0] = static_cast<std::uint8_t>(0x80 | (first ? 0x10 : 0));
  payload[1] = 0xe0;  // I, L, T
  store_u16(payload.data() + 2, static_cast<std::uint16_t>(0x8000 | (frame_ & 0x7fff)));
  payload[4] = static_cast<std::uint8_t>(frame_);
  payload[6] = frame_ == 0 ? 0 : 1;  // the payload header's P bit: no keyframe
  wire::RtpHeaderWriter writer(out,
                               {.marker = last,
                                .payload_type = kVp8,
                                .sequence_number = sequence_,
                                .timestamp = frame_ * 3000,
                                .ssrc = kPublisherSsrc},
                               wire::ExtensionForm::none);
  const auto header_size = writer.finish();
  const auto size =
      clients_[0].transport->sealer().seal_rtp({.header = out.first(header_size),
                                                .payload = BytesView{payload}.first(kPacketSize - header_size),
                                                .rollover_counter = rollover_counter_},
                                               out);
  if (++sequence_ == 0) ++rollover_counter_;
  frame_packet_ = last ? 0 : frame_packet_ + 1;
  return size;
}

std::size_t OneToMany::forward_frame() {
  now_ += 33ms;
  std::array<ReceivedDatagram, kBurst> batch;
  for (std::size_t i = 0; i < kBurst; ++i) {
    const auto buffer = shards_[0]->receive_buffers()[i];
    const auto size = make_packet(buffer, i + 1 == kBurst);
    batch[i] = {{kServerIp, clients_[0].address}, buffer.first(size), size};
  }
  ++frame_;
  shards_[0]->handle_datagrams(batch, now_);
  return send(*shards_[0], now_ += media::Layer::kCompleteWindow);
}

std::size_t OneToMany::forward_mirrored(std::size_t number) {
  auto& shard = *shards_[number];
  shard.look_at_mail();
  shard.handle_mail(mirrored_at_);
  return send(shard, mirrored_at_ += 1ms);
}

std::size_t OneToMany::send(media::Shard& shard, TimePoint now) {
  std::size_t datagrams = 0;
  for (auto trains = shard.poll_transmit(now); !trains.empty(); trains = shard.poll_transmit(now))
    for (const auto& train : trains) datagrams += (train.bytes.size() + train.segment_size - 1) / train.segment_size;
  return datagrams;
}

}  // namespace bridgehall::bench
