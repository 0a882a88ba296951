// Directed runs of the media core: one behaviour each, in virtual time, with model clients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/simulation.h"
#include "wire/stun.h"

namespace bridgehall::sim {
namespace {

using media::Drop;

// A publisher and its viewers over clean links of 10 ms, unless a test says otherwise. Whatever breaks an invariant on
// the way fails the test at its end.
class Scenarios : public testing::Test {
 protected:
  Scenarios() : Scenarios(SimulationOptions{}) {}
  explicit Scenarios(const SimulationOptions& options) : simulation_(options) {}
  ~Scenarios() override {
    for (const auto& violation : simulation_.world().violations.kept()) ADD_FAILURE() << violation;
  }

  ModelPublisher& publish(PublisherOptions options = {}, const LinkSettings& up = {}, const LinkSettings& down = {}) {
    if (video_ == media::PublicationId{}) {
      video_ = simulation_.add_publication(options.codec);
      audio_ = simulation_.add_publication(wire::Codec::opus);
      simulation_.set_gate(video_, true);
      simulation_.set_gate(audio_, true);
    }
    options.video = video_;
    options.audio = audio_;
    auto& publisher = simulation_.add_publisher(options, up, down);
    EXPECT_TRUE(simulation_.run_until([&] { return publisher.connected(); }, 5s));
    return publisher;
  }
  ModelViewer& view(ViewerOptions options = {}, const LinkSettings& up = {}, const LinkSettings& down = {}) {
    auto& viewer = start_viewing(options, up, down);
    EXPECT_TRUE(simulation_.run_until([&] { return viewer.connected(); }, 5s));
    return viewer;
  }
  ModelViewer& start_viewing(ViewerOptions options = {}, const LinkSettings& up = {}, const LinkSettings& down = {}) {
    options.video = video_;
    options.audio = audio_;
    return simulation_.add_viewer(options, up, down);
  }
  bool run_until_shown(const ModelViewer& viewer, std::uint64_t frames, Duration limit = 5s) {
    return simulation_.run_until([&] { return viewer.frames().decoded() >= frames; }, limit);
  }
  std::uint64_t drops(Drop reason) const { return simulation_.counters().drops[static_cast<std::size_t>(reason)]; }
  SocketAddress stranger() const { return {IpAddress::v4(203, 0, 113, 9), 999}; }

  Simulation simulation_;
  media::PublicationId video_, audio_;
};

// -- what is no one's, or not what it says --

TEST_F(Scenarios, GarbageIsCountedAndUnnoticedByOthers) {
  publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  const auto before = simulation_.counters();
  SeededRandom random{7};
  for (int i = 0; i < 500; ++i) {
    std::vector<std::uint8_t> bytes(random.below(200));
    random.fill(bytes);
    simulation_.send_as_stranger(i % 2 ? stranger() : viewer.address(), bytes);
    simulation_.run_for(1ms);
  }
  simulation_.run_for(10ms);
  const auto after = simulation_.counters();
  std::uint64_t dropped = 0;
  for (std::size_t i = 0; i < after.drops.size(); ++i) dropped += after.drops[i] - before.drops[i];
  EXPECT_GE(dropped, 500u);
  const auto shown = viewer.frames().decoded();
  EXPECT_TRUE(run_until_shown(viewer, shown + 10, 1s));
  EXPECT_EQ(viewer.keyframe_requests(), 0u);
  EXPECT_EQ(simulation_.counters().peers_connected, 2u);
}

TEST_F(Scenarios, DatagramsLongerThanASlotAreCountedAsTruncated) {
  publish();
  std::vector<std::uint8_t> bytes(2'000, 0x80);
  simulation_.send_as_stranger(stranger(), bytes);
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::truncated), 1u);
}

TEST_F(Scenarios, DtlsBeforeAValidCheckIsDropped) {
  publish();
  std::vector<std::uint8_t> hello(100, 0);
  hello[0] = 22;
  simulation_.send_as_stranger(stranger(), hello);
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::dtls_before_check), 1u);
}

TEST_F(Scenarios, MediaFromAnAddressThatNoCheckHasValidatedIsDropped) {
  publish();
  std::vector<std::uint8_t> media(100, 0);
  media[0] = 0x80;
  media[1] = 96;
  simulation_.send_as_stranger(stranger(), media);
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::unknown_address), 1u);
}

