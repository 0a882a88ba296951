#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/testing.h"
#include "wire/rtcp.h"

namespace bridgehall::wire {
namespace {

using testing::from_hex;
using Bytes = std::vector<std::uint8_t>;
using Entry = TransportFeedback::Entry;

struct Parsed {
  std::ptrdiff_t count = 0;
  TransportFeedback header;
  std::vector<Entry> entries;
};

// `fields`: everything after the two SSRCs.
Parsed parse(BytesView fields, std::size_t room = TransportFeedback::kMaxEntries) {
  Bytes body = from_hex("00000001 00000002");
  body.insert(body.end(), fields.begin(), fields.end());
  Parsed result;
  result.entries.resize(room);
  result.count =
      parse_transport_feedback({RtcpType::transport_feedback, kFormatTransportCc, body}, result.header, result.entries);
  if (result.count >= 0) result.entries.resize(static_cast<std::size_t>(result.count));
  return result;
}

constexpr std::int64_t kLost = INT64_MIN;
// Arrivals in microseconds, kLost for what did not come.
std::vector<std::int64_t> arrivals(const Parsed& parsed) {
  std::vector<std::int64_t> times;
  for (const auto& entry : parsed.entries) times.push_back(entry.received ? entry.arrival_microseconds : kLost);
  return times;
}

TEST(TransportFeedback, ReadsEveryFormOfChunk) {
  using Times = std::vector<std::int64_t>;
  const struct {
    const char* why;
    const char* fields;  // base, count, reference and feedback count, chunks, deltas
    Times times;
  } cases[] = {
      {"a run of small deltas", "0001 0003 00000100 2003 040800", {64'000 + 1'000, 64'000 + 3'000, 64'000 + 3'000}},
      {"a run of losses, then one", "0001 0003 00000000 0002 2001 04", {kLost, kLost, 1'000}},
      {"a run of large deltas", "0001 0002 00000000 4002 0100 ff00", {64'000, 0}},
      {"one-bit vector", "0001 0005 00000000 aa00 010203", {250, kLost, 750, kLost, 1'500}},
      {"two-bit vector", "0001 0004 00000000 d240 01 ffff 02", {250, kLost, 0, 500}},
      {"vector, then run",
       "0001 0010 00000000 8000 2002 0101",
       {kLost, kLost, kLost, kLost, kLost, kLost, kLost, kLost, kLost, kLost, kLost, kLost, kLost, kLost, 250, 500}},
      {"a run longer than the count", "0001 0002 00000000 3fff 0101", {250, 500}},
      {"a run of nothing", "0001 0001 00000000 2000 2001 01", {250}},
      {"a negative reference time", "0001 0001 ffffff00 2001 00", {-64'000}},
      {"the largest delta", "0001 0001 00000000 4001 7fff", {32'767 * 250}},
      {"the most negative delta", "0001 0001 00000000 4001 8000", {-32'768 * 250}},
      {"bytes after the deltas", "0001 0001 00000000 2001 01 000000", {250}},
  };
  for (const auto& c : cases) {
    const auto parsed = parse(from_hex(c.fields));
    ASSERT_EQ(parsed.count, static_cast<std::ptrdiff_t>(c.times.size())) << c.why;
    EXPECT_EQ(arrivals(parsed), c.times) << c.why;
  }
}

TEST(TransportFeedback, NumbersItsEntriesAcrossTheWrap) {
  const auto parsed = parse(from_hex("ffff 0002 0000002a 2002 0101"));
  ASSERT_EQ(parsed.count, 2);
  EXPECT_EQ(parsed.header.sender, Ssrc{1});
  EXPECT_EQ(parsed.header.media, Ssrc{2});
  EXPECT_EQ(parsed.header.feedback_count, 0x2a);
  EXPECT_EQ(parsed.entries[0].sequence, 65535);
  EXPECT_EQ(parsed.entries[1].sequence, 0);
}

TEST(TransportFeedback, RefusesWhatLies) {
  const struct {
    const char* why;
    const char* fields;
  } cases[] = {
      {"no fields", ""},
      {"cut fields", "0001 0001 000000"},
      {"a count of zero", "0001 0000 00000000 2000"},
      {"no chunk", "0001 0001 00000000"},
      {"fewer statuses than counted", "0001 0010 00000000 8000"},
      {"runs of nothing only", "0001 0001 00000000 2000 0000 0000"},
      {"no delta", "0001 0001 00000000 2001"},
      {"fewer deltas than received", "0001 0003 00000000 2003 0101"},
      {"half of a large delta", "0001 0001 00000000 4001 01"},
      {"a run of the reserved symbol", "0001 0001 00000000 6001 01"},
      {"the reserved symbol in a vector", "0001 0001 00000000 f000 01"},
      {"more than the caller has room for", "0001 ffff 00000000 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff"},
  };
  for (const auto& c : cases) EXPECT_EQ(parse(from_hex(c.fields)).count, -1) << c.why;
  EXPECT_EQ(parse(from_hex("0001 0002 00000000 2002 0101"), 1).count, -1);
}

TEST(TransportFeedback, RefusesOtherPackets) {
  const auto body = from_hex("00000001 00000002 0001 0001 00000000 2001 01");
  TransportFeedback header;
  std::array<Entry, 4> entries;
  EXPECT_EQ(parse_transport_feedback({RtcpType::transport_feedback, kFormatNack, body}, header, entries), -1);
  EXPECT_EQ(parse_transport_feedback({RtcpType::payload_feedback, kFormatTransportCc, body}, header, entries), -1);
  EXPECT_EQ(parse_transport_feedback({RtcpType::transport_feedback, kFormatTransportCc, body}, header, entries), 1);
}

// A naive writer: for each chunk a form is drawn among those that can say what comes next.
Bytes encode(std::uint16_t base, std::int32_t reference, const std::vector<int>& symbols,
             const std::vector<std::int16_t>& deltas, const std::vector<std::uint8_t>& choices) {
  Bytes out(65536);
  ByteWriter writer(out);
  writer.u16(base);
  writer.u16(static_cast<std::uint16_t>(symbols.size()));
  writer.u24(static_cast<std::uint32_t>(reference));
  writer.u8(0);
  const auto symbol = [&](std::size_t i) { return i < symbols.size() ? static_cast<unsigned>(symbols[i]) : 0u; };
  std::size_t at = 0;
  for (std::size_t chunk = 0; at < symbols.size(); ++chunk) {
    const auto choice = choices.empty() ? 0 : choices[chunk % choices.size()] % 3;
    bool one_bit = choice == 1;
    for (std::size_t i = 0; i < 14; ++i) one_bit = one_bit && symbol(at + i) < 2;
    unsigned word = 0;
    if (one_bit) {
      for (std::size_t i = 0; i < 14; ++i) word = word << 1 | symbol(at + i);
      word |= 0x8000;
      at += 14;
    } else if (choice == 2) {
      for (std::size_t i = 0; i < 7; ++i) word = word << 2 | symbol(at + i);
      word |= 0xc000;
      at += 7;
    } else {
      std::size_t run = 1;
      while (at + run < symbols.size() && symbol(at + run) == symbol(at)) ++run;
      word = symbol(at) << 13 | static_cast<unsigned>(run);
      at += run;
    }
    writer.u16(static_cast<std::uint16_t>(word));
  }
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (symbols[i] == 1) writer.u8(static_cast<std::uint8_t>(deltas[i]));
    if (symbols[i] == 2) writer.u16(static_cast<std::uint16_t>(deltas[i]));
  }
  out.resize(writer.size());
  return out;
}

TEST(TransportFeedbackProperty, ReadsBackWhatWasWrittenInAnyForm) {
  EXPECT_TRUE(rc::check([](std::uint16_t base, std::vector<std::uint8_t> choices, bool bursts) {
    const auto reference = *rc::gen::inRange(-(1 << 23), 1 << 23);
    auto symbols = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3)));
    if (bursts)
      for (std::size_t i = 0; i < symbols.size(); ++i) symbols[i] = symbols[i / 9 * 9];
    std::vector<std::int16_t> deltas;
    std::vector<std::int64_t> expected;
    std::int64_t now = reference * std::int64_t{64'000};
    for (const auto symbol : symbols) {
      deltas.push_back(
          static_cast<std::int16_t>(symbol == 1 ? *rc::gen::inRange(0, 256) : *rc::gen::inRange(-32'768, 32'768)));
      if (symbol != 0) now += deltas.back() * 250;
      expected.push_back(symbol == 0 ? kLost : now);
    }
    const auto parsed = parse(encode(base, reference, symbols, deltas, choices));
    RC_ASSERT(parsed.count == static_cast<std::ptrdiff_t>(symbols.size()));
    RC_ASSERT(arrivals(parsed) == expected);
    for (std::size_t i = 0; i < parsed.entries.size(); ++i)
      RC_ASSERT(parsed.entries[i].sequence == static_cast<std::uint16_t>(base + i));
  }));
}

}  // namespace
}  // namespace bridgehall::wire
