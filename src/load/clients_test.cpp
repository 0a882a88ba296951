// Publisher and viewers against a real shard, datagram by datagram in virtual time.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "load/publisher.h"
#include "load/viewer.h"
#include "media/shard.h"
#include "session/fake_dtls.h"
#include "session/offer.h"

namespace bridgehall::load {
namespace {

constexpr media::PublicationId kAudio{1};
constexpr media::PublicationId kVideo{2};
const SocketAddress kServer{IpAddress::v4(192, 0, 2, 1), 8443};

class Conference {
 public:
  explicit Conference(Pacing pacing = Pacing::frame) : pacing_(pacing) {
    for (const auto& [id, codec] : {std::pair{kAudio, wire::Codec::opus}, std::pair{kVideo, wire::Codec::vp8}}) {
      shard_.handle_command(media::AddPublication{id, codec}, now_);
      shard_.handle_command(media::SetGate{id, true}, now_);
    }
  }

  void add_publisher() {
    const auto local = client_end();
    const std::vector<session::OfferedSource> sources{{wire::Codec::opus, Ssrc{1}, {}},
                                                      {wire::Codec::vp8, Ssrc{2}, Ssrc{3}}};
    const auto server = server_end();
    auto negotiated = session::answer_publisher(session::make_publisher_offer(local, sources), {}, server);
    ASSERT_TRUE(negotiated);
    auto peer = create_peer(*negotiated, server);
    for (const auto& track : negotiated->tracks)
      peer->incoming.push_back({track.kind == wire::MediaKind::audio ? kAudio : kVideo, track});
    shard_.handle_command(std::move(peer), now_);
    const auto agreed = session::read_answer(negotiated->answer);
    ASSERT_TRUE(agreed);
    publisher = std::make_unique<Publisher>(PublisherSettings{1500, pacing_, 7}, local, sources, *agreed, client_dtls_,
                                            random_, NtpOrigin{now_, NtpTime{1}}, now_);
  }

  void add_viewer(int decrypt_every = 4) {
    const auto local = client_end();
    const auto server = server_end();
    const auto base = static_cast<std::uint32_t>(100 * (viewers.size() + 1));
    const session::ViewTerms terms{{{.codec = wire::Codec::opus, .ssrc = Ssrc{base}, .stream_id = "s", .track_id = "a"},
                                    {.codec = wire::Codec::vp8,
                                     .ssrc = Ssrc{base + 1},
                                     .rtx_ssrc = Ssrc{base + 2},
                                     .stream_id = "s",
                                     .track_id = "v"}}};
    auto negotiated = session::answer_viewer(
        session::make_viewer_offer(local, std::vector{wire::Codec::opus, wire::Codec::vp8}), terms, server);
    ASSERT_TRUE(negotiated);
    auto peer = create_peer(*negotiated, server);
    peer->outgoing.push_back({.track = negotiated->tracks[0], .ssrc = Ssrc{base}, .publication = kAudio});
    peer->outgoing.push_back(
        {.track = negotiated->tracks[1], .ssrc = Ssrc{base + 1}, .rtx_ssrc = Ssrc{base + 2}, .publication = kVideo});
    shard_.handle_command(std::move(peer), now_);
    const auto agreed = session::read_answer(negotiated->answer);
    ASSERT_TRUE(agreed);
    viewers.push_back(
        std::make_unique<Viewer>(local, *agreed, ViewerSettings{decrypt_every, {}}, client_dtls_, random_, now_));
  }

  // Steps of 1 ms; a datagram that leaves in one step arrives in the next. `lose(to viewers)` drops one.
  template <class Lose>
  void run(Duration duration, Lose&& lose) {
    for (const auto end = now_ + duration; now_ < end; now_ += 1ms) {
      if (publisher) {
        publisher->handle_timeout(now_);
        to_server(publisher->link(), kPublisherPort);
      }
      for (std::size_t i = 0; i < viewers.size(); ++i) {
        if (now_.time_since_epoch() % 5ms == 0ms) viewers[i]->handle_timeout(now_);
        to_server(viewers[i]->link(), viewer_port(i));
      }
      shard_.advance(now_);
      from_server(lose);
    }
  }
  void run(Duration duration) {
    run(duration, [](std::uint16_t) { return false; });
  }

  std::unique_ptr<Publisher> publisher;
  std::vector<std::unique_ptr<Viewer>> viewers;
  LatencyHistogram latency;
  bool measuring = false;  // not while joining: a join may be served with an older keyframe from the history

 private:
  static constexpr std::uint16_t kPublisherPort = 999;
  static std::uint16_t viewer_port(std::size_t i) { return static_cast<std::uint16_t>(1000 + i); }

  session::ClientEnd client_end() {
    return {session::make_ice_credentials(random_), client_dtls_.local_fingerprint(), "1", "load"};
  }
  session::LocalEnd server_end() {
    return {session::make_ice_credentials(random_), server_dtls_.local_fingerprint(), {{kServer}}, "2", "bridgehall"};
  }
  std::unique_ptr<media::CreatePeer> create_peer(const session::Negotiated& negotiated,
                                                 const session::LocalEnd& server) {
    auto peer = std::make_unique<media::CreatePeer>();
    peer->peer = media::PeerId{next_peer_++};
    peer->transport = {.role = session::TransportRole::server,
                       .local = server.credentials,
                       .remote = negotiated.remote_credentials,
                       .remote_fingerprint = negotiated.remote_fingerprint};
    peer->cname = server.cname;
    return peer;
  }

