#include "session/receive_log.h"

#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::session {
namespace {

using Arrival = ReceiveLog::Arrival;
using testing::ElementsAre;

constexpr std::uint32_t kRate = 90'000;
constexpr TimePoint kStart{1'000s};

std::vector<std::uint16_t> nacks(ReceiveLog& log, TimePoint now, Duration round_trip_time = 0ms,
                                 std::size_t room = 200) {
  std::vector<std::uint16_t> out(room);
  out.resize(log.collect_nacks(now, round_trip_time, out));
  return out;
}

TEST(ReceiveLog, extends_sequence_numbers_over_the_wrap) {
  ReceiveLog log{kRate};
  EXPECT_EQ(log.on_packet(65'534, 0, kStart).extended_sequence, 65'534);
  EXPECT_EQ(log.on_packet(65'535, 0, kStart).extended_sequence, 65'535);
  EXPECT_EQ(log.on_packet(1, 0, kStart).extended_sequence, 65'537);
  const auto late = log.on_packet(0, 0, kStart);
  EXPECT_EQ(late.extended_sequence, 65'536);
  EXPECT_EQ(late.arrival, Arrival::late);
  EXPECT_EQ(log.highest_extended_sequence(), 65'537);
  EXPECT_EQ(log.lost(), 0);
}

TEST(ReceiveLog, tells_duplicates_and_late_and_too_old_apart) {
  ReceiveLog log{kRate};
  log.on_packet(5'000, 0, kStart);
  EXPECT_EQ(log.on_packet(5'000, 0, kStart).arrival, Arrival::duplicate);
  EXPECT_EQ(log.on_packet(5'002, 0, kStart).arrival, Arrival::in_order);
  EXPECT_EQ(log.on_packet(5'001, 0, kStart).arrival, Arrival::late);
  EXPECT_EQ(log.on_packet(5'001, 0, kStart).arrival, Arrival::duplicate);
  EXPECT_EQ(log.on_packet(5'002 - ReceiveLog::kWindow + 1, 0, kStart).arrival, Arrival::late);
  EXPECT_EQ(log.on_packet(5'002 - ReceiveLog::kWindow, 0, kStart).arrival, Arrival::too_old);
  EXPECT_EQ(log.duplicates(), 2u);
  EXPECT_EQ(log.received(), 4u);
}

TEST(ReceiveLog, asks_for_a_missing_packet_only_after_the_reordering_grace) {
  ReceiveLog log{kRate};
  log.on_packet(10, 0, kStart);
  EXPECT_EQ(log.next_nack_deadline(), kNever);
  log.on_packet(13, 0, kStart);
  EXPECT_EQ(log.next_nack_deadline(), kStart + ReceiveLog::kReorderGrace);
  EXPECT_THAT(nacks(log, kStart + 9ms), ElementsAre());
  EXPECT_THAT(nacks(log, kStart + 10ms), ElementsAre(11, 12));
}

TEST(ReceiveLog, does_not_ask_for_a_packet_that_came_late) {
  ReceiveLog log{kRate};
  log.on_packet(10, 0, kStart);
  log.on_packet(13, 0, kStart);
  log.on_packet(11, 0, kStart + 1ms);
  EXPECT_THAT(nacks(log, kStart + 10ms), ElementsAre(12));
  log.on_packet(12, 0, kStart + 12ms, true);
  EXPECT_EQ(log.next_nack_deadline(), kNever);
}

TEST(ReceiveLog, repeats_a_nack_after_one_and_a_half_round_trips) {
  ReceiveLog log{kRate};
  log.on_packet(10, 0, kStart);
  log.on_packet(12, 0, kStart);
  EXPECT_THAT(nacks(log, kStart + 10ms, 100ms), ElementsAre(11));
  EXPECT_EQ(log.next_nack_deadline(), kStart + 160ms);
  EXPECT_THAT(nacks(log, kStart + 159ms, 100ms), ElementsAre());
  EXPECT_THAT(nacks(log, kStart + 160ms, 1ms), ElementsAre(11));
  EXPECT_EQ(log.next_nack_deadline(), kStart + 190ms);  // never faster than 20 ms · 1.5
}

TEST(ReceiveLog, gives_a_packet_up_after_its_last_nack) {
  ReceiveLog log{kRate};
  log.on_packet(10, 0, kStart);
  log.on_packet(12, 0, kStart);
  TimePoint now = kStart;
  for (int i = 0; i < ReceiveLog::kMaxNacks; ++i) {
    now = log.next_nack_deadline();
    EXPECT_THAT(nacks(log, now), ElementsAre(11));
  }
  EXPECT_EQ(log.next_nack_deadline(), kNever);
  EXPECT_EQ(log.on_packet(11, 0, now).arrival, Arrival::late);
}

TEST(ReceiveLog, keeps_due_nacks_that_do_not_fit_for_the_next_call) {
  ReceiveLog log{kRate};
  log.on_packet(10, 0, kStart);
  log.on_packet(14, 0, kStart);
  EXPECT_THAT(nacks(log, kStart + 10ms, 0ms, 2), ElementsAre(11, 12));
  EXPECT_THAT(nacks(log, kStart + 10ms, 0ms, 2), ElementsAre(13));
}

TEST(ReceiveLog, asks_for_a_keyframe_when_a_gap_is_too_wide) {
  ReceiveLog log{kRate};
  log.on_packet(0, 0, kStart);
  EXPECT_FALSE(log.on_packet(ReceiveLog::kMaxMissing + 1, 0, kStart).too_many_missing);
  EXPECT_EQ(nacks(log, kStart + 10ms).size(), ReceiveLog::kMaxMissing);
  EXPECT_TRUE(log.on_packet(ReceiveLog::kMaxMissing + 3, 0, kStart).too_many_missing);
  EXPECT_EQ(log.next_nack_deadline(), kNever);
}

TEST(ReceiveLog, does_not_ask_for_what_would_come_too_late) {
  ReceiveLog log{kRate};
  log.on_packet(0, 0, kStart);
  log.on_packet(2, 0, kStart);
  for (std::uint16_t s = 3; s < 2'000; ++s) log.on_packet(s, 0, kStart);
  EXPECT_THAT(nacks(log, kStart + 10ms), ElementsAre());
}

TEST(ReceiveLog, counts_a_packet_before_the_first_one_as_part_of_the_stream) {
  ReceiveLog log{kRate};
  log.on_packet(0, 0, kStart);
  log.on_packet(65'534, 0, kStart);
  EXPECT_EQ(log.received(), 2u);
  EXPECT_EQ(log.lost(), 1);
  log.on_packet(65'535, 0, kStart);
  EXPECT_EQ(log.lost(), 0);
}

TEST(ReceiveLog, reports_loss_since_the_last_report_and_in_all) {
  ReceiveLog log{kRate};
  for (std::uint16_t s = 0; s < 100; ++s)
    if (s % 4 != 1) log.on_packet(s, 0, kStart);
  auto block = log.report(Ssrc{9}, kStart);
  EXPECT_EQ(block.ssrc, Ssrc{9});
  EXPECT_EQ(block.fraction_lost, 64);
  EXPECT_EQ(block.cumulative_lost, 25);
  EXPECT_EQ(block.highest_sequence, 99u);
  for (std::uint16_t s = 1; s < 100; s += 4) log.on_packet(s, 0, kStart, true);
  block = log.report(Ssrc{9}, kStart);
  EXPECT_EQ(block.fraction_lost, 0);
  EXPECT_EQ(block.cumulative_lost, 0);
}

TEST(ReceiveLog, reports_nothing_lost_before_the_first_packet) {
  ReceiveLog log{kRate};
  const auto block = log.report(Ssrc{1}, kStart);
  EXPECT_EQ(block.fraction_lost, 0);
  EXPECT_EQ(block.cumulative_lost, 0);
  EXPECT_EQ(block.last_sender_report, 0u);
}

TEST(ReceiveLog, echoes_the_sender_report_with_the_time_since) {
  ReceiveLog log{kRate};
  log.on_packet(0, 0, kStart);
  log.on_sender_report(NtpTime{0x1122'3344'5566'7788}, kStart);
  const auto block = log.report(Ssrc{1}, kStart + 1'500ms);
  EXPECT_EQ(block.last_sender_report, 0x3344'5566u);
  EXPECT_EQ(block.delay_since_last, 65'536u * 3 / 2);
}

TEST(ReceiveLog, sees_no_jitter_in_an_even_stream_and_some_in_an_uneven_one) {
  ReceiveLog even{kRate};
  ReceiveLog uneven{kRate};
  for (std::uint16_t s = 0; s < 200; ++s) {
    const std::uint32_t timestamp = 0xffff'ff00u + s * 900u;  // wraps on its way
    even.on_packet(s, timestamp, kStart + s * 10ms);
    uneven.on_packet(s, timestamp, kStart + s * 10ms + (s % 2) * 4ms);
  }
  EXPECT_LE(even.report(Ssrc{1}, kStart).jitter, 1u);
  EXPECT_NEAR(uneven.report(Ssrc{1}, kStart).jitter, 360, 5);  // 4 ms of 90 kHz
}

TEST(ReceiveLog, leaves_retransmissions_out_of_the_jitter) {
  ReceiveLog log{kRate};
  for (std::uint16_t s = 0; s < 50; ++s)
    if (s % 5 != 2) log.on_packet(s, s * 900u, kStart + s * 10ms);
  for (std::uint16_t s = 2; s < 50; s += 5) log.on_packet(s, s * 900u, kStart + 3s, true);
  EXPECT_LE(log.report(Ssrc{1}, kStart).jitter, 1u);
}

TEST(ReceiveLog, asks_only_for_packets_that_have_not_come) {
  EXPECT_TRUE(rc::check([] {
    ReceiveLog log{kRate};
    std::set<std::uint16_t> came;
    TimePoint now = kStart;
    std::int64_t at = *rc::gen::inRange(0, 65'536);
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-30, 40));
    for (const int step : steps) {
      at += step;
      now += 3ms;
      const auto sequence = static_cast<std::uint16_t>(at);
      const bool fresh = came.insert(sequence).second;
      RC_ASSERT((log.on_packet(sequence, 0, now).arrival != Arrival::duplicate) == fresh);
      for (const auto asked : nacks(log, now)) RC_ASSERT(!came.contains(asked));
    }
    RC_ASSERT(log.received() == came.size());
    RC_ASSERT(log.lost() >= 0);
  }));
}

}  // namespace
}  // namespace bridgehall::session