// A datagram seen on its way to the server, to be sent again.
class Wiretap {
 public:
  explicit Wiretap(Simulation& simulation) : simulation_(simulation) {
    simulation.on_arrival = [this](const Datagram& datagram) {
      const auto kind = wire::classify_datagram(datagram.bytes);
      last_[kind] = datagram;
    };
  }
  ~Wiretap() { simulation_.on_arrival = nullptr; }
  const Datagram& last(wire::DatagramKind kind) { return last_.at(kind); }

 private:
  Simulation& simulation_;
  std::map<wire::DatagramKind, Datagram> last_;
};

TEST_F(Scenarios, ReplayedMediaIsDroppedByItsReason) {
  Wiretap tap(simulation_);
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  const auto captured = tap.last(wire::DatagramKind::rtp).bytes;
  for (int i = 0; i < 10; ++i) simulation_.send_as_stranger(publisher.address(), captured);
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::srtp_replayed), 10u);
  EXPECT_TRUE(run_until_shown(viewer, viewer.frames().decoded() + 5));
}

TEST_F(Scenarios, ReplayedControlIsDroppedByItsReason) {
  Wiretap tap(simulation_);
  auto& publisher = publish();
  simulation_.run_for(2s);
  simulation_.send_as_stranger(publisher.address(), tap.last(wire::DatagramKind::rtcp).bytes);
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::srtcp_replayed), 1u);
}

TEST_F(Scenarios, ForgedMediaAndControlDoNotAuthenticate) {
  Wiretap tap(simulation_);
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 30));
  // Far ahead in sequence, so that it would do harm if anything were learnt from it.
  auto media = tap.last(wire::DatagramKind::rtp).bytes;
  media[2] ^= 0x40;
  simulation_.send_as_stranger(publisher.address(), media);
  auto control = tap.last(wire::DatagramKind::rtcp);
  control.bytes[9] ^= 1;
  control.bytes[control.bytes.size() - 1] ^= 0x40;
  simulation_.send_as_stranger(control.from, control.bytes);
  simulation_.run_for(200ms);
  EXPECT_EQ(drops(Drop::srtp_authentication), 1u);
  EXPECT_EQ(drops(Drop::srtcp_authentication), 1u);
  EXPECT_TRUE(run_until_shown(viewer, viewer.frames().decoded() + 10, 1s));
}

TEST_F(Scenarios, StunWithWrongIntegrityIsDroppedAndNotAnswered) {
  Wiretap tap(simulation_);
  publish();
  auto check = tap.last(wire::DatagramKind::stun).bytes;
  const auto message = wire::parse_stun(check);
  ASSERT_TRUE(message);
  // Another MESSAGE-INTEGRITY, and the FINGERPRINT that goes with it.
  check[message->integrity_offset + 4] ^= 1;
  std::array<std::uint8_t, wire::kStunMaxMessage> buffer;
  wire::StunWriter writer{buffer, wire::StunClass::request, wire::kStunBinding, message->transaction};
  writer.username(message->username);
  writer.message_integrity([&](BytesView) { return std::array<std::uint8_t, 20>{}; });
  writer.fingerprint();
  const auto size = writer.finish();
  simulation_.send_as_stranger(stranger(), BytesView{buffer}.first(size));
  simulation_.send_as_stranger(stranger(), check);  // its FINGERPRINT is wrong now
  simulation_.run_for(100ms);  // an answer would go to an address that is not validated: a violation
  EXPECT_EQ(drops(Drop::stun_integrity), 1u);
}

TEST_F(Scenarios, StunForNobodyIsDropped) {
  publish();
  std::array<std::uint8_t, wire::kStunMaxMessage> buffer;
  wire::StunWriter writer{buffer, wire::StunClass::request, wire::kStunBinding, {}};
  writer.username("nobody:else");
  const auto size = writer.finish();
  simulation_.send_as_stranger(stranger(), BytesView{buffer}.first(size));
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::unknown_ufrag), 1u);
}

// An RTP header of the publisher's video with `first` as its first byte, then whatever the test says.
std::vector<std::uint8_t> video_header(const ModelPublisher& publisher, std::uint16_t sequence, std::uint8_t first,
                                       std::initializer_list<std::uint8_t> rest = {}) {
  std::vector<std::uint8_t> header(12);
  header[0] = first;
  header[1] = ModelPublisher::kVideoType;
  store_u16(header.data() + 2, sequence);
  store_u32(header.data() + 8, publisher.video_terms().ssrc.value());
  header.insert(header.end(), rest);
  return header;
}

