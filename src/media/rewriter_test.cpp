#include "media/rewriter.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

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

}  // namespace
}  // namespace bridgehall::media
