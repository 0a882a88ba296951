// The line to a receiver: transport-wide numbers on all that leaves, what feedback does to its slots, and the clock
// that sender reports tell.
#include <set>

#include <gtest/gtest.h>

#include "media/conference_testing.h"

namespace bridgehall::media {
namespace {

using testing::Conference;
using testing::TestClient;
using testing::TestSource;

constexpr Duration kFrame = 40ms;
constexpr std::uint32_t kTiles = 4;

Ssrc slot_ssrc(std::uint32_t slot) { return Ssrc{0x5000 + 2 * slot}; }

// Cameras in two encodings, a viewer with a stage and tiles, and a line that loses what the test says.
class DownlinkTest : public ::testing::Test {
 protected:
  DownlinkTest() {
    for (std::uint32_t number = 1; number <= kTiles + 1; ++number) {
      const PublicationId publication{number};
      conference_.publish(publication, wire::Codec::vp8);
      auto description = std::make_unique<CreatePeer>();
      description->peer = PeerId{number};
      description->incoming = {{publication, testing::extended(testing::video_track())}};
      description->incoming[0].track.rids = {"l", "h"};
      auto& client = conference_.join(std::move(description));
      for (std::uint8_t layer = 0; layer < 2; ++layer) {
        sources_.push_back(
            {conference_, client, Ssrc{0x1000 + 16 * number + layer}, testing::kVideoType, layer, number});
        sources_.back().mid = "0";
        sources_.back().rid = layer == 0 ? "l" : "h";
      }
    }
    answered_.resize(sources_.size());
    begun_.resize(sources_.size());
  }
  TestClient& add_viewer(bool numbered) {
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{20};
    for (std::uint32_t slot = 0; slot <= kTiles; ++slot) {
      auto track = testing::video_track();
      if (numbered) track.extensions[wire::ExtensionKind::transport_sequence] = testing::kTransportId;
      description->outgoing.push_back({.track = track,
                                       .ssrc = slot_ssrc(slot),
                                       .rtx_ssrc = Ssrc{slot_ssrc(slot).value() + 1},
                                       .use = slot == 0 ? SlotUse::stage : SlotUse::tile,
                                       .publication = PublicationId{slot + 1}});
    }
    return *(viewer_ = &conference_.join(std::move(description)));
  }
  // Frames at 25 a second; feedback for every tenth of a second.
  void run(Duration duration, double loss = 0) {
    for (const auto end = conference_.room.now + duration; conference_.room.now < end;) {
      for (std::size_t i = 0; i < sources_.size(); ++i) {
        const auto asked = conference_.requests(sources_[i].client, sources_[i].ssrc);
        const bool keyframe = std::exchange(answered_[i], asked) != asked || !begun_[i];
        begun_[i] = true;
        sources_[i].send_frame(keyframe, sources_[i].mark == 0 ? 200 : 900, sources_[i].mark == 0 ? 320 : 1280);
      }
      for (int i = 0; i < 8; ++i) conference_.room.pass(kFrame / 8);
      note_arrivals(loss);
    }
  }
  std::size_t arrived_of(std::uint32_t slot) { return conference_.received(*viewer_, slot_ssrc(slot)).size(); }
  int shown(std::uint32_t slot) {
    const auto* last = conference_.last(*viewer_, slot_ssrc(slot));
    return last == nullptr || conference_.room.now - last->at > 2 * kFrame ? -1 : last->from;
  }
  std::optional<SlotFlow> flow(SlotNumber slot) const {
    std::optional<SlotFlow> found;
    for (const auto& change : conference_.events<SlotChanged>())
      if (change.peer == PeerId{20} && change.slot == slot) found = change.flow;
    return found;
  }

  Conference conference_;
  std::vector<TestSource> sources_;
  std::vector<std::size_t> answered_;
  std::vector<bool> begun_;
  TestClient* viewer_ = nullptr;

 private:
  void note_arrivals(double loss) {
    if (viewer_ == nullptr) return;
    for (std::uint32_t slot = 0; slot <= kTiles; ++slot) {
      const auto& packets = conference_.received(*viewer_, slot_ssrc(slot));
      for (auto& seen = seen_[slot]; seen < packets.size(); ++seen) {
        const bool lost = random_.below(1000) < loss * 1000;
        ++expected_[slot];
        lost_[slot] += lost;
        highest_[slot] = packets[seen].sequence;
        if (!lost && packets[seen].transport_sequence)
          arrivals_.on_packet(*packets[seen].transport_sequence, packets[seen].at + 20ms);
      }
    }
    send_feedback();
  }
  void send_feedback() {
    conference_.send_control(*viewer_, [&](ByteWriter& out) {
      std::array<wire::ReportBlock, kTiles + 1> blocks;
      std::size_t count = 0;
      for (std::uint32_t slot = 0; slot <= kTiles; ++slot)
        if (expected_[slot] > 0)
          blocks[count++] = {.ssrc = slot_ssrc(slot),
                             .fraction_lost = static_cast<std::uint8_t>(255 * std::exchange(lost_[slot], 0) /
                                                                        std::exchange(expected_[slot], 0)),
                             .highest_sequence = highest_[slot]};
      wire::write_receiver_report(out, Ssrc{5}, std::span{blocks}.first(count));
      std::array<std::uint8_t, 1'000> packet;
      for (std::size_t size = 1; size > 0;) {
        size = arrivals_.build(conference_.room.now, Ssrc{5}, slot_ssrc(0), packet);
        out.bytes(BytesView{packet}.first(size));
      }
    });
  }