TEST_F(Scenarios, PaddingThatLiesIsDroppedThoughItIsAuthentic) {
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  const std::vector<std::uint8_t> zero(20, 0), beyond(20, 0xff);
  for (const auto& payload : {zero, beyond, std::vector<std::uint8_t>{}}) {
    publisher.send_raw_rtp(video_header(publisher, publisher.next_video_sequence(), 0xa0), payload);
    publisher.give_up_sequence();
  }
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::rtp_bad_payload), 3u);
  EXPECT_TRUE(run_until_shown(viewer, viewer.frames().decoded() + 5));
}

TEST_F(Scenarios, HeadersThatLieAreDroppedBeforeTheyAreOpened) {
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  const auto sequence = publisher.next_video_sequence();
  // An extension block longer than the packet; contributing sources that are not there.
  publisher.send_raw_rtp(video_header(publisher, sequence, 0x90, {0xbe, 0xde, 0xff, 0xff}), {});
  publisher.send_raw_rtp(video_header(publisher, sequence, 0x8f), {});
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::rtp_malformed), 2u);
  EXPECT_TRUE(run_until_shown(viewer, viewer.frames().decoded() + 5));
}

TEST_F(Scenarios, ExtensionElementsThatOverrunEndTheWalkOnly) {
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  // Id 5 with 16 bytes, where three are left.
  auto header = video_header(publisher, publisher.next_video_sequence(), 0x90, {0xbe, 0xde, 0, 1, 0x5f, 1, 2, 3});
  const auto tag = publisher.give_up_sequence();
  store_u32(header.data() + 4, simulation_.world().ledger[publisher.video()].packets.back().timestamp);
  publisher.send_raw_rtp(header, {}, tag);
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::rtp_malformed), 0u);
  EXPECT_TRUE(run_until_shown(viewer, viewer.frames().decoded() + 5));
}

TEST_F(Scenarios, PayloadsTooShortForTheirCodecAreDropped) {
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  const std::vector<std::uint8_t> descriptor_alone{0x90, 0xe0, 0x80};
  publisher.send_raw_rtp(video_header(publisher, publisher.next_video_sequence(), 0x80), descriptor_alone);
  publisher.give_up_sequence();
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::rtp_bad_payload), 1u);
  EXPECT_TRUE(run_until_shown(viewer, viewer.frames().decoded() + 5));
}

TEST_F(Scenarios, MalformedControlIsCountedAndTheRestOfItsPeerGoesOn) {
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  viewer.send_raw_rtcp([](ByteWriter& out) {
    for (const std::uint8_t byte : {0x81, 206, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 2}) out.u8(byte);
  });
  publisher.send_raw_rtcp([](ByteWriter& out) {
    for (const std::uint8_t byte : {0xbf, 200, 0, 1, 0, 0, 0, 9}) out.u8(byte);
  });
  simulation_.run_for(100ms);
  EXPECT_EQ(drops(Drop::rtcp_malformed), 2u);
  EXPECT_TRUE(run_until_shown(viewer, viewer.frames().decoded() + 5));
}

// -- storms --

