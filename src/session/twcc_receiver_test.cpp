#include "session/twcc_receiver.h"

#include <map>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "wire/rtcp.h"

namespace bridgehall::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kStart{1'000s};  // 15,625 units of 64 ms, so the reference time is even

std::vector<std::uint8_t> build(TwccReceiver& receiver, TimePoint now, std::size_t room = 1'200) {
  std::vector<std::uint8_t> out(room);
  out.resize(receiver.build(now, Ssrc{1}, Ssrc{2}, out));
  return out;
}

struct Status {
  std::int64_t sequence;  // extended by the reader
  std::optional<std::int64_t> arrival_microseconds;
  bool operator==(const Status&) const = default;
};

// Reads with the parser of the wire layer, written apart from this encoder.
std::vector<Status> read(BytesView feedback, std::int64_t reference_sequence = 0) {
  wire::RtcpWalk walk{feedback};
  wire::RtcpPacket packet;
  EXPECT_TRUE(walk.next(packet));
  EXPECT_EQ(packet.type, wire::RtcpType::transport_feedback);
  EXPECT_EQ(packet.count_or_format, wire::kFormatTransportCc);
  wire::TransportFeedback header;
  std::vector<wire::TransportFeedback::Entry> entries(wire::TransportFeedback::kMaxEntries);
  const auto count = wire::parse_transport_feedback(packet, header, entries);
  EXPECT_GT(count, 0);
  EXPECT_EQ(header.sender, Ssrc{1});
  EXPECT_EQ(header.media, Ssrc{2});
  EXPECT_FALSE(walk.next(packet));
  EXPECT_FALSE(walk.failed());
  std::vector<Status> out;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const auto& entry = entries[static_cast<std::size_t>(i)];
    const auto sequence = reference_sequence +
                          static_cast<std::uint16_t>(entry.sequence - static_cast<std::uint16_t>(reference_sequence));
    out.push_back({sequence, entry.received ? std::optional{entry.arrival_microseconds} : std::nullopt});
  }
  return out;
}

TEST(TwccReceiver, reports_nothing_until_the_interval_is_over) {
  TwccReceiver receiver;
  EXPECT_EQ(receiver.next_deadline(), kNever);
  EXPECT_THAT(build(receiver, kStart), IsEmpty());
  receiver.on_packet(5, kStart);
  EXPECT_EQ(receiver.next_deadline(), kStart + TwccReceiver::kInterval);
  EXPECT_THAT(build(receiver, kStart + 49ms), IsEmpty());
  EXPECT_FALSE(build(receiver, kStart + 50ms).empty());
  EXPECT_THAT(build(receiver, kStart + 50ms), IsEmpty());
  EXPECT_EQ(receiver.next_deadline(), kNever);
}

TEST(TwccReceiver, writes_the_bytes_that_the_draft_asks_for) {
  TwccReceiver receiver;
  receiver.on_packet(0x1234, kStart + 1ms);
  receiver.on_packet(0x1235, kStart + 2ms);
  receiver.on_packet(0x1237, kStart + 102ms);
  EXPECT_THAT(build(receiver, kStart + 200ms), ElementsAre(0xaf, 205, 0, 6,         // V=2, P, FMT 15; 7 words
                                                           0, 0, 0, 1, 0, 0, 0, 2,  // SSRCs
                                                           0x12, 0x34, 0, 4,        // base, count
                                                           0x00, 0x3d, 0x09, 0,     // 15,625 · 64 ms; feedback 0
                                                           0xd4, 0x80,  // two-bit vector: small, small, lost, large
                                                           4, 4, 0x01, 0x90,  // 1 ms, 1 ms, 100 ms in 250 µs
                                                           0, 2));            // padding
}

TEST(TwccReceiver, needs_no_padding_when_the_size_is_even_to_32_bits) {
  TwccReceiver receiver;
  receiver.on_packet(0, kStart);
  receiver.on_packet(1, kStart);
  const auto bytes = build(receiver, kStart + 50ms);
  EXPECT_EQ(bytes.size(), 24u);
  EXPECT_EQ(bytes[0], 0x8f);
  EXPECT_EQ(load_u16(bytes.data() + 20), 0xb000);  // one-bit vector
}

TEST(TwccReceiver, codes_long_runs_by_their_length) {
  TwccReceiver receiver;
  receiver.on_packet(0, kStart);
  for (std::uint16_t s = 301; s <= 400; ++s) receiver.on_packet(s, kStart + 1ms);
  const auto bytes = build(receiver, kStart + 50ms);
  EXPECT_EQ(load_u16(bytes.data() + 20), 0xa000);          // 1 received and 13 lost
  EXPECT_EQ(load_u16(bytes.data() + 22), 287u);            // 287 lost
  EXPECT_EQ(load_u16(bytes.data() + 24), 0x2000u | 100u);  // 100 small deltas
  EXPECT_EQ(read(bytes).size(), 401u);
}

TEST(TwccReceiver, counts_its_messages) {
  TwccReceiver receiver;
  receiver.on_packet(0, kStart);
  EXPECT_EQ(build(receiver, kStart + 50ms)[19], 0);
  receiver.on_packet(1, kStart + 60ms);
  EXPECT_EQ(build(receiver, kStart + 110ms)[19], 1);
}

