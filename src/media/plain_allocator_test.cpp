#include "media/plain_allocator.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"
#include "session/send_log.h"
#include "session/twcc_receiver.h"

namespace bridgehall::media {
namespace {

using Rung = PlainAllocator::Rung;
using session::LineSummary;

constexpr TimePoint kStart{1000s};

constexpr SlotDemand kVoice{.use = SlotUse::voice, .layer_bitrates = {40'000, 0, 0}};
constexpr SlotDemand kStage{.use = SlotUse::stage, .wanted_layer = 2, .layer_bitrates = {120'000, 400'000, 1'500'000}};
constexpr SlotDemand kSlides{.use = SlotUse::slides, .wanted_layer = 2, .layer_bitrates = {100'000, 0, 600'000}};
constexpr SlotDemand kTile{.use = SlotUse::tile, .wanted_layer = 1, .layer_bitrates = {80'000, 250'000, 1'200'000}};

// 3.6 Mb/s when nothing is limited.
std::vector<SlotDemand> hall() { return {kStage, kSlides, kTile, kTile, kTile, kTile, kTile, kVoice, kVoice, kVoice}; }

// A line with a bottleneck and what is behind it: our own receiver of transport-wide feedback.
class Link {
 public:
  struct Conditions {
    double capacity = 4e6;  // bits per second
    Duration max_queue = 300ms;
    double loss = 0;
  };

  explicit Link(std::vector<SlotDemand> slots_)
      : slots(std::move(slots_)), grants(slots.size()), credits_(slots.size()) {}

  void run(Duration time) {
    worst_queue = 0ns;
    audio_sent = audio_arrived = 0;
    for (const auto end = now + time; now < end; now += 1ms) {
      if (now >= next_frame_) send_frames();
      if (now >= next_audio_) send_audio();
      deliver();
      if (now >= next_allocation_) {
        next_allocation_ = now + 200ms;
        allocator.allocate(monitor_.summary(now, log_.unanswered(now)), slots, grants, now);
      }
      worst_queue = std::max(worst_queue, queue());
    }
  }
  Duration queue() const { return std::max<Duration>(free_at_ - now, 0ns); }
  double audio_share() const { return static_cast<double>(audio_arrived) / audio_sent; }

  Conditions conditions;
  std::vector<SlotDemand> slots;
  std::vector<SlotGrant> grants;
  PlainAllocator allocator;
  TimePoint now = kStart;
  Duration worst_queue{};  // of the last run
  int audio_sent = 0, audio_arrived = 0;

 private:
  void send_frames() {
    next_frame_ = now + 33ms;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].use == SlotUse::voice) continue;
      int layer = grants[i].highest_layer;
      while (layer >= 0 && slots[i].layer_bitrates[static_cast<std::size_t>(layer)] == 0) --layer;
      if (layer < 0) continue;
      credits_[i] += slots[i].layer_bitrates[static_cast<std::size_t>(layer)] * 0.033 / 8;
      for (; credits_[i] >= 200; credits_[i] -= std::min(credits_[i], 1100.0)) send(std::min(credits_[i], 1100.0));
    }
  }
  void send_audio() {
    next_audio_ = now + 20ms;
    for (const auto& slot : slots) {
      if (slot.use != SlotUse::voice) continue;
      ++audio_sent;
      audio_arrived += send(100);
    }
  }
  bool send(double bytes) {
    const auto number = log_.on_sent(now, static_cast<std::size_t>(bytes));
    if (queue() > conditions.max_queue || random_.chance(conditions.loss)) return false;
    free_at_ = std::max(free_at_, now) + Duration{static_cast<std::int64_t>(bytes * 8e9 / conditions.capacity)};
    on_the_way_.push_back({free_at_ + 25ms, number});
    return true;
  }
  void deliver() {
    for (; !on_the_way_.empty() && on_the_way_.front().at <= now; on_the_way_.pop_front())
      receiver_.on_packet(on_the_way_.front().number, on_the_way_.front().at);
    std::array<std::uint8_t, 1200> packet;
    while (const auto size = receiver_.build(now, Ssrc{1}, Ssrc{2}, packet))
      answers_.push_back({now + 25ms, {packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size)}});
    for (; !answers_.empty() && answers_.front().at <= now; answers_.pop_front()) hear(answers_.front().packet);
  }
  void hear(BytesView packet) {
    wire::RtcpWalk walk(packet);
    wire::RtcpPacket rtcp;
    wire::TransportFeedback header;
    ASSERT_TRUE(walk.next(rtcp));
    const auto count = wire::parse_transport_feedback(rtcp, header, entries_);
    ASSERT_GT(count, 0);
    monitor_.add(log_.on_feedback(std::span{entries_}.first(static_cast<std::size_t>(count)), now), now);
  }