  session::TwccReceiver arrivals_;
  SeededRandom random_{3};
  std::array<std::size_t, kTiles + 1> seen_{};
  std::array<std::uint32_t, kTiles + 1> expected_{}, lost_{}, highest_{};
};

TEST_F(DownlinkTest, EveryPacketHasItsOwnTransportWideNumber) {
  auto& viewer = add_viewer(true);
  run(1s);
  std::set<std::uint16_t> numbers;
  std::size_t packets = 0;
  for (std::uint32_t slot = 0; slot <= kTiles; ++slot)
    for (const auto& packet : conference_.received(viewer, slot_ssrc(slot))) {
      ASSERT_TRUE(packet.transport_sequence);
      numbers.insert(*packet.transport_sequence);
      ++packets;
    }
  EXPECT_GT(packets, 50u);
  EXPECT_EQ(numbers.size(), packets);
  EXPECT_EQ(*numbers.rbegin() - *numbers.begin() + 1u, packets);
}

TEST_F(DownlinkTest, ARepetitionHasANumberOfItsOwn) {
  auto& viewer = add_viewer(true);
  run(1s);
  const auto sequence = conference_.last(viewer, slot_ssrc(0))->sequence;
  conference_.send_control(
      viewer, [&](ByteWriter& out) { wire::write_nack(out, Ssrc{5}, slot_ssrc(0), std::array{sequence}); });
  conference_.room.turn();
  const auto& repeated = conference_.received(viewer, Ssrc{slot_ssrc(0).value() + 1});
  ASSERT_EQ(repeated.size(), 1u);
  ASSERT_TRUE(repeated[0].transport_sequence);
  for (std::uint32_t slot = 0; slot <= kTiles; ++slot)
    for (const auto& packet : conference_.received(viewer, slot_ssrc(slot)))
      EXPECT_NE(packet.transport_sequence, repeated[0].transport_sequence);
}

TEST_F(DownlinkTest, AGoodLineGetsEverything) {
  add_viewer(true);
  run(8s, 0.01);
  for (std::uint32_t slot = 0; slot <= kTiles; ++slot) {
    EXPECT_EQ(shown(slot), 1);
    EXPECT_EQ(flow(static_cast<SlotNumber>(slot)), SlotFlow::showing);
  }
}

TEST_F(DownlinkTest, OnALossyLineTilesGiveWayFirstAndAllComesBack) {
  auto& viewer = add_viewer(true);
  run(3s);
  run(3s, 0.25);
  for (SlotNumber slot = 1; slot <= kTiles; ++slot)
    EXPECT_TRUE(flow(slot) == SlotFlow::limited || flow(slot) == SlotFlow::off_by_line);
  EXPECT_GE(shown(0), 0);  // the stage at least in its low layer
  run(60s);
  for (std::uint32_t slot = 0; slot <= kTiles; ++slot) {
    EXPECT_EQ(shown(slot), 1);
    EXPECT_EQ(flow(static_cast<SlotNumber>(slot)), SlotFlow::showing);
    const auto& packets = conference_.received(viewer, slot_ssrc(slot));
    for (std::size_t i = 1; i < packets.size(); ++i) {
      EXPECT_EQ(static_cast<std::uint16_t>(packets[i].sequence - packets[i - 1].sequence), 1u);
      EXPECT_GT(static_cast<std::int32_t>(packets[i].timestamp - packets[i - 1].timestamp), 0);
      if (packets[i].from != packets[i - 1].from) EXPECT_TRUE(packets[i].keyframe);
    }
  }
}

TEST_F(DownlinkTest, AnotherWayIsTriedAsIfItWereTheFirst) {
  auto& viewer = add_viewer(true);
  run(3s);
  run(6s, 0.6);
  ASSERT_EQ(flow(0), SlotFlow::off_by_line);
  viewer.path.remote.port = 5'000;
  for (int i = 0; i < 40 && flow(0) == SlotFlow::off_by_line; ++i) run(100ms);  // until its next check
  run(200ms);
  for (std::uint32_t slot = 0; slot <= kTiles; ++slot) EXPECT_EQ(shown(slot), 1);
}

TEST_F(DownlinkTest, ReportBlocksDoWhereThereAreNoNumbers) {
  add_viewer(false);
  run(3s);
  for (std::uint32_t slot = 0; slot <= kTiles; ++slot) EXPECT_EQ(shown(slot), 1);
  run(4s, 0.4);
  EXPECT_NE(shown(1), 1);
  EXPECT_NE(flow(1), SlotFlow::showing);
}

TEST_F(DownlinkTest, ASlotThatTheLineTookAwayCostsNothing) {
  add_viewer(true);
  run(3s);
  run(6s, 0.6);
  const auto before = arrived_of(1);
  EXPECT_EQ(flow(1), SlotFlow::off_by_line);
  run(200ms, 0.6);
  EXPECT_EQ(arrived_of(1), before);
}

// Picture and voice of a site have unrelated timestamps; what relates them for the receiver are our sender reports.
// After every change of the stage the same instant must still be the same instant on both lines.
TEST(SenderReports, KeepPictureAndVoiceOfTheStageTogetherThroughChanges) {
  Conference conference;
  std::vector<TestSource> pictures, voices;
  for (std::uint32_t site = 1; site <= 3; ++site) {
    const PublicationId picture{10 + site}, voice{20 + site};
    conference.publish(picture, wire::Codec::vp8);
    conference.publish(voice, wire::Codec::opus);
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{site};
    description->incoming = {{picture, testing::video_track()}, {voice, testing::extended(testing::audio_track())}};
    description->incoming[0].track.remote_ssrc = Ssrc{0x100 + site};
    description->incoming[1].track.remote_ssrc = Ssrc{0x200 + site};
    auto& client = conference.join(std::move(description));
    pictures.push_back({conference, client, Ssrc{0x100 + site}, testing::kVideoType, 1, site * 999'999'999u});
    voices.push_back({conference, client, Ssrc{0x200 + site}, testing::kAudioType, 1, site * 123'456'789u});
  }
  auto description = std::make_unique<CreatePeer>();
  description->peer = PeerId{9};
  description->outgoing = {
      {.track = testing::video_track(), .ssrc = Ssrc{0x5000}, .publication = PublicationId{11}},
      {.track = testing::audio_track(), .ssrc = Ssrc{0x6000}, .use = SlotUse::voice, .voice_place = 0}};
  auto& viewer = conference.join(std::move(description));

  std::map<std::uint32_t, wire::SenderInfo> reports;
  std::size_t read = 0;
  for (std::uint32_t stage = 1; stage <= 9; ++stage) {
    const auto site = stage % 3 + 1;
    conference.command(SetVoiceRank{PublicationId{20 + site}, VoiceRank::stage});
    conference.command(FillSlot{
        .peer = PeerId{9}, .slot = 0, .publication = PublicationId{10 + site}, .payload_type = testing::kVideoType});
    for (int i = 0; i < 150; ++i) {
      for (std::size_t s = 0; s < 3; ++s) {
        if (i % 2 == 0) pictures[s].send_frame(i % 10 == 0);
        voices[s].send_audio(-20);
        if (i % 25 == 7) {
          const NtpTime ntp{(std::uint64_t{5'000'000} * s << 32) + ntp_units(conference.room.now.time_since_epoch())};
          conference.send_control(voices[s].client, [&](ByteWriter& out) {
            wire::write_sender_report(
                out, {.ssrc = pictures[s].ssrc, .ntp = ntp, .rtp_timestamp = pictures[s].timestamp(90'000)}, {});
          });
          conference.send_control(voices[s].client, [&](ByteWriter& out) {
            wire::write_sender_report(
                out, {.ssrc = voices[s].ssrc, .ntp = ntp, .rtp_timestamp = voices[s].timestamp(48'000)}, {});
          });
        }
      }
      for (int step = 0; step < 4; ++step) conference.room.pass(5ms);
      const auto& control = conference.control(viewer);
      for (; read < control.size(); ++read) {
        wire::RtcpWalk walk(control[read]);
        for (wire::RtcpPacket packet; walk.next(packet);) {
          wire::SenderInfo info;
          if (packet.type == wire::RtcpType::sender_report && wire::parse_sender_info(packet, info))
            reports[info.ssrc.value()] = info;
        }
      }
    }
    const auto skew = [&](Ssrc ssrc, std::uint32_t rate) {
      const auto& last = *conference.last(viewer, ssrc);
      const auto& report = reports.at(ssrc.value());
      const auto capture =
          report.ntp + Duration{std::int64_t{static_cast<std::int32_t>(last.timestamp - report.rtp_timestamp)} *
                                1'000'000'000 / rate};
      return ntp_difference(capture, NtpTime{} + last.at.time_since_epoch());
    };
    const auto difference = skew(Ssrc{0x5000}, 90'000) - skew(Ssrc{0x6000}, 48'000);
    EXPECT_LT(std::chrono::abs(difference), 20ms) << "after change " << stage;
  }
}

}  // namespace
}  // namespace bridgehall::media