  void to_server(PeerLink& link, std::uint16_t port) {
    for (session::OutgoingDatagram datagram; link.poll_transmit(datagram);) {
      const auto buffer = shard_.receive_buffers()[0];
      ASSERT_LE(datagram.bytes.size(), buffer.size());
      std::copy(datagram.bytes.begin(), datagram.bytes.end(), buffer.begin());
      const ReceivedDatagram received{{kServer.ip, {IpAddress::v4(192, 0, 2, 9), port}},
                                      buffer.first(datagram.bytes.size()),
                                      datagram.bytes.size(),
                                      false};
      shard_.handle_datagrams({&received, 1}, now_);
    }
  }

  template <class Lose>
  void from_server(Lose&& lose) {
    for (auto trains = shard_.poll_transmit(now_); !trains.empty(); trains = shard_.poll_transmit(now_))
      for (const auto& train : trains)
        for (std::size_t at = 0; at < train.bytes.size(); at += train.segment_size) {
          const auto piece = train.bytes.subspan(at, std::min(train.segment_size, train.bytes.size() - at));
          std::vector<std::uint8_t> bytes(piece.begin(), piece.end());
          const auto port = train.path.remote.port;
          const NetworkPath path{{}, kServer};
          if (port == kPublisherPort) {
            publisher->handle_datagram(bytes, path, now_);
          } else if (wire::classify_datagram(bytes) != wire::DatagramKind::rtp || !lose(port)) {
            viewers[port - 1000u]->handle_datagram(bytes, path, now_, now_, measuring ? &latency : nullptr);
          }
        }
  }

  Pacing pacing_;
  TimePoint now_{Duration{1s}};
  SeededRandom random_{1};
  session::FakeDtlsFactory client_dtls_{2};
  session::FakeDtlsFactory server_dtls_{3};
  media::Shard shard_{{.max_peers = 64, .packet_slots = 8192, .ntp = {TimePoint{Duration{1s}}, NtpTime{1}}},
                      server_dtls_,
                      random_,
                      now_};
  std::uint32_t next_peer_ = 1;
};

class ClientsByPacing : public testing::TestWithParam<Pacing> {};

TEST_P(ClientsByPacing, EveryViewerGetsEveryPacketOnceAndDecodes) {
  Conference conference(GetParam());
  conference.add_publisher();
  conference.run(300ms);
  ASSERT_TRUE(conference.publisher->link().connected());
  for (int i = 0; i < 5; ++i) conference.add_viewer();
  conference.run(500ms);
  conference.measuring = true;
  conference.run(4s);
  const auto& published = conference.publisher->counters();
  for (const auto& viewer : conference.viewers) {
    ASSERT_TRUE(viewer->link().connected());
    EXPECT_TRUE(viewer->decodable());
    const auto counters = viewer->counters();
    EXPECT_EQ(counters.expected, counters.received);
    EXPECT_EQ(counters.duplicates, 0u);
    EXPECT_EQ(counters.undecryptable, 0u);
    EXPECT_GT(counters.received, (published.audio_packets + published.video_packets) * 8 / 10);
  }
  EXPECT_GT(conference.latency.count(), 100u);
  EXPECT_LE(conference.latency.percentile(0.99), 20ms);
}

INSTANTIATE_TEST_SUITE_P(Table, ClientsByPacing, testing::Values(Pacing::frame, Pacing::ticks),
                         [](const auto& test) { return test.param == Pacing::frame ? "frame" : "ticks"; });

TEST(Clients, LostVideoIsAskedForAndFilledByRetransmission) {
  Conference conference;
  conference.add_publisher();
  conference.run(300ms);
  conference.add_viewer();
  conference.run(1s);
  SeededRandom dice(5);
  conference.run(3s, [&](std::uint16_t) { return dice.chance(0.02); });
  conference.run(500ms);
  const auto counters = conference.viewers[0]->counters();
  EXPECT_GT(counters.nacked, 0u);
  EXPECT_GT(counters.retransmissions, 0u);
  // Audio has no retransmissions: what is missing now are lost audio packets, of 150 in the lossy time.
  EXPECT_LT(counters.expected - counters.received, 15u);
}

TEST(Clients, TheRateIsWhatWasAskedFor) {
  Conference conference;
  conference.add_publisher();
  conference.run(300ms);
  conference.add_viewer(1);
  conference.run(2s);
  const auto before = conference.viewers[0]->counters();
  conference.run(5s);
  const auto counters = conference.viewers[0]->counters() - before;
  // 1,500 kb/s of video payload, 48 of audio, and headers, tags and equalising padding on top.
  const auto kbps = static_cast<double>(counters.bytes) * 8 / 5000;
  EXPECT_GT(kbps, 1500);
  EXPECT_LT(kbps, 1800);
}

}  // namespace
}  // namespace bridgehall::load
