#include "session/send_log.h"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"
#include "session/twcc_receiver.h"

namespace bridgehall::session {
namespace {

using Entry = wire::TransportFeedback::Entry;

constexpr TimePoint kStart{5000s};  // past 2^32 microseconds

Entry came(int sequence, Duration arrival) {
  return {static_cast<std::uint16_t>(sequence), true, arrival / std::chrono::microseconds{1}};
}
Entry missing(int sequence) { return {static_cast<std::uint16_t>(sequence), false, 0}; }

struct Log : SendLog {
  // `count` packets of 1,000 bytes, 10 ms apart from kStart on.
  explicit Log(int count) {
    for (int i = 0; i < count; ++i) on_sent(kStart + i * 10ms, 1000);
  }
  LineReport hear(std::vector<Entry> entries, Duration after = 1s) { return on_feedback(entries, kStart + after); }
};

TEST(SendLog, NumbersWhatIsSent) {
  SendLog log;
  for (int i = 0; i < 70'000; ++i) ASSERT_EQ(log.on_sent(kStart, 100), i & 0xffff);
  EXPECT_EQ(log.sent(), 70'000u);
}

TEST(SendLog, CountsWhatCameAndWhatDidNot) {
  Log log(10);
  const auto report = log.hear({came(0, 1s), missing(1), came(2, 1020ms), missing(3), came(4, 1040ms)}, 100ms);
  EXPECT_EQ(report.received, 3u);
  EXPECT_EQ(report.lost, 2u);
  EXPECT_EQ(report.acknowledged_bytes, 3000u);
  EXPECT_EQ(report.round_trip, Duration{60ms});
  EXPECT_EQ(report.delay, Duration{0ms});
}

TEST(SendLog, CorrectsALossThatWasReordering) {
  Log log(3);
  EXPECT_EQ(log.hear({came(0, 1s), missing(1), came(2, 1020ms)}).lost, 1u);
  const auto late = log.hear({came(1, 1030ms)});
  EXPECT_EQ(late.received, 1u);
  EXPECT_EQ(late.corrected, 1u);
  EXPECT_EQ(late.acknowledged_bytes, 1000u);
  EXPECT_EQ(late.round_trip, std::nullopt) << "a newer one had come: it tells nothing about the line now";
}

TEST(SendLog, BelievesNothingTwice) {
  Log log(4);
  const std::vector<Entry> entries{came(0, 1s), missing(1), came(2, 1020ms)};
  log.hear(entries);
  const auto again = log.hear(entries);
  EXPECT_EQ(again.received + again.lost + again.corrected + again.acknowledged_bytes, 0u);
  EXPECT_EQ(again.delay, std::nullopt);
  EXPECT_EQ(log.hear({missing(0)}).lost, 0u) << "what has come cannot be lost afterwards";
}

TEST(SendLog, PassesOverNumbersNeverSentOrForgotten) {
  Log log(3000);
  EXPECT_EQ(log.hear({came(3000, 1s), came(40'000, 1s), came(951, 1s)}).received, 0u);
  EXPECT_EQ(log.ignored(), 3u);
  EXPECT_EQ(log.hear({came(952, 1s), came(2999, 1s)}).received, 2u);
  SendLog nothing_sent;
  EXPECT_EQ(nothing_sent.on_feedback(std::vector{came(0, 1s), came(65'535, 1s)}, kStart).received, 0u);
}

TEST(SendLog, AddsUpHowDelayGrows) {
  Log log(6);
  // Sent each 10 ms; each arrives 15 ms after the last: 5 ms more of queue each time.
  EXPECT_EQ(log.hear({came(0, 1s), came(1, 1015ms), came(2, 1030ms)}).delay, Duration{0ms});
  EXPECT_EQ(log.hear({came(3, 1045ms), came(4, 1060ms)}).delay, Duration{15ms});
  EXPECT_EQ(log.hear({came(5, 1055ms)}).delay, Duration{5ms});
}

TEST(SendLog, TakesAJumpOfTheReceiversClockForNoDelay) {
  Log log(4);
  log.hear({came(0, 1s), came(1, 1020ms)});
  EXPECT_EQ(log.hear({came(2, -1'000'000s)}).delay, Duration{10ms});
  EXPECT_EQ(log.hear({came(3, -1'000'000s + 12ms)}).delay, Duration{12ms});
}

TEST(SendLog, SaysHowLongNothingWasAnswered) {
  Log log(10);
  EXPECT_EQ(log.unanswered(kStart + 1s), 0ns) << "it may never answer";
  log.hear({came(4, 1s)});
  EXPECT_EQ(log.unanswered(kStart + 1s), 950ms);
  log.hear({missing(9)});
  EXPECT_EQ(log.unanswered(kStart + 1s), 0ns);
}

// A packet each 10 ms: the first came, then `lost` did not, then the next one came.
std::vector<Entry> hole(int lost) {
  std::vector<Entry> entries{came(0, 1s)};
  for (int i = 1; i <= lost; ++i) entries.push_back(missing(i));
  entries.push_back(came(lost + 1, 1s + (lost + 1) * 10ms));
  return entries;
}

TEST(SendLog, BlamesTheLineForNothingThatAnOutageTook) {
  Log log(100);
  const auto away = log.hear(hole(40));
  EXPECT_EQ(away.lost, 0u);
  EXPECT_EQ(away.received, 2u);
  EXPECT_EQ(log.hear({missing(5)}).lost, 0u) << "said again";
  const auto late = log.hear({came(5, 2s)});
  EXPECT_EQ(late.received, 1u);
  EXPECT_EQ(late.corrected, 0u) << "it was not counted as lost";
  EXPECT_EQ(log.hear({missing(50), missing(51), came(52, 3s)}).lost, 2u);
}

TEST(SendLog, AShortHoleIsLoss) {
  Log log(100);
  EXPECT_EQ(log.hear(hole(38)).lost, 38u) << "390 ms";
  SendLog sparse;
  for (int i = 0; i < 30; ++i) sparse.on_sent(kStart + i * 100ms, 100);
  EXPECT_EQ(sparse.on_feedback(hole(19), kStart + 3s).lost, 19u) << "few packets";
  Log pierced(100);
  auto entries = hole(60);
  entries[30] = came(30, 1300ms);
  EXPECT_EQ(pierced.hear(entries).lost, 59u) << "something came through";
}

TEST(SendLog, BeginsAnewOnAnotherWay) {
  Log log(10);
  log.hear({came(0, 1s), missing(1), came(2, 1020ms)});
  EXPECT_GT(log.unanswered(kStart + 1s), 0ns);
  log.forget_way();
  EXPECT_EQ(log.unanswered(kStart + 1s), 0ns);
  EXPECT_EQ(log.hear({missing(3), missing(4), came(5, 1050ms)}).lost, 0u);
  EXPECT_EQ(log.ignored(), 3u);
  for (int i = 10; i < 14; ++i) EXPECT_EQ(log.on_sent(kStart + i * 10ms, 1000), i);
  const auto report = log.hear({came(10, 4s), missing(11), came(12, 4020ms)});
  EXPECT_EQ(report.lost, 1u);
  EXPECT_EQ(report.delay, Duration{0ms}) << "not against the way of before";
}

TEST(SendLog, UnderstandsOurOwnReceiver) {
  SendLog log;
  TwccReceiver receiver;
  LineReport sum;
  SeededRandom random{3};
  std::uint32_t dropped = 0;
  auto now = kStart;
  for (int i = 0; i < 70'000; ++i, now += 2ms) {
    const auto sequence = log.on_sent(now, 500);
    if (random.chance(0.1))
      ++dropped;
    else
      receiver.on_packet(sequence, now + 30ms);
    if (receiver.next_deadline() > now + 30ms) continue;
    std::array<std::uint8_t, 1200> packet;
    while (const auto size = receiver.build(now + 30ms, Ssrc{1}, Ssrc{2}, packet)) {
      wire::RtcpWalk walk(BytesView{packet}.first(size));
      wire::RtcpPacket rtcp;
      ASSERT_TRUE(walk.next(rtcp));
      wire::TransportFeedback header;
      std::array<Entry, wire::TransportFeedback::kMaxEntries> entries;
      const auto count = wire::parse_transport_feedback(rtcp, header, entries);
      ASSERT_GT(count, 0);
      const auto report = log.on_feedback(std::span{entries}.first(static_cast<std::size_t>(count)), now + 60ms);
      sum.received += report.received;
      sum.lost += report.lost;
      if (report.delay) {
        ASSERT_LE(*report.delay, 1ms);
        ASSERT_GE(*report.delay, -1ms);
      }
    }
  }
  EXPECT_EQ(log.ignored(), 0u);
  EXPECT_NEAR(sum.lost, dropped, 10);
  EXPECT_NEAR(sum.received, 70'000 - dropped, 60);
}

TEST(SendLogProperty, CountsEachPacketAsAModelDoes) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint32_t>& steps) {
    SendLog log;
    std::map<std::int64_t, char> fates;  // l: lost, r: received
    std::int64_t sent = 0;
    for (const auto step : steps) {
      for (std::uint32_t i = 0; i < step % 97; ++i, ++sent) log.on_sent(kStart + sent * 1ms, 10);
      std::vector<Entry> entries;
      LineReport expected;
      for (std::uint32_t i = 0; i < step / 97 % 50; ++i) {
        const auto back = static_cast<std::int64_t>((step >> 8) % 120 + i * 7 % 64);
        const auto sequence = sent - back;
        const bool received = (step >> (i % 32) & 1) != 0;
        entries.push_back({static_cast<std::uint16_t>(sequence), received, std::int64_t{step} * 10});
        if (sequence < 0 || sequence >= sent) continue;
        auto& fate = fates[sequence];
        if (received && fate != 'r') {
          ++expected.received;
          if (fate == 'l') ++expected.corrected;
          fate = 'r';
        } else if (!received && fate == 0) {
          ++expected.lost;
          fate = 'l';
        }
      }
      const auto report = log.on_feedback(entries, kStart + sent * 1ms + 50ms);
      RC_ASSERT(report.received == expected.received);
      RC_ASSERT(report.lost == expected.lost);
      RC_ASSERT(report.corrected == expected.corrected);
      RC_ASSERT(report.acknowledged_bytes == expected.received * 10);
    }
  }));
}

TEST(ReportedStream, CountsWhatEachReportAdds) {
  ReportedStream stream;
  const NtpTime now{std::uint64_t{1000} << 32};
  EXPECT_EQ(stream.on_report_block({.fraction_lost = 200, .highest_sequence = 5000}, now).lost, 0u) << "of what?";
  const auto report = stream.on_report_block({.fraction_lost = 64, .highest_sequence = 5100}, now);
  EXPECT_EQ(report.lost, 25u);
  EXPECT_EQ(report.received, 75u);
  EXPECT_FALSE(report.counts_bytes);
  EXPECT_EQ(stream.on_report_block({.fraction_lost = 255, .highest_sequence = 0x7000'0000}, now).lost, 0u)
      << "nobody sent as much";
  EXPECT_EQ(stream.on_report_block({.fraction_lost = 255, .highest_sequence = 10}, now).lost, 0u) << "backwards";
}

TEST(ReportedStream, MeasuresTheRoundTrip) {
  ReportedStream stream;
  const NtpTime report_sent{(std::uint64_t{1000} << 32) + 5};
  wire::ReportBlock block{.last_sender_report = report_sent.compact(), .delay_since_last = 65'536};
  EXPECT_EQ(stream.on_report_block(block, report_sent + 900ms).round_trip, std::nullopt) << "before it was sent";
  EXPECT_EQ(stream.on_report_block(block, report_sent + 20s).round_trip, std::nullopt);
  const auto trip = stream.on_report_block(block, report_sent + 1080ms).round_trip;
  ASSERT_TRUE(trip);
  EXPECT_NEAR(static_cast<double>(trip->count()), 80e6, 1e5);
  block.last_sender_report = 0;
  EXPECT_EQ(stream.on_report_block(block, report_sent + 1080ms).round_trip, std::nullopt);
}

// As after the last packet of a stream that is held back: its report is told on and on.
TEST(ReportedStream, TakesOneRoundTripOfEachSenderReport) {
  ReportedStream stream;
  const NtpTime report_sent{std::uint64_t{1000} << 32};
  wire::ReportBlock block{.last_sender_report = report_sent.compact(), .delay_since_last = 65'536};
  EXPECT_TRUE(stream.on_report_block(block, report_sent + 1500ms).round_trip);
  block.delay_since_last += 65'536;
  EXPECT_EQ(stream.on_report_block(block, report_sent + 2500ms).round_trip, std::nullopt);
  block = {.last_sender_report = (report_sent + 3s).compact(), .delay_since_last = 65'536};
  EXPECT_TRUE(stream.on_report_block(block, report_sent + 4050ms).round_trip);
}

}  // namespace
}  // namespace bridgehall::session