  struct Packet {
    TimePoint at;
    std::uint16_t number;
  };
  struct Answer {
    TimePoint at;
    std::vector<std::uint8_t> packet;
  };

  session::SendLog log_;
  session::LineMonitor monitor_;
  session::TwccReceiver receiver_;
  SeededRandom random_{11};
  std::vector<double> credits_;
  TimePoint next_frame_{}, next_audio_{}, next_allocation_{}, free_at_{};
  std::deque<Packet> on_the_way_;
  std::deque<Answer> answers_;
  std::array<wire::TransportFeedback::Entry, wire::TransportFeedback::kMaxEntries> entries_;
};

TEST(PlainAllocatorOnALink, GivesEverythingOnALineThatIsWideEnough) {
  Link link(hall());
  link.run(60s);
  EXPECT_EQ(link.allocator.rung(), Rung::everything);
  EXPECT_EQ(link.grants[0], (SlotGrant{2, false}));
  EXPECT_EQ(link.grants[2], (SlotGrant{1, false}));
  EXPECT_GT(link.audio_share(), 0.999);
}

TEST(PlainAllocatorOnALink, FollowsAFallOfCapacityAndComesBack) {
  for (const Duration max_queue : {100ms, 300ms, 800ms}) {
    Link link(hall());
    link.conditions.max_queue = max_queue;
    link.run(10s);
    link.conditions.capacity = 0.5e6;
    link.run(3s);
    EXPECT_LT(link.queue(), 150ms) << max_queue.count();
    EXPECT_TRUE(link.grants[2].limited_by_line);
    link.run(20s);
    EXPECT_GT(link.audio_share(), 0.95) << max_queue.count() << ", with the trials that failed";
    link.conditions.capacity = 4e6;
    link.run(120s);
    EXPECT_EQ(link.allocator.rung(), Rung::everything) << max_queue.count();
    EXPECT_GT(link.audio_share(), 0.995);
  }
}

TEST(PlainAllocatorOnALink, TriesEverMoreRarelyWhatDoesNotFit) {
  Link link(hall());
  link.conditions = {.capacity = 1.2e6, .max_queue = 800ms};
  link.run(60s);
  int filled = 0;
  for (int i = 0; i < 120; ++i) {
    link.run(1s);
    filled += link.worst_queue > PlainAllocator::kBadQueue;
  }
  EXPECT_LE(filled, 15) << "seconds of two minutes";
  EXPECT_GE(link.grants[0].highest_layer, 0);
}

TEST(PlainAllocatorOnALink, KeepsSoundAndTheStageUnderHeavyRandomLoss) {
  Link link(hall());
  link.run(5s);
  link.conditions.loss = 0.15;
  link.run(30s);
  EXPECT_EQ(link.allocator.rung(), Rung::stage_low);
  EXPECT_EQ(link.grants[0], (SlotGrant{0, true}));
  EXPECT_NEAR(link.audio_share(), 0.85, 0.03);
  link.conditions.loss = 0;
  link.run(60s);
  EXPECT_EQ(link.allocator.rung(), Rung::everything);
}

TEST(PlainAllocatorOnALink, DoesNotDegradeAHealthyLineForALittleLoss) {
  for (const double loss : {0.02, 0.05}) {
    Link link(hall());
    link.conditions.loss = loss;
    for (int i = 0; i < 600; ++i) {
      link.run(1s);
      ASSERT_EQ(link.allocator.rung(), Rung::everything) << loss << " after " << i << " s";
    }
    Link narrow({kTile, kVoice});
    narrow.conditions.loss = loss;
    for (int i = 0; i < 600; ++i) {
      narrow.run(1s);
      ASSERT_EQ(narrow.allocator.rung(), Rung::everything) << loss << " after " << i << " s";
    }
  }
}

