#include "media/layer_filter.h"

#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"
#include "wire/scalability_testing.h"

namespace bridgehall::media {
namespace {

using wire::Layers;
using wire::testing::InterLayer;
using wire::testing::Scalability;
using wire::testing::ScalableFrame;
using wire::testing::ScalableStream;
using Verdict = LayerFilter::Verdict;

// Where the facts come from: dependency descriptors, or VP9's or VP8's own payload descriptors.
enum class Source { descriptor, vp9, vp8 };

struct Case {
  Scalability shape;
  Source source = Source::descriptor;
};
const Case kCases[] = {
    {{1, 1}},
    {{1, 3}},
    {{2, 1}},
    {{3, 3}},
    {{3, 3, InterLayer::keyframes}},
    {{2, 3, InterLayer::never}},
    {{1, 3}, Source::vp8},
    {{1, 2}, Source::vp8},
    {{1, 3}, Source::vp9},
    {{3, 3}, Source::vp9},
    {{3, 3, InterLayer::keyframes}, Source::vp9},
};

struct SentPacket {
  std::size_t frame = 0;  // in Sender::frames
  StoredPacket packet;
};

// Frames cut into packets with what the filter wants to know of each.
class Sender {
 public:
  Sender(const Case& c, std::uint64_t seed) : source_(c.source), stream_(c.shape), random_(seed) {}

  std::vector<SentPacket> next_unit(bool key) {
    std::vector<SentPacket> packets;
    for (const auto& frame : stream_.next_unit(key)) {
      const auto count = 1 + random_.below(3);
      for (std::uint64_t i = 0; i < count; ++i)
        packets.push_back({frames.size(), packet_of(frame, i == 0, i + 1 == count)});
      frames.push_back(frame);
    }
    return packets;
  }

  std::vector<ScalableFrame> frames;

 private:
  StoredPacket packet_of(const ScalableFrame& frame, bool start, bool end) {
    StoredPacket packet{.timestamp = static_cast<std::uint32_t>(frame.unit * 3'000),
                        .sequence = next_sequence_++,
                        .marker = end && frame.last_of_unit};
    if (source_ == Source::descriptor) {
      auto descriptor = frame.descriptor;
      descriptor.start_of_frame = start;
      descriptor.end_of_frame = end;
      descriptor.brings_structure &= start;
      packet.frame = wire::frame_facts_of(descriptor, stream_.structure);
      return packet;
    }
    const auto temporal = frame.descriptor.temporal_layer;
    wire::PayloadInfo payload{.frame_start = start,
                              .keyframe = start && frame.key,
                              .temporal_layer = temporal,
                              .spatial_layer = frame.descriptor.spatial_layer};
    if (source_ == Source::vp9) {
      payload.frame_end = end;
      payload.layer_sync = temporal < 2;
      packet.frame = wire::frame_facts_of(wire::Codec::vp9, payload);
    } else {
      payload.layer_sync = temporal > 0 && frames_of_base(frame);
      packet.frame = wire::frame_facts_of(wire::Codec::vp8, payload);
    }
    return packet;
  }
  bool frames_of_base(const ScalableFrame& frame) const {
    return std::ranges::all_of(frame.references, [&](std::int64_t number) {
      return frames[static_cast<std::size_t>(number)].descriptor.temporal_layer == 0;
    });
  }

  Source source_;
  ScalableStream stream_;
  SeededRandom random_;
  std::int64_t next_sequence_ = 1'000;
};

// What one receiver got: packets per frame.
struct Receiver {
  explicit Receiver(Layers target) { filter.set_target(target); }

  LayerFilter::Decision take(const SentPacket& sent) {
    if (!started) filter.begin_epoch(sent.packet);
    started = true;
    const auto decision = filter.decide(sent.packet);
    if (decision.forward()) ++forwarded[sent.frame];
    return decision;
  }

