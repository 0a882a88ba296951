#include "media/rewriter.h"

#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"

namespace bridgehall::media {
namespace {

constexpr std::uint32_t kRate = 90'000;
constexpr TimePoint kStart{100s};

struct Incoming {
  std::int64_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint16_t epoch = 1;
  Duration after{};  // since the start
  std::uint16_t picture_id = 0;
  std::uint8_t tl0 = 0;
  std::uint16_t payload_size = 100;
};

StoredPacket packet_of(const Incoming& incoming) {
  return {.timestamp = incoming.timestamp,
          .sequence = incoming.sequence,
          .arrived_at = kStart + incoming.after,
          .epoch = incoming.epoch,
          .payload_size = incoming.payload_size,
          .payload = {.picture_id = incoming.picture_id, .tl0_picture_index = incoming.tl0}};
}

// As Forwarder does it; a new epoch begins with the first packet of it.
RewrittenNumbers send(Rewriter& rewriter, const Incoming& incoming) {
  const auto packet = packet_of(incoming);
  if (!rewriter.in_epoch(packet)) rewriter.begin_epoch(packet);
  const auto numbers = rewriter.map(packet);
  rewriter.sent(packet, numbers);
  return numbers;
}

struct Row {
  const char* what;
  Incoming in;
  std::int64_t sequence;
  std::uint32_t timestamp;
  std::uint16_t picture_id;
  std::uint8_t tl0;
};

// One receiver's line begins at sequence 1,000 and timestamp 5,000. A frame lasts 3,600 ticks (40 ms).
TEST(Rewriter, KeepsOneLineThroughLossesSendersAndGates) {
  const Row rows[] = {
      {"begins where the line begins", {700, 90'000, 1, 0ms, 30, 4}, 1'000, 5'000, 30, 4},
      {"goes on", {701, 90'000, 1, 0ms, 30, 4}, 1'001, 5'000, 30, 4},
      {"a loss stays a gap", {703, 93'600, 1, 40ms, 31, 5}, 1'003, 8'600, 31, 5},
      {"what was late has its place", {702, 90'000, 1, 50ms, 30, 4}, 1'002, 5'000, 30, 4},
      {"the next after it", {704, 97'200, 1, 80ms, 32, 6}, 1'004, 12'200, 32, 6},
      {"another sender, 100 ms later", {60'000, 1, 2, 180ms, 9'000, 200}, 1'005, 21'200, 33, 7},
      {"and its next", {60'001, 3'601, 2, 220ms, 9'001, 201}, 1'006, 24'800, 34, 8},
      {"a gate closed for two seconds", {60'090, 183'601, 3, 2'220ms, 9'060, 250}, 1'007, 204'800, 35, 9},
      {"at once again: ten milliseconds at least", {5, 77, 4, 2'220ms, 1, 1}, 1'008, 205'700, 36, 10},
      {"the sender's numbers wrap", {65'536 + 5, 77, 4, 2'220ms, 1, 1}, 1'008 + 65'536, 205'700, 36, 10},
  };
  Rewriter rewriter(kRate, 1'000, 5'000);
  for (const auto& row : rows) {
    const auto numbers = send(rewriter, row.in);
    EXPECT_EQ(numbers.sequence, row.sequence) << row.what;
    EXPECT_EQ(numbers.timestamp, row.timestamp) << row.what;
    EXPECT_EQ(numbers.picture_id, row.picture_id) << row.what;
    EXPECT_EQ(numbers.tl0_picture_index, row.tl0) << row.what;
  }
}

TEST(Rewriter, HasNoPlaceForWhatCameBeforeTheEpoch) {
  Rewriter rewriter(kRate, 1'000, 0);
  send(rewriter, {.sequence = 500});
  EXPECT_FALSE(rewriter.has_place(packet_of({.sequence = 499})));
  EXPECT_TRUE(rewriter.has_place(packet_of({.sequence = 501})));
}

TEST(Rewriter, HasNoPlaceForWhatIsTooLate) {
  Rewriter rewriter(kRate, 1'000, 0);
  send(rewriter, {.sequence = 500});
  send(rewriter, {.sequence = 2'000});
  EXPECT_FALSE(rewriter.has_place(packet_of({.sequence = 1'501})));
  EXPECT_TRUE(rewriter.has_place(packet_of({.sequence = 1'502})));
}

TEST(Rewriter, PaddingAloneDoesNotMovePictureIds) {
  Rewriter rewriter(kRate, 0, 0);
  send(rewriter, {.sequence = 1, .picture_id = 500, .tl0 = 60});
  send(rewriter, {.sequence = 2, .payload_size = 0});
  const auto next = send(rewriter, {.sequence = 9, .epoch = 2, .after = 1s, .picture_id = 3, .tl0 = 3});
  EXPECT_EQ(next.picture_id, 501);
  EXPECT_EQ(next.tl0_picture_index, 61);
  EXPECT_EQ(next.sequence, 2);
}

TEST(Rewriter, PictureIdsGoRoundIn15Bits) {
  Rewriter rewriter(kRate, 0, 0);
  EXPECT_EQ(send(rewriter, {.sequence = 1, .picture_id = 32'767}).picture_id & 0x7fff, 32'767);
  EXPECT_EQ(send(rewriter, {.sequence = 2, .epoch = 2, .after = 1s, .picture_id = 32'767}).picture_id & 0x7fff, 0);
  EXPECT_EQ(send(rewriter, {.sequence = 3, .epoch = 2, .after = 1s, .picture_id = 0}).picture_id & 0x7fff, 1);
}

TEST(Rewriter, NeverTakesBackOrSkipsANumberAtAChange) {
  EXPECT_TRUE(rc::check([](const std::vector<std::tuple<std::uint8_t, std::uint16_t, std::uint32_t>>& steps) {
    Rewriter rewriter(kRate, 17, 4'000'000'000u);
    Incoming in{.sequence = 100};
    std::optional<RewrittenNumbers> last;
    for (const auto& [step, number, timestamp] : steps) {
      const bool change = step % 8 == 0;
      const std::int64_t skipped = step % 4;
      if (change) {
        ++in.epoch;
        in.sequence = number;
        in.timestamp = timestamp;
        in.picture_id = number & 0x7fff;
      } else {
        in.sequence += 1 + skipped;
        in.timestamp += 3'600;
        in.picture_id = static_cast<std::uint16_t>((in.picture_id + 1) & 0x7fff);
      }
      in.after += std::chrono::milliseconds(step);
      const auto numbers = send(rewriter, in);
      if (last) {
        RC_ASSERT(numbers.sequence == last->sequence + 1 + (change ? 0 : skipped));
        RC_ASSERT(static_cast<std::int32_t>(numbers.timestamp - last->timestamp) > 0);
        RC_ASSERT(((numbers.picture_id - last->picture_id) & 0x7fff) == 1);
      }
      last = numbers;
    }
  }));
}

// A stream with a temporal layer that may be left out: two packets a picture, 15-bit picture ids.
StoredPacket layered(std::int64_t sequence, std::uint16_t picture_id) {
  auto packet = packet_of({.sequence = sequence, .picture_id = picture_id});
  packet.payload.picture_id_bits = 15;
  return packet;
}
RewrittenNumbers pass(Rewriter& rewriter, const StoredPacket& packet) {
  EXPECT_TRUE(rewriter.has_place(packet));
  const auto numbers = rewriter.map(packet);
  rewriter.sent(packet, numbers);
  return numbers;
}

TEST(Rewriter, ClosesUpOverWhatIsLeftOut) {
  Rewriter rewriter(kRate, 1'000, 0);
  rewriter.begin_epoch(layered(500, 7));
  EXPECT_EQ(pass(rewriter, layered(500, 7)).sequence, 1'000);
  rewriter.skip(layered(501, 8), Skipped::picture);
  rewriter.skip(layered(502, 8), Skipped::picture);
  const auto numbers = pass(rewriter, layered(503, 9));
  EXPECT_EQ(numbers.sequence, 1'001);
  EXPECT_EQ(numbers.picture_id, 8);
}

TEST(Rewriter, APictureOfWhichOnlyALayerIsLeftOutKeepsItsId) {
  Rewriter rewriter(kRate, 1'000, 0);
  rewriter.begin_epoch(layered(500, 7));
  pass(rewriter, layered(500, 7));
  rewriter.skip(layered(501, 7), Skipped::packet);
  const auto numbers = pass(rewriter, layered(502, 8));
  EXPECT_EQ(numbers.sequence, 1'001);
  EXPECT_EQ(numbers.picture_id, 8);
}

TEST(Rewriter, KeepsThePlaceOfWhatComesAfterItsNeighboursWereLeftOut) {
  Rewriter rewriter(kRate, 1'000, 0);
  rewriter.begin_epoch(layered(500, 7));
  pass(rewriter, layered(500, 7));
  rewriter.skip(layered(501, 8), Skipped::picture);
  rewriter.skip(layered(504, 10), Skipped::picture);
  EXPECT_EQ(pass(rewriter, layered(506, 12)).sequence, 1'004);
  const auto late = pass(rewriter, layered(502, 9));
  EXPECT_EQ(late.sequence, 1'001);
  EXPECT_EQ(late.picture_id, 8);
  EXPECT_EQ(pass(rewriter, layered(505, 11)).sequence, 1'003);
  rewriter.skip(layered(503, 10), Skipped::picture);  // too late: its number stays free
  EXPECT_EQ(rewriter.map(layered(502, 9)).sequence, 1'001);
  EXPECT_EQ(pass(rewriter, layered(507, 13)).sequence, 1'005);
}

TEST(Rewriter, WhatWasSkippedHasNoPlaceAnyMore) {
  Rewriter rewriter(kRate, 1'000, 0);
  rewriter.begin_epoch(layered(500, 7));
  rewriter.skip(layered(501, 8), Skipped::picture);
  EXPECT_FALSE(rewriter.has_place(layered(501, 8)));
  EXPECT_TRUE(rewriter.has_place(layered(500, 7)));
  for (std::int64_t i = 502; i < 500 + 512; ++i) rewriter.skip(layered(i, 9), Skipped::packet);
  EXPECT_TRUE(rewriter.has_place(layered(500, 7)));
  rewriter.skip(layered(500 + 512, 9), Skipped::packet);
  EXPECT_FALSE(rewriter.has_place(layered(500, 7)));
}

TEST(Rewriter, FrameNumbersGoOnAcrossSendersAndKeepTheirDifferences) {
  Rewriter rewriter(kRate, 0, 0);
  const auto numbered = [](std::int64_t sequence, std::uint16_t epoch, std::uint16_t number) {
    auto packet = packet_of({.sequence = sequence, .epoch = epoch});
    packet.frame.frame_number = number;
    return packet;
  };
  rewriter.begin_epoch(numbered(1, 1, 65'534));
  EXPECT_EQ(pass(rewriter, numbered(1, 1, 65'534)).frame_number, 65'534);
  rewriter.skip(numbered(2, 1, 65'535), Skipped::picture);
  EXPECT_EQ(pass(rewriter, numbered(3, 1, 0)).frame_number, 0);
  rewriter.begin_epoch(numbered(700, 2, 9'000));
  EXPECT_EQ(pass(rewriter, numbered(700, 2, 9'000)).frame_number, 1);
  EXPECT_EQ(pass(rewriter, numbered(701, 2, 9'004)).frame_number, 5);
}

// What has to hold whatever is lost, late, left out or replaced. The model is the whole list of what was sent and
// skipped: order and distinctness of numbers are those of the packets, each gap is one that was not sent, and packets
// of one picture share an id that no other picture has.
struct Line {
  std::map<std::int64_t, RewrittenNumbers> sent;      // by incoming number, this epoch
  std::map<std::int64_t, std::uint16_t> picture_ids;  // picture as sent, by incoming picture
  std::set<std::int64_t> skipped_in_time;             // before anything behind them was sent
};

void check_line(const Line& line, std::int64_t first_in, std::int64_t first_out) {
  std::int64_t last_in = first_in - 1, last_out = first_out - 1;
  for (const auto& [in, numbers] : line.sent) {
    std::int64_t left_out = 0;
    for (auto i = line.skipped_in_time.upper_bound(last_in); i != line.skipped_in_time.end() && *i < in; ++i)
      ++left_out;
    RC_ASSERT(numbers.sequence - last_out == in - last_in - left_out);
    last_in = in;
    last_out = numbers.sequence;
  }
  std::optional<std::pair<std::int64_t, std::uint16_t>> last;
  for (const auto& [picture, id] : line.picture_ids) {
    if (last) {
      const auto ahead = static_cast<std::uint16_t>((id - last->second) & 0x7fff);
      RC_ASSERT(ahead >= 1 && ahead <= picture - last->first);
    }
    last = {picture, id};
  }
}

TEST(Rewriter, EveryNumberIsUsedOnceAndInItsPlace) {
  EXPECT_TRUE(rc::check([](std::uint64_t seed) {
    SeededRandom random(seed);
    Rewriter rewriter(kRate, 40, 0);
    std::int64_t next_out = 40;
    std::uint16_t epoch = 0, last_id = 0;
    bool any = false;
    for (int sender = 0; sender < 4; ++sender) {
      ++epoch;
      const auto first = static_cast<std::int64_t>(random.below(70'000));
      const auto first_picture = static_cast<std::int64_t>(random.below(40'000));
      const double loss = random.chance(0.5) ? 0.1 : 0, late = random.chance(0.5) ? 0.2 : 0;
      const std::uint64_t reach = random.chance(0.1) ? 700 : 30;
      // Pictures of one to three packets; some are left out whole, of some only single packets.
      std::vector<std::pair<std::uint64_t, std::tuple<std::int64_t, std::int64_t, int>>> way;
      std::int64_t sequence = first;
      for (std::int64_t picture = first_picture; picture < first_picture + 300; ++picture) {
        const bool start = picture == first_picture, whole = !start && random.chance(0.4);
        const bool layers = random.chance(0.3);
        for (auto packets = 1 + random.below(3); packets > 0; --packets, ++sequence) {
          const int fate = whole ? 2 : layers && !start && random.chance(0.5) ? 1 : 0;
          if (sequence != first && random.chance(loss)) continue;
          const auto delay = sequence != first && random.chance(late) ? random.below(reach) : 0;
          way.push_back({static_cast<std::uint64_t>(sequence) + delay, {sequence, picture, fate}});
        }
      }
      std::ranges::stable_sort(way, {}, [](const auto& entry) { return entry.first; });

      Line line;
      const auto begin_out = next_out;
      for (const auto& [when, what] : way) {
        const auto& [in, picture, fate] = what;
        auto packet = layered(in, static_cast<std::uint16_t>(picture & 0x7fff));
        packet.epoch = epoch;
        if (!rewriter.in_epoch(packet)) rewriter.begin_epoch(packet);
        if (fate != 0) {
          if (line.sent.empty() || in > line.sent.rbegin()->first) line.skipped_in_time.insert(in);
          rewriter.skip(packet, fate == 2 ? Skipped::picture : Skipped::packet);
          RC_ASSERT(!rewriter.has_place(packet) || !line.skipped_in_time.contains(in));
          continue;
        }
        if (!rewriter.has_place(packet)) {
          RC_ASSERT(reach > 30u || in < first);
          continue;
        }
        const auto numbers = rewriter.map(packet);
        rewriter.sent(packet, numbers);
        RC_ASSERT(rewriter.map(packet).sequence == numbers.sequence);
        line.sent[in] = numbers;
        const auto id = static_cast<std::uint16_t>(numbers.picture_id & 0x7fff);
        RC_ASSERT(!line.picture_ids.contains(picture) || line.picture_ids[picture] == id);
        line.picture_ids[picture] = id;
        next_out = std::max(next_out, numbers.sequence + 1);
      }
      check_line(line, first, begin_out);
      if (any) RC_ASSERT(((line.picture_ids[first_picture] - last_id) & 0x7fff) == 1);
      for (const auto& [in, numbers] : line.sent) {
        RC_ASSERT(reach > 30u || rewriter.map(layered(in, 0)).sequence == numbers.sequence || in + 512 <= sequence);
        last_id = numbers.picture_id;
      }
      any = true;
    }
  }));
}

}  // namespace
}  // namespace bridgehall::media