TEST(PlainAllocatorOnALink, ComesBackOnALineWithALittleLoss) {
  Link link(hall());
  link.conditions = {.capacity = 4e6, .loss = 0.05};
  link.run(5s);
  link.conditions.capacity = 0.3e6;
  link.run(10s);
  ASSERT_GE(link.allocator.rung(), Rung::stage_low);
  link.conditions.capacity = 5e6;
  link.run(120s);
  EXPECT_EQ(link.allocator.rung(), Rung::everything);
}

TEST(PlainAllocatorOnALink, EmptiesABloatedBufferWithinThreeSeconds) {
  Link link(hall());
  link.conditions = {.capacity = 1e6, .max_queue = 800ms};
  link.run(1s);
  EXPECT_GT(link.worst_queue, 500ms);
  link.run(2s);
  EXPECT_LT(link.queue(), 150ms);
}

TEST(PlainAllocatorOnALink, GivesUpVideoWhenNothingIsAnswered) {
  Link link(hall());
  link.run(5s);
  link.conditions.loss = 1;
  link.run(15s);
  EXPECT_EQ(link.allocator.rung(), Rung::audio_only);
  EXPECT_EQ(link.grants.back(), (SlotGrant{0, false}));
  link.conditions.loss = 0;
  link.run(90s);
  EXPECT_EQ(link.allocator.rung(), Rung::everything);
}

TEST(PlainAllocatorOnALink, GivesAllAgainSoonAfterASilence) {
  Link link(hall());
  link.run(5s);
  for (const auto silence : {3s, 10s, 40s}) {
    link.conditions.loss = 1;
    link.run(silence);
    EXPECT_EQ(link.allocator.rung(), Rung::audio_only);
    link.conditions.loss = 0;
    link.run(3s);
    EXPECT_EQ(link.allocator.rung(), Rung::everything);
    link.run(20s);
    EXPECT_EQ(link.allocator.rung(), Rung::everything);
  }
}

TEST(PlainAllocatorOnALink, TakesNothingAwayForAMomentWithoutALine) {
  Link link(hall());
  link.run(5s);
  for (const auto away : {500ms, 1000ms, 1500ms, 1000ms}) {
    link.conditions.loss = 1;
    link.run(away);
    link.conditions.loss = 0;
    for (int i = 0; i < 10; ++i) {
      link.run(200ms);
      ASSERT_EQ(link.allocator.rung(), Rung::everything) << away.count() << " ms away, " << i;
    }
  }
}

TEST(PlainAllocatorOnALink, FollowsALineThatIsNarrowerAfterASilence) {
  Link link(hall());
  link.run(5s);
  link.conditions.loss = 1;
  link.run(6s);
  link.conditions = {.capacity = 6e5, .max_queue = 800ms};
  link.run(7s);
  EXPECT_LT(link.queue(), 200ms);
  link.run(20s);
  EXPECT_GT(link.allocator.rung(), Rung::tiles_low);
  EXPECT_GT(link.audio_share(), 0.95);
}

TEST(PlainAllocatorOnALink, ASilenceBehindAQueueIsNoReasonToGiveAllAgain) {
  Link link(hall());
  link.conditions = {.capacity = 1e6, .max_queue = 5s};
  link.run(1500ms);
  ASSERT_GT(link.queue(), 500ms);
  link.conditions.loss = 1;
  link.run(6s);
  link.conditions.loss = 0;
  link.run(4s);
  EXPECT_GT(link.allocator.rung(), Rung::tiles_low);
}

// What follows needs no link: summaries are given.
constexpr LineSummary kGood{.packets = 500, .least_round_trip = 50ms, .acknowledged_bitrate = 4'000'000};
LineSummary lossy(std::uint32_t percent) {
  auto line = kGood;
  line.lost = line.packets * percent / 100;
  return line;
}

struct Slots {
  explicit Slots(std::vector<SlotDemand> demands_) : demands(std::move(demands_)), grants(demands.size()) {}
  void run(const LineSummary& line, Duration time) {
    for (const auto end = now + time; now < end; now += 200ms) allocator.allocate(line, demands, grants, now);
  }
  std::vector<SlotDemand> demands;
  std::vector<SlotGrant> grants;
  PlainAllocator allocator;
  TimePoint now = kStart;
};

