// A shard, or several joined by a mesh, with clients of its own in one room, for tests and the fuzz target: no network
// between them, the clients' datagrams arrive at once and so do the server's. What the shard sends is kept as it left.
// Not for the program.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "media/command_router.h"
#include "media/shard.h"
#include "session/fake_dtls.h"

namespace bridgehall::media::testing {

inline const IpAddress kServerIp = IpAddress::v4(10, 0, 0, 1);

struct TestClient {
  TestClient(PeerId peer_, std::uint64_t seed) : peer(peer_), random(seed), dtls(seed) {
    path = {kServerIp, {IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(peer.value())), 4'000}};
  }

  PeerId peer;
  SeededRandom random;
  session::FakeDtlsFactory dtls;
  NetworkPath path;  // as the server sees it
  session::IceCredentials own, server;
  std::unique_ptr<session::Transport> transport;
};

class ShardRoom {
 public:
  // With several shards clients are spread over them, and their datagrams mostly come to the wrong one.
  explicit ShardRoom(const ShardConfiguration& configuration = {.packet_slots = 4'096}, std::size_t shard_count = 1)
      : random_(1),
        dtls_(2),
        mesh_(shard_count),
        router(shard_count),
        shard(on_mesh(configuration, 0), dtls_, random_, now) {
    shards.push_back(&shard);
    for (std::size_t i = 1; i < shard_count; ++i)
      shards.push_back(
          others_.emplace_back(std::make_unique<Shard>(on_mesh(configuration, i), dtls_, random_, now)).get());
  }

  void command(Command&& what) {
    router.deliver(std::move(what), [this](ShardNumber number, Command&& one) {
      shards[number.value()]->handle_command(std::move(one), now);
    });
  }
  ShardCounters counters() const {
    ShardCounters sum;
    for (const auto* one : shards) sum.add(one->counters());
    return sum;
  }

  // Makes the peer; with `tracks` filled in by the caller. It is connected after connect().
  TestClient& add_client(std::unique_ptr<CreatePeer> command) {
    auto& client = *clients.emplace_back(std::make_unique<TestClient>(command->peer, 100 + command->peer.value()));
    const auto local = session::make_ice_credentials(client.random);
    const auto remote = session::make_ice_credentials(random_, shard_prefix(router.lightest()));
    command->transport = {.local = remote, .remote = local, .remote_fingerprint = client.dtls.local_fingerprint()};
    client.own = local;
    client.server = remote;
    command->cname = "test";
    this->command(std::move(command));
    client.transport = std::make_unique<session::Transport>(
        session::TransportConfiguration{.role = session::TransportRole::client,
                                        .local = local,
                                        .remote = remote,
                                        .remote_fingerprint = dtls_.local_fingerprint(),
                                        .remote_candidate = {kServerIp, 8443}},
        client.dtls, client.random, now);
    return client;
  }
  void connect(TestClient& client) {
    for (int i = 0; i < 8 && !client.transport->connected(); ++i) turn();
  }

  // One datagram into the shard, as it would be received.
  void deliver(const NetworkPath& path, BytesView bytes) {
    auto& receiver = *shards[std::hash<TransportAddress>{}(path.from()) % shards.size()];
    const auto buffer = receiver.receive_buffers()[0];
    const auto size = std::min(bytes.size(), buffer.size());
    std::copy_n(bytes.begin(), size, buffer.begin());
    const ReceivedDatagram datagram{path, buffer.first(size), size, size < bytes.size()};
    receiver.handle_datagrams({&datagram, 1}, now);
    exchange_mail();
  }
  void exchange_mail() {
    while (std::any_of(shards.begin(), shards.end(), [](const Shard* one) { return one->has_mail(); })) {
      for (auto* one : shards) {
        one->look_at_mail();
        one->handle_mail(now);
      }
    }
  }

  // Clients' STUN and DTLS into the shard, then what its thread does in a turn.
  void turn() {
    session::OutgoingDatagram datagram;
    for (const auto& client : clients) {
      if (client->transport->next_deadline() <= now) client->transport->handle_timeout(now);
      while (client->transport->poll_transmit(datagram)) deliver(client->path, datagram.bytes);
    }
    for (auto* one : shards) turn(*one);
  }
  void turn(Shard& one) {
    one.advance(now);
    exchange_mail();
    for (auto trains = one.poll_transmit(now); !trains.empty(); trains = one.poll_transmit(now))
      for (const auto& train : trains) take(train);
    for (Event event; one.poll_event(event);)
      if (auto heard = router.hear(std::move(event))) events.push_back(std::move(*heard));
  }
  void pass(Duration duration) {
    now += duration;
    turn();
  }

  // Seals what `client` sends: `header` complete, the sequence number's rollover counter 0.
  void send_rtp(TestClient& client, BytesView header, BytesView payload, std::uint8_t padding = 0) {
    std::array<std::uint8_t, 2'048> out;
    const auto size =
        client.transport->sealer().seal_rtp({.header = header, .payload = payload, .padding = padding}, out);
    deliver(client.path, BytesView{out}.first(size));
  }

  // Every train of media, as it left.
  struct Sent {
    NetworkPath path;
    std::vector<std::uint8_t> bytes;
    std::size_t segment_size = 0;
  };
  std::vector<Sent> media;
  std::vector<Event> events;
  std::function<void(const Train&)> on_train;

  TimePoint now{10s};
  std::vector<std::unique_ptr<TestClient>> clients;

 private:
  SeededRandom random_;
  session::FakeDtlsFactory dtls_;
  ShardMesh mesh_;

 public:
  CommandRouter router;
  Shard shard;                 // after what it is made of
  std::vector<Shard*> shards;  // it, and the others

 private:
  std::vector<std::unique_ptr<Shard>> others_;

  // A test may bring a mesh of its own.
  ShardConfiguration on_mesh(ShardConfiguration configuration, std::size_t number) {
    if (configuration.mesh != nullptr) return configuration;
    configuration.number = ShardNumber{static_cast<std::uint8_t>(number)};
    configuration.mesh = &mesh_;
    return configuration;
  }
  void take(const Train& train) {
    if (on_train) on_train(train);
    const auto kind = wire::classify_datagram(train.bytes);
    if (kind == wire::DatagramKind::rtp) {
      media.push_back({train.path, {train.bytes.begin(), train.bytes.end()}, train.segment_size});
      return;
    }
    for (const auto& client : clients) {
      if (client->path.remote != train.path.remote) continue;
      const NetworkPath from{{}, {kServerIp, 8443}};
      if (kind == wire::DatagramKind::stun) client->transport->handle_stun(train.bytes, from, now);
      if (kind == wire::DatagramKind::dtls) client->transport->handle_dtls(train.bytes, from, now);
    }
  }
};

inline constexpr PublicationId kVideo{1}, kAudio{2};
inline constexpr std::uint8_t kVideoType = 96, kVideoRtxType = 97, kAudioType = 111;
inline constexpr Ssrc kVideoSsrc{0x1000}, kAudioSsrc{0x1001};

inline session::NegotiatedTrack video_track() {
  return {.mid = "0",
          .kind = wire::MediaKind::video,
          .codec = {.codec = wire::Codec::vp8,
                    .payload_type = kVideoType,
                    .rtx_payload_type = kVideoRtxType,
                    .nack = true,
                    .pli = true}};
}
inline session::NegotiatedTrack audio_track() {
  return {
      .mid = "1", .kind = wire::MediaKind::audio, .codec = {.codec = wire::Codec::opus, .payload_type = kAudioType}};
}

inline std::unique_ptr<CreatePeer> publisher_command(PeerId peer) {
  auto command = std::make_unique<CreatePeer>();
  command->peer = peer;
  command->incoming = {{kVideo, video_track()}, {kAudio, audio_track()}};
  command->incoming[0].track.remote_ssrc = kVideoSsrc;
  command->incoming[1].track.remote_ssrc = kAudioSsrc;
  return command;
}
inline std::unique_ptr<CreatePeer> viewer_command(PeerId peer) {
  auto command = std::make_unique<CreatePeer>();
  command->peer = peer;
  command->outgoing = {{.track = audio_track(), .ssrc = Ssrc{0x2000 + peer.value() * 4}, .publication = kAudio},
                       {.track = video_track(),
                        .ssrc = Ssrc{0x2001 + peer.value() * 4},
                        .rtx_ssrc = Ssrc{0x2002 + peer.value() * 4},
                        .publication = kVideo}};
  return command;
}

// A packet of VP8 whose frame starts with it, or goes on.
inline std::vector<std::uint8_t> vp8_payload(std::size_t size, bool start, bool keyframe) {
  std::vector<std::uint8_t> payload(std::max<std::size_t>(size, 2), 0xab);
  payload[0] = start ? 0x10 : 0;
  payload[1] = keyframe ? 0 : 1;
  return payload;
}

inline std::vector<std::uint8_t> rtp_header(std::uint8_t payload_type, Ssrc ssrc, std::uint16_t sequence,
                                            std::uint32_t timestamp, bool marker = false) {
  std::vector<std::uint8_t> header(wire::kRtpFixedHeaderSize);
  wire::RtpHeaderWriter writer(header,
                               {.marker = marker,
                                .payload_type = payload_type,
                                .sequence_number = sequence,
                                .timestamp = timestamp,
                                .ssrc = ssrc},
                               wire::ExtensionForm::none);
  writer.finish();
  return header;
}

}  // namespace bridgehall::media::testing