TEST_F(Scenarios, WhoeverAsksForEverythingAlwaysCostsHalfAsMuchAgainAndNoMore) {
  publish();
  auto& viewer = view({.nack = false});
  auto& other = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  const auto end = simulation_.now() + 5s;
  while (simulation_.now() < end) {
    const auto newest = static_cast<std::uint16_t>(viewer.video_check().newest_sequence());
    std::array<std::uint16_t, 64> all;
    for (std::uint16_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(newest - 63 + i);
    viewer.send_raw_rtcp([&](ByteWriter& out) { wire::write_nack(out, viewer.own_ssrc(), viewer.video_ssrc(), all); });
    simulation_.run_for(5ms);
  }
  const auto sent = viewer.video_check().packets() + viewer.audio_check().packets();
  EXPECT_GT(viewer.video_check().repeats(), 100u);
  EXPECT_LE(viewer.video_check().repeats(), media::Peer::kRepeatCredit + sent / 2);
  EXPECT_EQ(other.video_check().repeats(), 0u);
  EXPECT_EQ(other.keyframe_requests(), 0u);
}

TEST_F(Scenarios, AStormOfKeyframeRequestsReachesThePublisherTwiceASecond) {
  auto& publisher = publish();
  for (int i = 0; i < 10; ++i) view();
  const auto before = publisher.keyframe_requests();
  for (int i = 0; i < 1'000; ++i) {
    for (const auto& viewer : simulation_.viewers())
      viewer->send_raw_rtcp([&](ByteWriter& out) { wire::write_pli(out, viewer->own_ssrc(), viewer->video_ssrc()); });
    simulation_.run_for(5ms);
  }
  EXPECT_GE(publisher.keyframe_requests() - before, 8u);
  EXPECT_LE(publisher.keyframe_requests() - before, 11u);
}

TEST_F(Scenarios, ARequestInsideTheWindowIsDeferredAndNotLost) {
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  const auto ask = [&] {
    viewer.send_raw_rtcp([&](ByteWriter& out) { wire::write_pli(out, viewer.own_ssrc(), viewer.video_ssrc()); });
  };
  simulation_.run_for(600ms);
  const auto before = publisher.keyframes_made();
  ask();
  simulation_.run_for(200ms);
  EXPECT_EQ(publisher.keyframes_made(), before + 1);
  ask();
  simulation_.run_for(150ms);
  EXPECT_EQ(publisher.keyframes_made(), before + 1);
  simulation_.run_for(300ms);
  EXPECT_EQ(publisher.keyframes_made(), before + 2);
}

TEST_F(Scenarios, AClosedPublicationIsNotAskedForKeyframes) {
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  simulation_.set_gate(video_, false);
  simulation_.run_for(1s);
  const auto before = publisher.keyframe_requests();
  viewer.send_raw_rtcp([&](ByteWriter& out) { wire::write_pli(out, viewer.own_ssrc(), viewer.video_ssrc()); });
  simulation_.run_for(3s);
  EXPECT_EQ(publisher.keyframe_requests(), before);
}

TEST_F(Scenarios, HandshakesWaitInLineAndMediaGoesOn) {
  publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  std::vector<ModelViewer*> crowd;
  for (int i = 0; i < 200; ++i) crowd.push_back(&start_viewing());
  const auto requests = viewer.keyframe_requests();
  simulation_.run_for(1s);
  for (const auto* one : crowd) EXPECT_TRUE(one->connected()) << one->name();
  EXPECT_EQ(viewer.keyframe_requests(), requests);
  EXPECT_LT(simulation_.now() - viewer.frames().newest_capture(), 150ms);
  EXPECT_EQ(drops(Drop::handshakes_waiting), 0u);
}

TEST_F(Scenarios, AFullLineOfHandshakesDropsAndCounts) {
  publish();
  auto& viewer = view();
  std::vector<std::uint8_t> record(100, 0);
  record[0] = 22;
  for (std::size_t i = 0; i < media::WaitingHandshakes::kMaxPerPeer + 500; ++i) viewer.send(record);
  simulation_.run_for(20ms);
  EXPECT_GT(drops(Drop::handshakes_waiting), 0u);
  simulation_.run_for(1s);
  EXPECT_TRUE(view().connected());
}

TEST_F(Scenarios, AFullShardRefusesAPeer) {
  Simulation small({.max_peers = 2});
  const auto video = small.add_publication(wire::Codec::vp8), audio = small.add_publication(wire::Codec::opus);
  small.add_publisher({.video = video, .audio = audio});
  small.add_viewer({.video = video, .audio = audio});
  small.add_viewer({.video = video, .audio = audio});
  small.run_for(2s);
  EXPECT_EQ(small.counters().peers, 2u);
  EXPECT_EQ(small.counters().peers_connected, 2u);
  EXPECT_EQ(small.world().violations.count(), 0u);
}

// -- the floor --

TEST_F(Scenarios, NothingOfAClosedMicrophoneLeaves) {
  publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  simulation_.set_gate(audio_, false);
  simulation_.run_for(1ms);  // the command's turn
  const auto before = viewer.audio_check().packets();
  simulation_.run_for(2s);
  EXPECT_EQ(viewer.audio_check().packets(), before);
  EXPECT_GT(drops(Drop::gate_closed), 90u);
  EXPECT_TRUE(run_until_shown(viewer, viewer.frames().decoded() + 5));
  simulation_.set_gate(audio_, true);
  simulation_.run_for(100ms);
  EXPECT_GT(viewer.audio_check().packets(), before);
}

TEST_F(Scenarios, AGateThatOpensShowsAPictureSoon) {
  publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  simulation_.set_gate(video_, false);
  simulation_.run_for(2s);
  const auto shown = viewer.frames().decoded();
  simulation_.set_gate(video_, true);
  EXPECT_TRUE(run_until_shown(viewer, shown + 1, 150ms));
}

// -- joining --

TEST_F(Scenarios, WhoJoinsSoonAfterAKeyframeStartsFromTheHistory) {
  for (const auto codec : {wire::Codec::vp8, wire::Codec::h264, wire::Codec::vp9, wire::Codec::av1}) {
    Simulation run({});
    const auto video = run.add_publication(codec), audio = run.add_publication(wire::Codec::opus);
    run.set_gate(video, true);
    run.set_gate(audio, true);
    auto& publisher = run.add_publisher({.video = video, .audio = audio, .codec = codec});
    ASSERT_TRUE(run.run_until([&] { return run.counters().keyframes_received == 1; }, 2s));
    auto& viewer = run.add_viewer({.video = video, .audio = audio, .codec = codec});
    ASSERT_TRUE(run.run_until([&] { return viewer.frames().decoded() > 0; }, 200ms)) << static_cast<int>(codec);
    EXPECT_EQ(publisher.keyframe_requests(), 0u);
    EXPECT_EQ(run.counters().plis_sent, 0u);
    EXPECT_EQ(run.world().violations.count(), 0u);
  }
}

TEST_F(Scenarios, WhoJoinsLaterHasAKeyframeMade) {
  auto& publisher = publish();
  simulation_.run_for(2s);
  auto& viewer = view();
  EXPECT_TRUE(run_until_shown(viewer, 1, 200ms));
  EXPECT_EQ(publisher.keyframe_requests(), 1u);
  EXPECT_EQ(publisher.keyframes_made(), 2u);
}

TEST_F(Scenarios, ManyWhoJoinTogetherShareOneKeyframe) {
  auto& publisher = publish();
  simulation_.run_for(2s);
  for (int i = 0; i < 50; ++i) start_viewing();
  simulation_.run_for(450ms);
  for (const auto& viewer : simulation_.viewers()) EXPECT_GT(viewer->frames().decoded(), 0u) << viewer->name();
  EXPECT_EQ(publisher.keyframe_requests(), 1u);
}

TEST_F(Scenarios, APublisherThatComesBackIsSeenByWhoStayed) {
  auto& first = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 5));
  first.leave();
  simulation_.run_for(1s);
  const auto shown = viewer.frames().decoded();
  publish({.first_picture_id = 77, .first_sequence = 30'000});
  EXPECT_TRUE(run_until_shown(viewer, shown + 5, 1s));
  EXPECT_EQ(simulation_.counters().peers, 2u);
}

TEST_F(Scenarios, PaddingBeforeAPublisherReturnsDoesNotMovePictureIds) {
  auto& first = publish({.padding_only = 1});
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 20));
  first.leave();
  simulation_.run_for(500ms);
  publish({.first_picture_id = 7'000});
  const auto shown = viewer.frames().decoded();
  EXPECT_TRUE(run_until_shown(viewer, shown + 5, 1s));
  viewer.check_complete(simulation_.now());  // looks at the line of picture ids too
}

// -- loss --

TEST_F(Scenarios, APacketLostBeforeTheServerIsAskedForAndForwardedInItsPlace) {
  for (const bool rtx : {true, false}) {
    Simulation run({});
    const auto video = run.add_publication(wire::Codec::vp8), audio = run.add_publication(wire::Codec::opus);
    run.set_gate(video, true);
    run.set_gate(audio, true);
    auto& publisher = run.add_publisher({.video = video, .audio = audio, .rtx = rtx});
    auto& viewer = run.add_viewer({.video = video, .audio = audio});
    ASSERT_TRUE(run.run_until([&] { return viewer.frames().decoded() > 10; }, 3s));
    publisher.lose_next_video(2);
    const auto shown = viewer.frames().decoded();
    const auto requests = publisher.keyframe_requests() + viewer.keyframe_requests();
    run.run_for(1s);
    EXPECT_EQ(publisher.nacked(), 2u);
    EXPECT_GE(viewer.frames().decoded(), shown + 23);
    EXPECT_EQ(publisher.keyframe_requests() + viewer.keyframe_requests(), requests);
    viewer.check_complete(run.now());
    EXPECT_EQ(run.world().violations.count(), 0u);
  }
}

TEST_F(Scenarios, WhatIsLostAfterTheServerIsRepeated) {
  publish();
  auto& viewer = view({}, {}, {.loss = 0.1});
  auto& other = view();
  simulation_.run_for(5s);
  EXPECT_GT(viewer.recovered(), 20u);
  EXPECT_EQ(other.video_check().repeats(), 0u);
}

TEST_F(Scenarios, WhoHasNoRtxGetsNoRepetition) {
  publish();
  auto& viewer = view({.rtx = false}, {}, {.loss = 0.1});
  simulation_.run_for(5s);
  EXPECT_EQ(viewer.recovered(), 0u);
  EXPECT_EQ(simulation_.counters().rtp_retransmitted, 0u);
}

// -- trains --

TEST_F(Scenarios, AWholeFrameLeavesAsOneTrainPerViewer) {
  publish({.has_audio = false, .frame_bytes = 6'000, .largest_payload = 1'150});
  for (int i = 0; i < 5; ++i) view({.has_audio = false});
  simulation_.run_for(1s);
  const auto before = simulation_.counters();
  simulation_.run_for(2s);  // 50 frames
  const auto after = simulation_.counters();
  const auto trains = after.trains_sent - before.trains_sent;
  const auto packets = after.rtp_forwarded - before.rtp_forwarded;
  EXPECT_LE(trains, 5u * 52);
  EXPECT_GE(packets, 4 * trains);
}

TEST_F(Scenarios, FramesInTicksLeaveInFewTrains) {
  publish({.has_audio = false, .frame_bytes = 6'000, .largest_payload = 1'150, .ticks = true});
  view({.has_audio = false});
  simulation_.run_for(1s);
  const auto before = simulation_.counters();
  simulation_.run_for(2s);
  const auto after = simulation_.counters();
  EXPECT_LE(after.trains_sent - before.trains_sent, (after.rtp_forwarded - before.rtp_forwarded) * 8 / 10);
}

TEST_F(Scenarios, AudioRidesAlongWithTheVideoThatGoes) {
  // A frame every 20 ms, and audio 1 ms before it: it has not left yet when the frame comes.
  publish({.frame_interval = 20ms, .frame_bytes = 2'000, .audio_offset = 19ms});
  view();
  simulation_.run_for(1s);
  const auto before = simulation_.counters();
  simulation_.run_for(5s);
  const auto after = simulation_.counters();
  // 250 frames and 250 packets of audio: apart they would be 500 trains.
  EXPECT_LE(after.trains_sent - before.trains_sent, 260u);
}

// -- bounds --

TEST_F(Scenarios, AnExhaustedPoolShortensHistoriesAndGoesOn) {
  Simulation small({.packet_slots = 400});
  const auto audio = small.add_publication(wire::Codec::opus);
  std::vector<media::PublicationId> videos;
  for (int i = 0; i < 4; ++i) {
    videos.push_back(small.add_publication(wire::Codec::vp8));
    small.set_gate(videos.back(), true);
    small.add_publisher({.video = videos.back(), .audio = audio, .has_audio = false});
    small.add_viewer({.video = videos.back(), .audio = audio, .has_audio = false});
    small.run_for(3s);  // the first ones have filled the pool when the last one comes
  }
  EXPECT_GT(small.counters().drops[static_cast<std::size_t>(Drop::pool_exhausted)], 0u);
  small.run_for(3s);
  for (const auto& viewer : small.viewers()) {
    EXPECT_LT(small.now() - viewer->frames().newest_capture(), 150ms) << viewer->name();
    EXPECT_EQ(viewer->keyframe_requests(), 0u) << viewer->name();
  }
  EXPECT_EQ(small.counters().drops[static_cast<std::size_t>(Drop::stale_handle)], 0u);
  EXPECT_EQ(small.world().violations.count(), 0u);
}

TEST_F(Scenarios, SequenceNumbersAndTimestampsGoRoundWithoutAGap) {
  publish({.first_sequence = 65'400, .first_timestamp = 0xffffffff - 90'000}, {.loss = 0.05, .reorder = 0.05});
  auto& viewer = view();
  simulation_.run_for(6s);
  EXPECT_LT(simulation_.now() - viewer.frames().newest_capture(), 500ms);
  viewer.check_complete(simulation_.now());
}

TEST_F(Scenarios, APeerThatClosesLeavesNothing) {
  publish();
  auto& polite = view();
  auto& closed = view();
  ASSERT_EQ(simulation_.counters().peers, 3u);
  polite.leave();
  simulation_.close(closed);
  simulation_.run_for(200ms);
  EXPECT_EQ(simulation_.counters().peers, 1u);
  EXPECT_EQ(simulation_.counters().subscriptions, 0u);
  EXPECT_EQ(simulation_.closed().at(polite.peer()), session::CloseReason::peer_closed);
  EXPECT_EQ(simulation_.closed().at(closed.peer()), session::CloseReason::requested);
}

TEST_F(Scenarios, WhoVanishesIsSentNothingAfterConsentIsLost) {
  publish();
  auto& viewer = view();
  viewer.vanish();
  const auto gone_at = simulation_.now();
  ASSERT_TRUE(simulation_.run_until([&] { return simulation_.closed().contains(viewer.peer()); }, 31s));
  EXPECT_EQ(simulation_.closed().at(viewer.peer()), session::CloseReason::consent_lost);
  EXPECT_GE(simulation_.now() - gone_at, 29s);
  const auto packets = viewer.video_check().packets();
  simulation_.run_for(1s);
  EXPECT_EQ(viewer.video_check().packets(), packets);
}

TEST_F(Scenarios, WhoNeverChecksIsClosedInTime) {
  publish();
  auto& viewer = start_viewing({}, {.cut = true});
  ASSERT_TRUE(simulation_.run_until([&] { return simulation_.closed().contains(viewer.peer()); }, 31s));
  EXPECT_EQ(simulation_.closed().at(viewer.peer()), session::CloseReason::connect_timeout);
}

// -- moving --

TEST_F(Scenarios, MediaFollowsAViewerToItsNewAddress) {
  publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 10));
  simulation_.move(viewer, true);
  simulation_.run_for(500ms);
  EXPECT_LT(simulation_.now() - viewer.frames().newest_capture(), 150ms);
}

TEST_F(Scenarios, AnIceRestartIsNotSeenInThePicture) {
  auto& publisher = publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 10));
  const auto shown = viewer.frames().decoded();
  viewer.restart_ice();
  publisher.restart_ice();
  simulation_.run_for(1s);
  EXPECT_GE(viewer.frames().decoded(), shown + 23);
  EXPECT_EQ(viewer.keyframe_requests(), 0u);
}