TEST(TwccReceiver, tells_of_losses_between_two_messages) {
  TwccReceiver receiver;
  receiver.on_packet(10, kStart);
  build(receiver, kStart + 50ms);
  receiver.on_packet(13, kStart + 64ms);
  EXPECT_THAT(read(build(receiver, kStart + 114ms)),
              ElementsAre(Status{11, {}}, Status{12, {}}, Status{13, 1'000'064'000}));
}

TEST(TwccReceiver, ignores_duplicates_and_what_was_reported) {
  TwccReceiver receiver;
  receiver.on_packet(10, kStart);
  receiver.on_packet(10, kStart + 1ms);
  EXPECT_THAT(read(build(receiver, kStart + 50ms)), ElementsAre(Status{10, 1'000'000'000}));
  receiver.on_packet(9, kStart + 51ms);
  receiver.on_packet(10, kStart + 51ms);
  EXPECT_EQ(receiver.next_deadline(), kNever);
}

TEST(TwccReceiver, reports_reordered_packets_with_a_negative_delta) {
  TwccReceiver receiver;
  receiver.on_packet(1, kStart);
  receiver.on_packet(3, kStart + 1ms);
  receiver.on_packet(2, kStart + 5ms);
  EXPECT_THAT(read(build(receiver, kStart + 50ms)),
              ElementsAre(Status{1, 1'000'000'000}, Status{2, 1'000'005'000}, Status{3, 1'000'001'000}));
}

TEST(TwccReceiver, begins_another_message_where_a_delta_does_not_fit) {
  TwccReceiver receiver;
  receiver.on_packet(1, kStart);
  receiver.on_packet(2, kStart + 9s);
  EXPECT_THAT(read(build(receiver, kStart + 10s)), ElementsAre(Status{1, 1'000'000'000}));
  EXPECT_THAT(read(build(receiver, kStart + 10s)), ElementsAre(Status{2, 1'009'000'000}));
  EXPECT_THAT(build(receiver, kStart + 10s), IsEmpty());
}

TEST(TwccReceiver, splits_what_is_more_than_one_message_holds) {
  TwccReceiver receiver;
  for (std::uint16_t s = 0; s < 1'200; ++s) receiver.on_packet(s, kStart);
  std::size_t total = 0;
  for (auto bytes = build(receiver, kStart + 50ms); !bytes.empty(); bytes = build(receiver, kStart + 50ms)) {
    const auto statuses = read(bytes);
    EXPECT_LE(statuses.size(), TwccReceiver::kMaxPerFeedback);
    EXPECT_EQ(statuses.front().sequence, static_cast<std::int64_t>(total));
    total += statuses.size();
  }
  EXPECT_EQ(total, 1'200u);
}

TEST(TwccReceiver, tells_only_the_end_of_a_loss_longer_than_a_message) {
  TwccReceiver receiver;
  receiver.on_packet(0, kStart);
  build(receiver, kStart + 50ms);
  receiver.on_packet(30'000, kStart + 1s);
  const auto statuses = read(build(receiver, kStart + 2s));
  EXPECT_EQ(statuses.size(), TwccReceiver::kMaxPerFeedback);
  EXPECT_EQ(statuses.back(), (Status{30'000, 1'001'000'000}));
}

TEST(TwccReceiver, round_trips_what_arrived_through_the_parser) {
  EXPECT_TRUE(rc::check([] {
    TwccReceiver receiver;
    std::map<std::int64_t, std::int64_t> arrived;  // by extended sequence: microseconds, cut to 250
    std::int64_t sequence = *rc::gen::inRange(0, 65'536);
    TimePoint now = kStart;
    const auto room = *rc::gen::inRange<std::size_t>(TwccReceiver::kMinBuffer, 1'300);
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, bool>>>(
        rc::gen::tuple(rc::gen::inRange(-3, 30), rc::gen::inRange(0, 90'000), rc::gen::arbitrary<bool>()));
    std::int64_t reported = sequence - 1;
    for (const auto& [step, microseconds, flush] : steps) {
      sequence += arrived.empty() ? 0 : step;
      now += microseconds * 1us;
      receiver.on_packet(static_cast<std::uint16_t>(sequence), now);
      const auto at = now.time_since_epoch() / 250us * 250;
      if (sequence > reported) arrived.emplace(sequence, at);
      if (!flush) continue;
      now += TwccReceiver::kInterval;
      for (auto bytes = build(receiver, now, room); !bytes.empty(); bytes = build(receiver, now, room)) {
        RC_ASSERT(bytes.size() % 4 == 0u);
        for (const auto& status : read(bytes, reported + 1)) {
          RC_ASSERT(status.sequence > reported);
          reported = status.sequence;
          const auto expected = arrived.find(status.sequence);
          RC_ASSERT(status.arrival_microseconds.has_value() == (expected != arrived.end()));
          if (status.arrival_microseconds) RC_ASSERT(*status.arrival_microseconds == expected->second);
        }
      }
      RC_ASSERT(reported == arrived.rbegin()->first);
    }
  }));
}

}  // namespace
}  // namespace bridgehall::session