  LayerFilter filter;
  bool started = false;
  std::map<std::size_t, std::size_t> forwarded;
};

Layers random_layers(SeededRandom& random) {
  return {static_cast<std::uint8_t>(random.below(4)), static_cast<std::uint8_t>(random.below(4))};
}

TEST(LayerFilter, ForwardsEverythingOfAStreamWithoutLayers) {
  LayerFilter filter;
  filter.set_target({0, 0});
  StoredPacket packet{.timestamp = 5, .sequence = 10};
  filter.begin_epoch(packet);
  for (; packet.sequence < 20; ++packet.sequence) {
    packet.marker = packet.sequence % 3 == 0;
    const auto decision = filter.decide(packet);
    EXPECT_TRUE(decision.forward());
    EXPECT_EQ(decision.marker, packet.marker);
  }
}

TEST(LayerFilter, ALateBeginningOfItsKeyframeIsForwarded) {
  Sender sender({{3, 3}}, 1);
  const auto unit = sender.next_unit(true);
  Receiver receiver({0, 0});
  receiver.filter.begin_epoch(unit[0].packet);
  receiver.started = true;
  receiver.take(unit.back());
  EXPECT_TRUE(receiver.take(unit[0]).forward());
}

TEST(LayerFilter, MoreSpatialLayersOfFullSvcWaitForAKeyframe) {
  Sender sender({{3, 3}}, 1);
  Receiver receiver({0, 2});
  for (int unit = 0; unit < 20; ++unit) {
    if (unit == 6) receiver.filter.set_target({2, 2});
    for (const auto& packet : sender.next_unit(unit == 12)) receiver.take(packet);
    EXPECT_EQ(receiver.filter.waits_for_keyframe(), unit >= 6 && unit < 12) << unit;
    EXPECT_EQ(receiver.filter.current().spatial, unit < 12 ? 0 : 2) << unit;
  }
}

TEST(LayerFilter, FewerSpatialLayersOfFullSvcComeWithTheNextPicture) {
  Sender sender({{3, 3}}, 1);
  Receiver receiver({2, 2});
  for (const auto& packet : sender.next_unit(true)) receiver.take(packet);
  receiver.filter.set_target({0, 1});
  for (const auto& packet : sender.next_unit(false)) receiver.take(packet);
  EXPECT_EQ(receiver.filter.current(), (Layers{0, 1}));
}

TEST(LayerFilter, FewerSpatialLayersOfKSvcWaitForAKeyframe) {
  Sender sender({{3, 3, InterLayer::keyframes}}, 1);
  Receiver receiver({2, 2});
  for (int unit = 0; unit < 15; ++unit) {
    if (unit == 5) receiver.filter.set_target({0, 0});  // one round before, all could still begin at the keyframe
    for (const auto& packet : sender.next_unit(unit == 12)) receiver.take(packet);
    EXPECT_EQ(receiver.filter.waits_for_keyframe(), unit >= 5 && unit < 12);
    if (unit >= 5) {
      EXPECT_EQ(receiver.filter.current().temporal, 0);
    }
  }
  EXPECT_EQ(receiver.filter.current(), (Layers{0, 0}));
}

TEST(LayerFilter, MoreTemporalLayersComeWithinARoundOfThePattern) {
  for (const auto& c : kCases) {
    Sender sender(c, 1);
    Receiver receiver({2, 0});
    for (int unit = 0; unit < 7; ++unit)
      for (const auto& packet : sender.next_unit(false)) receiver.take(packet);
    receiver.filter.set_target({2, 2});
    for (int unit = 0; unit < 8; ++unit)
      for (const auto& packet : sender.next_unit(false)) receiver.take(packet);
    EXPECT_GE(receiver.filter.current().temporal + 1, c.shape.temporal);
    EXPECT_FALSE(receiver.filter.waits_for_keyframe());
  }
}

TEST(LayerFilter, LeavesOutWhatNobodyRefersTo) {
  Sender sender({{1, 3}}, 1);
  Receiver receiver(wire::kAllLayers);
  receiver.filter.set_skip_discardable(true);
  for (int unit = 0; unit < 8; ++unit)
    for (const auto& packet : sender.next_unit(false)) {
      const bool discardable = packet.packet.frame.temporal_layer == 2;
      EXPECT_EQ(receiver.take(packet).verdict, discardable ? Verdict::skip_picture : Verdict::forward);
    }
}

// Without loss, whatever targets are asked for: frames go whole or not at all, all that a frame refers to went before
// it, each unit ends with one marker bit, and of a skipped picture nothing goes.
TEST(LayerFilter, WhatIsForwardedCanBeDecoded) {
  EXPECT_TRUE(rc::check([](std::uint64_t seed) {
    SeededRandom random(seed);
    const auto& c = kCases[random.below(std::size(kCases))];
    Sender sender(c, seed);
    Receiver receiver(random_layers(random));
    for (int unit = 0; unit < 60; ++unit) {
      std::size_t markers = 0, forwarded = 0;
      bool last_marked = false, picture_skipped = false;
      const auto packets = sender.next_unit(random.chance(0.05));
      for (const auto& sent : packets) {
        if (random.chance(0.1)) receiver.filter.set_target(random_layers(random));
        const auto decision = receiver.take(sent);
        RC_ASSERT(decision.forward() || !decision.marker);
        picture_skipped |= decision.verdict == Verdict::skip_picture;
        if (!decision.forward()) continue;
        RC_ASSERT(decision.marker == receiver.filter.marker_of(sent.packet));
        ++forwarded;
        markers += decision.marker;
        last_marked = decision.marker;
      }
      RC_ASSERT(!picture_skipped || forwarded == 0);
      RC_ASSERT(forwarded == 0 || (markers == 1 && last_marked));
      for (const auto& sent : packets) {
        const auto all = static_cast<std::size_t>(
            std::ranges::count_if(packets, [&](const SentPacket& p) { return p.frame == sent.frame; }));
        if (!receiver.forwarded.contains(sent.frame)) continue;
        RC_ASSERT(receiver.forwarded[sent.frame] == all);
        for (const auto reference : sender.frames[sent.frame].references)
          RC_ASSERT(receiver.forwarded.contains(static_cast<std::size_t>(reference)));
      }
    }
  }));
}

// With loss and disorder on the way to us: a frame is never forwarded while another one that it refers to and that came
// is held back, and once the line is good again a keyframe brings the target, or a few pictures what needs none.
TEST(LayerFilter, LossUpstreamStopsNothingForEver) {
  EXPECT_TRUE(rc::check([](std::uint64_t seed) {
    SeededRandom random(seed);
    const auto& c = kCases[random.below(std::size(kCases))];
    Sender sender(c, seed);
    Receiver receiver(random_layers(random));
    for (const auto& sent : sender.next_unit(true)) receiver.take(sent);
    std::vector<std::pair<std::uint64_t, SentPacket>> way;  // by when they arrive
    std::uint64_t clock = 0;
    for (int unit = 0; unit < 80; ++unit)
      for (const auto& sent : sender.next_unit(random.chance(0.03)))
        if (!random.chance(0.1)) way.emplace_back(++clock + (random.chance(0.1) ? random.below(12) : 0), sent);
    std::ranges::stable_sort(way, {}, [](const auto& entry) { return entry.first; });

    std::set<std::size_t> came;
    std::size_t since_change = 0;
    for (const auto& [when, sent] : way) {
      if (++since_change > 60 && random.chance(0.1)) {
        receiver.filter.set_target(random_layers(random));
        since_change = 0;
      }
      receiver.take(sent);
      came.insert(sent.frame);
    }
    for (const auto& [frame, count] : receiver.forwarded)
      for (const auto reference : sender.frames[frame].references)
        RC_ASSERT(!came.contains(static_cast<std::size_t>(reference)) ||
                  receiver.forwarded.contains(static_cast<std::size_t>(reference)));

    for (int unit = 0; unit < 9; ++unit)
      for (const auto& sent : sender.next_unit(false)) receiver.take(sent);
    const auto target = receiver.filter.target(), settled = receiver.filter.current();
    RC_ASSERT(settled.temporal == target.temporal || settled.temporal + 1 >= c.shape.temporal);
    for (const auto& sent : sender.next_unit(true)) receiver.take(sent);
    RC_ASSERT(receiver.filter.current() == target);
  }));
}

}  // namespace
}  // namespace bridgehall::media
