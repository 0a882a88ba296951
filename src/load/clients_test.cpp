// Publishers and viewers against a real shard, datagram by datagram in virtual time.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "load/publisher.h"
#include "load/viewer.h"
#include "media/shard.h"
#include "session/fake_dtls.h"
#include "session/offer.h"

namespace bridgehall::load {
namespace {

// Of the n-th publisher.
media::PublicationId audio_of(std::size_t n) { return media::PublicationId{static_cast<std::uint32_t>(2 * n + 1)}; }
media::PublicationId video_of(std::size_t n) { return media::PublicationId{static_cast<std::uint32_t>(2 * n + 2)}; }
const SocketAddress kServer{IpAddress::v4(192, 0, 2, 1), 8443};

class Conference {
 public:
  explicit Conference(Pacing pacing = Pacing::frame) : pacing_(pacing) {}

  void add_publisher() {
    const auto number = publishers.size();
    const auto audio = audio_of(number), video = video_of(number);
    for (const auto& [id, codec] : {std::pair{audio, wire::Codec::opus}, std::pair{video, wire::Codec::vp8}}) {
      shard_.handle_command(media::AddPublication{id, codec}, now_);
      shard_.handle_command(media::SetGate{id, true}, now_);
    }
    const auto local = client_end();
    const std::vector<session::OfferedSource> sources{{wire::Codec::opus, Ssrc{1}, {}},
                                                      {wire::Codec::vp8, Ssrc{2}, Ssrc{3}}};
    const auto server = server_end();
    auto negotiated = session::answer_publisher(session::make_publisher_offer(local, sources), {}, server);
    ASSERT_TRUE(negotiated);
    auto peer = create_peer(*negotiated, server);
    for (const auto& track : negotiated->tracks)
      peer->incoming.push_back({track.kind == wire::MediaKind::audio ? audio : video, track});
    shard_.handle_command(std::move(peer), now_);
    const auto agreed = session::read_answer(negotiated->answer);
    ASSERT_TRUE(agreed);
    publishers.push_back(std::make_unique<Publisher>(PublisherSettings{1500, pacing_, 7 + number}, local, sources,
                                                     *agreed, client_dtls_, random_, NtpOrigin{now_, NtpTime{1}},
                                                     now_));
  }

  // Of the first so many publishers, in one session.
  void add_viewer(int decrypt_every = 4, std::size_t count = 1) {
    const auto local = client_end();
    const auto server = server_end();
    const auto own = static_cast<std::uint32_t>(1000 * (viewers.size() + 1));
    session::ViewTerms terms;
    std::vector<wire::Codec> lines;
    for (std::size_t i = 0; i < count; ++i) {
      const auto base = own + 10 * static_cast<std::uint32_t>(i);
      const auto name = std::to_string(i);
      terms.sources.push_back(
          {.codec = wire::Codec::opus, .ssrc = Ssrc{base}, .stream_id = name, .track_id = "a" + name, .line = i});
      terms.sources.push_back({.codec = wire::Codec::vp8,
                               .ssrc = Ssrc{base + 1},
                               .rtx_ssrc = Ssrc{base + 2},
                               .stream_id = name,
                               .track_id = "v" + name,
                               .line = i});
      lines.insert(lines.end(), {wire::Codec::opus, wire::Codec::vp8});
    }
    auto negotiated = session::answer_viewer(session::make_viewer_offer(local, lines), terms, server);
    ASSERT_TRUE(negotiated);
    auto peer = create_peer(*negotiated, server);
    for (const auto& track : negotiated->tracks) {
      const auto& source = terms.sources[track.source];
      const auto publication = track.kind == wire::MediaKind::audio ? audio_of(*source.line) : video_of(*source.line);
      peer->outgoing.push_back(
          {.track = track, .ssrc = source.ssrc, .rtx_ssrc = source.rtx_ssrc, .publication = publication});
    }
    shard_.handle_command(std::move(peer), now_);
    const auto agreed = session::read_answer(negotiated->answer);
    ASSERT_TRUE(agreed);
    viewers.push_back(
        std::make_unique<Viewer>(local, *agreed, ViewerSettings{decrypt_every, {}}, client_dtls_, random_, now_));
  }

  void close_gate(std::size_t publisher) {
    for (const auto id : {audio_of(publisher), video_of(publisher)})
      shard_.handle_command(media::SetGate{id, false}, now_);
  }

  // Steps of 1 ms; a datagram that leaves in one step arrives in the next. `lose(to viewers)` drops one.
  template <class Lose>
  void run(Duration duration, Lose&& lose) {
    for (const auto end = now_ + duration; now_ < end; now_ += 1ms) {
      for (std::size_t i = 0; i < publishers.size(); ++i) {
        publishers[i]->handle_timeout(now_);
        to_server(publishers[i]->link(), publisher_port(i));
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

  std::vector<std::unique_ptr<Publisher>> publishers;
  std::vector<std::unique_ptr<Viewer>> viewers;
  LatencyHistogram latency;
  bool measuring = false;  // not while joining: a join may be served with an older keyframe from the history

 private:
  static std::uint16_t publisher_port(std::size_t i) { return static_cast<std::uint16_t>(500 + i); }
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
          if (port < viewer_port(0)) {
            publishers[port - publisher_port(0)]->handle_datagram(bytes, path, now_);
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
  ASSERT_TRUE(conference.publishers[0]->link().connected());
  for (int i = 0; i < 5; ++i) conference.add_viewer();
  conference.run(500ms);
  conference.measuring = true;
  conference.run(4s);
  const auto& published = conference.publishers[0]->counters();
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

TEST(Clients, OneViewerOfManyPublishersGetsAllOfEachInOneSession) {
  constexpr std::size_t kPublishers = 32;
  Conference conference;
  for (std::size_t i = 0; i < kPublishers; ++i) conference.add_publisher();
  conference.run(300ms);
  conference.add_viewer(4, kPublishers);
  conference.add_viewer(4, 1);
  conference.run(1s);
  conference.measuring = true;
  const auto before = conference.viewers[0]->counters(), one_before = conference.viewers[1]->counters();
  conference.run(4s);
  auto& viewer = *conference.viewers[0];
  EXPECT_TRUE(viewer.decodable());
  const auto counters = viewer.counters() - before, one = conference.viewers[1]->counters() - one_before;
  EXPECT_EQ(viewer.counters().expected, viewer.counters().received);
  EXPECT_EQ(counters.duplicates, 0u);
  EXPECT_EQ(counters.undecryptable, 0u);
  EXPECT_NEAR(static_cast<double>(counters.received), static_cast<double>(kPublishers * one.received),
              0.05 * static_cast<double>(counters.received));
  EXPECT_GT(conference.latency.count(), counters.received / 5) << "every fourth packet";
}

TEST(Clients, APictureThatIsMissingLeavesTheWholeUndecodable) {
  Conference conference;
  conference.add_publisher();
  conference.run(300ms);
  conference.add_publisher();
  conference.close_gate(1);
  conference.run(300ms);
  conference.add_viewer(4, 2);
  conference.run(2s);
  const auto& viewer = *conference.viewers[0];
  EXPECT_GT(viewer.counters().keyframes, 0u);
  EXPECT_FALSE(viewer.decodable());
  EXPECT_FALSE(viewer.decodable_since());
  EXPECT_GE(viewer.counters().plis, 2u) << "it goes on asking for the one that it lacks";
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
