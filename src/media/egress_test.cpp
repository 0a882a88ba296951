// The shape of trains: what the kernel can cut, and no more padding than it is worth.
#include "media/egress.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "media/shard_testing.h"

namespace bridgehall::media {
namespace {

constexpr std::size_t kOverhead = 12 + 16;  // header and tag

// One publisher, one viewer; each burst is a frame.
class Burst {
 public:
  Burst() {
    room_.shard.handle_command(AddPublication{testing::kVideo, wire::Codec::vp8}, room_.now);
    room_.shard.handle_command(AddPublication{testing::kAudio, wire::Codec::opus}, room_.now);
    room_.shard.handle_command(SetGate{testing::kVideo, true}, room_.now);
    room_.shard.handle_command(SetGate{testing::kAudio, true}, room_.now);
    publisher_ = &room_.add_client(testing::publisher_command(PeerId{1}));
    room_.connect(*publisher_);
    viewer_ = &room_.add_client(testing::viewer_command(PeerId{2}));
    room_.connect(*viewer_);
  }

  // Payload sizes of a frame's packets, at least two each → the trains that leave.
  std::vector<testing::ShardRoom::Sent> send(const std::vector<std::size_t>& sizes, bool with_audio = false) {
    room_.media.clear();
    for (std::size_t i = 0; i < sizes.size(); ++i)
      room_.send_rtp(
          *publisher_,
          testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, sequence_++, timestamp_, i + 1 == sizes.size()),
          testing::vp8_payload(sizes[i], i == 0, true));
    if (with_audio)
      room_.send_rtp(*publisher_,
                     testing::rtp_header(testing::kAudioType, testing::kAudioSsrc, audio_sequence_++, timestamp_),
                     std::vector<std::uint8_t>(80, 0x78));
    timestamp_ += 3'600;
    room_.pass(1ms);
    return room_.media;
  }

  // Opens a train as the viewer would; payload sizes without padding, by sequence number.
  std::vector<std::size_t> open(const testing::ShardRoom::Sent& train) {
    std::vector<std::size_t> sizes;
    for (std::size_t at = 0; at < train.bytes.size(); at += train.segment_size) {
      std::vector<std::uint8_t> packet(
          train.bytes.begin() + static_cast<std::ptrdiff_t>(at),
          train.bytes.begin() + static_cast<std::ptrdiff_t>(std::min(train.bytes.size(), at + train.segment_size)));
      const auto header = wire::parse_rtp_header(packet);
      if (!header) return {};
      auto& state = header->payload_type == testing::kAudioType ? audio_ : video_;
      const auto opened = viewer_->transport->opener().open_rtp(packet, *header, state);
      const auto payload = opened ? wire::rtp_payload(BytesView{packet}.first(opened->size), *header)
                                  : std::unexpected(wire::RtpError::too_short);
      if (!payload) return {};
      sizes.push_back(payload->size());
    }
    return sizes;
  }
  ShardCounters counters() const { return room_.shard.counters(); }

 private:
  testing::ShardRoom room_;
  testing::TestClient* publisher_;
  testing::TestClient* viewer_;
  std::uint16_t sequence_ = 1, audio_sequence_ = 1;
  std::uint32_t timestamp_ = 90'000;
  crypto::SrtpReceiveState video_, audio_;
};

TEST(Egress, EqualPacketsLeaveAsOneTrainWithoutPadding) {
  Burst burst;
  const auto trains = burst.send({1'000, 1'000, 1'000, 1'000});
  ASSERT_EQ(trains.size(), 1u);
  EXPECT_EQ(trains[0].segment_size, 1'000 + kOverhead);
  EXPECT_EQ(trains[0].bytes.size(), 4 * (1'000 + kOverhead));
  EXPECT_EQ(burst.counters().train_lengths[4], 1u);
}

TEST(Egress, NearlyEqualPacketsArePaddedToTheLargest) {
  Burst burst;
  const auto trains = burst.send({990, 1'000, 991, 1'000});
  ASSERT_EQ(trains.size(), 1u);
  EXPECT_EQ(trains[0].bytes.size(), 4 * (1'000 + kOverhead));
  EXPECT_EQ(burst.open(trains[0]), (std::vector<std::size_t>{990, 1'000, 991, 1'000}));
}

TEST(Egress, AShortLastPacketRidesAsItIs) {
  Burst burst;
  const auto trains = burst.send({1'000, 1'000, 300});
  ASSERT_EQ(trains.size(), 1u);
  EXPECT_EQ(trains[0].bytes.size(), 2 * (1'000 + kOverhead) + 300 + kOverhead);
}

TEST(Egress, AudioRidesLast) {
  Burst burst;
  burst.send({500}, true);  // audio begins
  const auto trains = burst.send({1'000, 1'000}, true);
  ASSERT_EQ(trains.size(), 1u);
  EXPECT_EQ(burst.open(trains[0]), (std::vector<std::size_t>{1'000, 1'000, 80}));
}

TEST(Egress, AMuchLongerPacketBeginsATrainOfItsOwn) {
  Burst burst;
  const auto trains = burst.send({200, 1'000, 1'000});
  ASSERT_EQ(trains.size(), 2u);
  EXPECT_EQ(trains[0].bytes.size(), 200 + kOverhead);
  EXPECT_EQ(trains[1].bytes.size(), 2 * (1'000 + kOverhead));
}

TEST(Egress, ALongBurstIsCutIntoTrainsThatASlowLineSwallows) {
  Burst burst;
  const auto trains = burst.send(std::vector<std::size_t>(50, 1'100));
  for (const auto& train : trains) EXPECT_LE(train.bytes.size(), Egress::kTrainBytes);
  EXPECT_EQ(trains.size(), (50u + 7) / 8);
}

TEST(Egress, AnyBurstLeavesCompleteAndInShape) {
  EXPECT_TRUE(rc::check([] {
    const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(2, 1'200));
    if (sizes.empty()) return;
    Burst burst;
    std::vector<std::size_t> opened;
    for (const auto& train : burst.send(sizes)) {
      const auto segments = (train.bytes.size() + train.segment_size - 1) / train.segment_size;
      RC_ASSERT(segments <= 64);
      RC_ASSERT(segments == 1 || train.bytes.size() <= Egress::kTrainBytes);
      const auto payloads = burst.open(train);
      RC_ASSERT(payloads.size() == segments);
      for (std::size_t i = 0; i + 1 < segments; ++i)
        RC_ASSERT(train.segment_size - kOverhead - payloads[i] <= Egress::kMaxPadding);
      opened.insert(opened.end(), payloads.begin(), payloads.end());
    }
    RC_ASSERT(opened == sizes);
  }));
}

}  // namespace
}  // namespace bridgehall::media