// A machine that slept finds everything in its socket's buffer, and says that it all came late.
TEST(PlainAllocator, ForgivesWhatCameLateAfterASilence) {
  Slots slots(hall());
  slots.run(kGood, 5s);
  auto silent = kGood;
  silent.unanswered = 5s;
  slots.run(silent, 10s);
  EXPECT_EQ(slots.allocator.rung(), Rung::audio_only);
  auto late = kGood;
  late.queueing_delay = 8s;
  slots.run(late, 1500ms);
  EXPECT_EQ(slots.allocator.rung(), Rung::audio_only);
  slots.run(kGood, 1s);
  EXPECT_EQ(slots.allocator.rung(), Rung::everything);
}

TEST(PlainAllocator, TakesLayersInTheOrderOfTheirWorth) {
  const struct {
    Rung rung;
    int tile, slides, stage;
  } ladder[] = {{Rung::everything, 1, 2, 2},   {Rung::tiles_low, 0, 2, 2},  {Rung::tiles_off, -1, 2, 2},
                {Rung::slides_low, -1, 0, 2},  {Rung::stage_low, -1, 0, 0}, {Rung::slides_off, -1, -1, 0},
                {Rung::audio_only, -1, -1, -1}};
  for (const auto& c : ladder) {
    EXPECT_EQ(PlainAllocator::grant(kTile, c.rung), (SlotGrant{static_cast<std::int8_t>(c.tile), c.tile < 1}));
    EXPECT_EQ(PlainAllocator::grant(kSlides, c.rung), (SlotGrant{static_cast<std::int8_t>(c.slides), c.slides < 2}));
    EXPECT_EQ(PlainAllocator::grant(kStage, c.rung), (SlotGrant{static_cast<std::int8_t>(c.stage), c.stage < 2}));
    EXPECT_EQ(PlainAllocator::grant(kVoice, c.rung), (SlotGrant{0, false}));
  }
}