TEST_F(Scenarios, TwoPathsFromOneAddressAreForgottenOneByOne) {
  publish();
  auto& viewer = view();
  ASSERT_TRUE(run_until_shown(viewer, 10));
  // A browser checks each address of the server from the same port of its own, then stays with one.
  Wiretap tap(simulation_);
  viewer.restart_ice();
  simulation_.run_for(50ms);
  auto check = tap.last(wire::DatagramKind::stun);
  check.to.ip = IpAddress::v4(10, 0, 0, 2);
  check.tag = Tag::check();
  simulation_.server().deliver(std::move(check));
  simulation_.run_for(40s);  // consent to the other path has run out
  EXPECT_EQ(drops(Drop::unknown_address), 0u);
  viewer.send_raw_rtcp([&](ByteWriter& out) { wire::write_pli(out, viewer.own_ssrc(), viewer.video_ssrc()); });
  const auto before = simulation_.counters().plis_received;
  simulation_.run_for(100ms);
  EXPECT_EQ(simulation_.counters().plis_received, before + 1);
}

// -- feedback --

TEST_F(Scenarios, APublisherHearsOfTheArrivalOfEverythingItSends) {
  auto& publisher = publish();
  simulation_.run_for(3s);
  EXPECT_GE(publisher.reported_arrivals() + 20, publisher.datagrams());
  EXPECT_LE(publisher.reported_arrivals(), publisher.datagrams());
}

TEST_F(Scenarios, OutgoingPacketsHaveOnlyWhatTheReceiverAgreedTo) {
  publish({.two_byte_extensions = true});
  view({.two_byte_extensions = true});
  auto& one_byte = view();
  ASSERT_TRUE(run_until_shown(one_byte, 50));  // StreamCheck looks at every element
}

}  // namespace
}  // namespace bridgehall::sim