TEST(PlainAllocator, BlamesTheLineOnlyForWhatItTakes) {
  auto hidden = kTile;
  hidden.visible = false;
  EXPECT_EQ(PlainAllocator::grant(hidden, Rung::everything), (SlotGrant{SlotGrant::kOff, false}));
  EXPECT_EQ(PlainAllocator::grant(hidden, Rung::audio_only), (SlotGrant{SlotGrant::kOff, false}));
  auto small = kTile;
  small.wanted_layer = 0;
  EXPECT_EQ(PlainAllocator::grant(small, Rung::tiles_low), (SlotGrant{0, false}));
  auto single = kSlides;
  single.layer_bitrates = {600'000, 0, 0};
  EXPECT_EQ(PlainAllocator::grant(single, Rung::slides_low), (SlotGrant{0, false}));
  auto without_lowest = kTile;
  without_lowest.layer_bitrates = {0, 250'000, 1'200'000};
  without_lowest.wanted_layer = 2;
  EXPECT_EQ(PlainAllocator::grant(without_lowest, Rung::tiles_low), (SlotGrant{1, true}));
}

TEST(PlainAllocator, StepsDownOneRungAtATimeWhenItOnlyLoses) {
  Slots slots(hall());
  slots.run(lossy(14), 1s);
  EXPECT_EQ(slots.allocator.rung(), Rung::everything) << "a second is no habit";
  slots.run(lossy(14), 400ms);
  EXPECT_EQ(slots.allocator.rung(), Rung::tiles_low);
  slots.run(lossy(14), 1200ms);
  EXPECT_EQ(slots.allocator.rung(), Rung::tiles_low) << "what was lost before the step still counts";
  slots.run(lossy(14), 60s);
  EXPECT_EQ(slots.allocator.rung(), Rung::stage_low) << "sending less does not help";
}

TEST(PlainAllocator, PassesOverRungsThatChangeNothing) {
  Slots slots({kStage, kVoice});
  slots.run(lossy(14), 1400ms);
  EXPECT_EQ(slots.allocator.rung(), Rung::stage_low);
  slots.run(kGood, 5400ms);
  EXPECT_EQ(slots.grants[0], (SlotGrant{2, false}));
  Slots voices({kVoice, kVoice});
  voices.run(lossy(50), 60s);
  EXPECT_EQ(voices.allocator.rung(), Rung::everything);
}

TEST(PlainAllocator, WaitsLongerAfterEachFailureUpToAMinute) {
  Slots slots({kStage, kVoice});
  slots.run(lossy(14), 2s);
  std::vector<int> waits;
  for (int i = 0; i < 6; ++i) {
    const auto begin = slots.now;
    while (slots.allocator.rung() == Rung::stage_low) slots.run(kGood, 200ms);
    waits.push_back(static_cast<int>(std::lround(std::chrono::duration<double>(slots.now - begin).count())));
    slots.run(lossy(14), 3s);
    ASSERT_EQ(slots.allocator.rung(), Rung::stage_low);
  }
  EXPECT_EQ(waits, (std::vector{5, 10, 20, 40, 60, 60}));
  slots.run(kGood, 80s);
  ASSERT_EQ(slots.allocator.rung(), Rung::everything) << "and past its probation";
  slots.run(lossy(14), 3s);
  slots.run(kGood, 5400ms);
  EXPECT_EQ(slots.grants[0].highest_layer, 2) << "forgiven";
}

TEST(PlainAllocator, ActsOnTheRoundTripWhereNothingElseIsKnown) {
  Slots slots(hall());
  LineSummary line{.packets = 300, .queueing_delay = 200ms, .round_trip = 250ms, .least_round_trip = 50ms};
  slots.run(line, 200ms);
  EXPECT_EQ(slots.allocator.rung(), Rung::tiles_low);
  line.queueing_delay = 100ms;
  slots.run(line, 10s);
  EXPECT_EQ(slots.allocator.rung(), Rung::tiles_low) << "neither bad nor good";
  line.queueing_delay = 10ms;
  slots.run(line, 5400ms);
  EXPECT_EQ(slots.allocator.rung(), Rung::everything);
}

TEST(PlainAllocatorProperty, NeverTakesSoundAndNeverGivesMoreThanIsWanted) {
  EXPECT_TRUE(rc::check([](std::uint32_t seed) {
    SeededRandom random{seed};
    Slots slots({});
    for (std::uint64_t i = random.below(30); i > 0; --i) {
      SlotDemand demand{.use = static_cast<SlotUse>(random.below(4)),
                        .visible = random.chance(0.8),
                        .wanted_layer = static_cast<std::uint8_t>(random.below(5))};
      for (auto& rate : demand.layer_bitrates) rate = random.chance(0.7) ? random.u32() : 0;
      slots.demands.push_back(demand);
    }
    slots.grants.resize(slots.demands.size());
    for (int i = 0; i < 300; ++i) {
      LineSummary line{.packets = random.u32() % 1000,
                       .queueing_delay = std::chrono::milliseconds(random.below(400)),
                       .round_trip = std::chrono::milliseconds(random.below(400)),
                       .unanswered = std::chrono::milliseconds(random.below(2500))};
      line.lost = static_cast<std::uint32_t>(random.below(line.packets + 1u) / (1 + random.below(20)));
      if (random.chance(0.5)) line.acknowledged_bitrate = random.u32();
      if (i > 200) line = kGood;
      slots.run(line, random.chance(0.5) ? 200ms : 3s);
      for (std::size_t s = 0; s < slots.demands.size(); ++s) {
        const auto& demand = slots.demands[s];
        const auto grant = slots.grants[s];
        if (demand.use == SlotUse::voice) {
          RC_ASSERT(grant == (SlotGrant{0, false}));
          continue;
        }
        RC_ASSERT(grant.highest_layer <= std::min(demand.wanted_layer, std::uint8_t{2}));
        RC_ASSERT(demand.visible || grant == SlotGrant{});
        RC_ASSERT(grant.highest_layer >= 0 || grant.limited_by_line || !demand.visible);
      }
    }
    slots.run(kGood, 600s);
    for (const auto& grant : slots.grants) RC_ASSERT(!grant.limited_by_line);
  }));
}

}  // namespace
}  // namespace bridgehall::media
