#include "wire/rtcp.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/testing.h"

namespace bridgehall::wire {
namespace {

using ::testing::ElementsAre;
using testing::for_each_damage;
using testing::from_hex;
using testing::lies_inside;
using Bytes = std::vector<std::uint8_t>;

template <class Write>
Bytes written(Write&& write) {
  Bytes out(4096);
  ByteWriter writer(out);
  EXPECT_TRUE(write(writer));
  out.resize(writer.size());
  return out;
}

// The only packet of `bytes`, whose memory must outlive it.
RtcpPacket only_packet(const Bytes& bytes) {
  RtcpWalk walk(bytes);
  RtcpPacket packet, second;
  EXPECT_TRUE(walk.next(packet));
  EXPECT_FALSE(walk.next(second));
  EXPECT_FALSE(walk.failed());
  return packet;
}

std::vector<std::uint16_t> nacked(const Bytes& bytes) {
  std::vector<std::uint16_t> sequences;
  for_each_nack(only_packet(bytes), [&](std::uint16_t sequence) { sequences.push_back(sequence); });
  return sequences;
}

const ReportBlock kBlock{.ssrc = Ssrc{0x11223344},
                         .fraction_lost = 0x40,
                         .cumulative_lost = -2,
                         .highest_sequence = 0x00011234,
                         .jitter = 90,
                         .last_sender_report = 0xaabbccdd,
                         .delay_since_last = 0x00010000};
constexpr const char* kBlockHex = "11223344 40 fffffe 00011234 0000005a aabbccdd 00010000";

TEST(RtcpWalk, ReadsACompoundPacketInOrder) {
  const auto bytes = from_hex("80c90001 00000001 81ca0002 00000001 01000000 81ce0002 00000001 00000002");
  RtcpWalk walk(bytes);
  std::vector<int> types;
  for (RtcpPacket packet; walk.next(packet);) types.push_back(static_cast<int>(packet.type));
  EXPECT_FALSE(walk.failed());
  EXPECT_THAT(types, ElementsAre(201, 202, 206));
}

TEST(RtcpWalk, LeavesPaddingOut) {
  EXPECT_EQ(only_packet(from_hex("a0c90002 00000001 00000004")).body.size(), 4u);
  EXPECT_EQ(only_packet(from_hex("a1cb0001 00000004")).body.size(), 0u);
}

TEST(RtcpWalk, TakesPaddingOfAnySizeAndPlaceAsLibwebrtcSendsIt) {
  const auto bytes = from_hex("afcd0003 00000001 00000002 aa000003 afcd0003 00000001 00000002 bbcc0002");
  RtcpWalk walk(bytes);
  std::vector<std::size_t> sizes;
  for (RtcpPacket packet; walk.next(packet);) sizes.push_back(packet.body.size());
  EXPECT_FALSE(walk.failed());
  EXPECT_THAT(sizes, ElementsAre(9, 10));
}

TEST(RtcpWalk, TakesThePaddingOfTransportFeedbackAsLibwebrtcSendsIt) {
  const auto bytes = from_hex("afcd0001 00000002 80c90001 00000001");
  RtcpWalk walk(bytes);
  RtcpPacket packet;
  ASSERT_TRUE(walk.next(packet));
  EXPECT_EQ(packet.body.size(), 2u);
  ASSERT_TRUE(walk.next(packet));
  EXPECT_EQ(packet.type, RtcpType::receiver_report);
  EXPECT_FALSE(walk.next(packet));
  EXPECT_FALSE(walk.failed());
}

TEST(RtcpWalk, StopsAtWhatLies) {
  const struct {
    const char* why;
    const char* bytes;
    std::size_t before;  // packets read before the failure
  } cases[] = {
      {"three bytes", "80c900", 0},
      {"version 1", "40c90001 00000001", 0},
      {"a length beyond the end", "80c90002 00000001", 0},
      {"a length of 65,535 words", "80c9ffff 00000001", 0},
      {"a second packet that overruns", "80c90001 00000001 81ce0003 00000001 00000002", 1},
      {"a rest of two bytes", "80c90001 00000001 80c9", 1},
      {"padding of zero", "a0c90002 00000001 00000000", 0},
      {"padding longer than the body, in the middle", "a0c90001 00000005 80c90001 00000001", 0},
      {"padding longer than the body", "a0c90002 00000001 0000000c", 0},
      {"padding bit on an empty body", "a0c90000", 0},
  };
  for (const auto& c : cases) {
    const auto bytes = from_hex(c.bytes);
    RtcpWalk walk(bytes);
    std::size_t packets = 0;
    for (RtcpPacket packet; walk.next(packet);) ++packets;
    EXPECT_EQ(packets, c.before) << c.why;
    EXPECT_TRUE(walk.failed()) << c.why;
    RtcpPacket packet;
    EXPECT_FALSE(walk.next(packet)) << c.why;
  }
}

TEST(Rtcp, WritesAndReadsASenderReport) {
  const SenderInfo info{
      .ssrc = Ssrc{0xdeadbeef}, .ntp = {0x0123456789abcdef}, .rtp_timestamp = 7, .packets = 8, .octets = 9};
  const auto bytes = written([&](ByteWriter& out) { return write_sender_report(out, info, {&kBlock, 1}); });
  EXPECT_EQ(bytes, from_hex("81c8000c deadbeef 0123456789abcdef 00000007 00000008 00000009" + std::string(kBlockHex)));
  SenderInfo read;
  const auto packet = only_packet(bytes);
  ASSERT_TRUE(parse_sender_info(packet, read));
  EXPECT_EQ(read.ssrc, info.ssrc);
  EXPECT_EQ(read.ntp, info.ntp);
  EXPECT_EQ(read.rtp_timestamp, 7u);
  EXPECT_EQ(read.packets, 8u);
  EXPECT_EQ(read.octets, 9u);
  ReportBlock block;
  ASSERT_EQ(parse_report_blocks(packet, {&block, 1}), 1u);
  EXPECT_EQ(block.cumulative_lost, -2);
}

TEST(Rtcp, WritesAndReadsAReceiverReport) {
  const auto bytes = written([&](ByteWriter& out) { return write_receiver_report(out, Ssrc{1}, {&kBlock, 1}); });
  EXPECT_EQ(bytes, from_hex("81c90007 00000001" + std::string(kBlockHex)));
  std::array<ReportBlock, 31> blocks;
  ASSERT_EQ(parse_report_blocks(only_packet(bytes), blocks), 1u);
  EXPECT_EQ(blocks[0].ssrc, kBlock.ssrc);
  EXPECT_EQ(blocks[0].fraction_lost, 0x40);
  EXPECT_EQ(blocks[0].cumulative_lost, -2);
  EXPECT_EQ(blocks[0].highest_sequence, 0x11234u);
  EXPECT_EQ(blocks[0].jitter, 90u);
  EXPECT_EQ(blocks[0].last_sender_report, 0xaabbccddu);
  EXPECT_EQ(blocks[0].delay_since_last, 0x10000u);
  EXPECT_EQ(parse_report_blocks(only_packet(bytes), {}), 0u);
  SenderInfo none;
  EXPECT_FALSE(parse_sender_info(only_packet(bytes), none));
}

TEST(Rtcp, ReportsWithFewerBlocksThanTheyClaimAreRefused) {
  const auto receiver = from_hex("82c90007 00000001" + std::string(kBlockHex));
  std::array<ReportBlock, 31> blocks;
  EXPECT_EQ(parse_report_blocks(only_packet(receiver), blocks), 0u);
  SenderInfo info;
  EXPECT_FALSE(
      parse_sender_info(only_packet(from_hex("81c80006 00000001 0000000000000000 00000000 00000000 00000000")), info));
  EXPECT_FALSE(parse_sender_info(only_packet(from_hex("80c80001 00000001")), info));
  EXPECT_EQ(parse_report_blocks(only_packet(from_hex("81c80001 00000001")), blocks), 0u);
}

TEST(Rtcp, SourceDescriptionEndsWithAZeroAndFillsItsWords) {
  const auto description = [](std::string_view cname) {
    return written([&](ByteWriter& out) { return write_source_description(out, Ssrc{1}, cname); });
  };
  EXPECT_EQ(description("a"), from_hex("81ca0002 00000001 01016100"));
  EXPECT_EQ(description("ab"), from_hex("81ca0003 00000001 01026162 00000000"));
  EXPECT_EQ(description("abc"), from_hex("81ca0003 00000001 01036162 63000000"));
  Bytes out(600);
  ByteWriter writer(out);
  EXPECT_FALSE(write_source_description(writer, Ssrc{1}, std::string(256, 'x')));
  EXPECT_TRUE(write_source_description(writer, Ssrc{1}, std::string(255, 'x')));
}

TEST(Rtcp, WritesByeAndPictureRequests) {
  EXPECT_EQ(written([](ByteWriter& out) { return write_bye(out, Ssrc{0xab}); }), from_hex("81cb0001 000000ab"));
  const auto pli = written([](ByteWriter& out) { return write_pli(out, Ssrc{1}, Ssrc{2}); });
  EXPECT_EQ(pli, from_hex("81ce0002 00000001 00000002"));
  Ssrc sender, media;
  ASSERT_TRUE(parse_feedback_ssrcs(only_packet(pli), sender, media));
  EXPECT_EQ(sender, Ssrc{1});
  EXPECT_EQ(media, Ssrc{2});
  EXPECT_FALSE(parse_feedback_ssrcs(only_packet(from_hex("81ce0001 00000001")), sender, media));
  const auto fir = written([](ByteWriter& out) { return write_fir(out, Ssrc{1}, Ssrc{2}, 0xfe); });
  EXPECT_EQ(fir, from_hex("84ce0004 00000001 00000000 00000002 fe000000"));
  std::vector<std::uint32_t> asked;
  for_each_fir(only_packet(fir), [&](Ssrc ssrc) { asked.push_back(ssrc.value()); });
  EXPECT_THAT(asked, ElementsAre(2));
}

TEST(Rtcp, PacksNacksIntoPairs) {
  const auto nack = [](std::vector<std::uint16_t> sequences) {
    return written([&](ByteWriter& out) { return write_nack(out, Ssrc{1}, Ssrc{2}, sequences); });
  };
  EXPECT_EQ(nack({10}), from_hex("81cd0003 00000001 00000002 000a0000"));
  EXPECT_EQ(nack({10, 11, 26}), from_hex("81cd0003 00000001 00000002 000a8001"));
  EXPECT_EQ(nack({10, 27}), from_hex("81cd0004 00000001 00000002 000a0000 001b0000"));
  EXPECT_EQ(nack({65535, 0, 1}), from_hex("81cd0003 00000001 00000002 ffff0003"));
  EXPECT_THAT(nacked(nack({65535, 0, 1})), ElementsAre(65535, 0, 1));
  EXPECT_THAT(nacked(nack({7, 7})), ElementsAre(7));
  Bytes out(64);
  ByteWriter writer(out);
  EXPECT_FALSE(write_nack(writer, Ssrc{1}, Ssrc{2}, {}));
}

TEST(Rtcp, ReadsRemb) {
  std::uint64_t rate = 0;
  // 2 500 000 = 156 250 << 4
  ASSERT_TRUE(parse_remb(only_packet(from_hex("8fce0005 00000001 00000000 52454d42 0112625a 00000002")), rate));
  EXPECT_EQ(rate, 2'500'000u);
  const struct {
    const char* why;
    const char* bytes;
  } refused[] = {
      {"another name", "8fce0005 00000001 00000000 52454d43 0112625a 00000002"},
      {"cut before its rate", "8fce0003 00000001 00000000 52454d42"},
      {"two SSRCs claimed, one there", "8fce0005 00000001 00000000 52454d42 0212625a 00000002"},
      {"a rate beyond 64 bits", "8fce0005 00000001 00000000 52454d42 01ffffff 00000002"},
      {"a PLI", "81ce0002 00000001 00000002"},
  };
  for (const auto& c : refused) EXPECT_FALSE(parse_remb(only_packet(from_hex(c.bytes)), rate)) << c.why;
  EXPECT_EQ(rate, 2'500'000u);
}

TEST(Rtcp, WritersLeaveARoomTooSmallUntouched) {
  const std::array<ReportBlock, 32> blocks{};
  const std::array<std::uint16_t, 2> sequences{1, 100};
  const std::vector<std::function<bool(ByteWriter&)>> writers{
      [&](ByteWriter& out) { return write_sender_report(out, {}, std::span(blocks).first(2)); },
      [&](ByteWriter& out) { return write_receiver_report(out, {}, std::span(blocks).first(2)); },
      [&](ByteWriter& out) { return write_source_description(out, {}, "someone"); },
      [&](ByteWriter& out) { return write_bye(out, {}); },
      [&](ByteWriter& out) { return write_nack(out, {}, {}, sequences); },
      [&](ByteWriter& out) { return write_pli(out, {}, {}); },
      [&](ByteWriter& out) { return write_fir(out, {}, {}, 0); },
  };
  for (const auto& write : writers) {
    const auto size = written(write).size();
    for (std::size_t room = 0; room < size; ++room) {
      Bytes out(room, 0xee);
      ByteWriter writer(out);
      EXPECT_FALSE(write(writer));
      EXPECT_TRUE(writer.ok());
      EXPECT_EQ(writer.size(), 0u);
      EXPECT_EQ(out, Bytes(room, 0xee));
    }
  }
  Bytes out(4096);
  ByteWriter writer(out);
  EXPECT_FALSE(write_receiver_report(writer, {}, blocks));
  EXPECT_FALSE(write_sender_report(writer, {}, blocks));
  EXPECT_EQ(writer.size(), 0u);
}

TEST(RtcpProperty, NacksReadBackTheSameInTheFewestPairs) {
  EXPECT_TRUE(rc::check([](std::uint16_t first, std::vector<std::uint8_t> steps) {
    std::vector<std::uint16_t> sequences{first};
    for (const auto step : steps) sequences.push_back(static_cast<std::uint16_t>(sequences.back() + 1 + step % 40));
    const auto bytes = written([&](ByteWriter& out) { return write_nack(out, Ssrc{1}, Ssrc{2}, sequences); });
    RC_ASSERT(nacked(bytes) == sequences);
    std::size_t pairs = 0;  // greedy covering of points by intervals of 17 is the smallest
    int covered_to = -1;
    int position = 0;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      if (i > 0) position += static_cast<std::uint16_t>(sequences[i] - sequences[i - 1]);
      if (position <= covered_to) continue;
      ++pairs;
      covered_to = position + 16;
    }
    RC_ASSERT(bytes.size() == 12 + 4 * pairs);
  }));
}

TEST(RtcpProperty, ReportBlocksReadBackTheSame) {
  EXPECT_TRUE(rc::check([](std::uint32_t ssrc, std::uint8_t fraction, std::uint32_t highest, std::uint32_t jitter,
                           std::uint32_t lsr, std::uint32_t dlsr) {
    const auto lost = *rc::gen::inRange(-(1 << 23), 1 << 23);
    const ReportBlock block{Ssrc{ssrc}, fraction, lost, highest, jitter, lsr, dlsr};
    const auto bytes = written([&](ByteWriter& out) { return write_receiver_report(out, Ssrc{1}, {&block, 1}); });
    ReportBlock read;
    RC_ASSERT(parse_report_blocks(only_packet(bytes), {&read, 1}) == 1u);
    RC_ASSERT(read.ssrc == block.ssrc);
    RC_ASSERT(read.fraction_lost == fraction);
    RC_ASSERT(read.cumulative_lost == lost);
    RC_ASSERT(read.highest_sequence == highest);
    RC_ASSERT(read.jitter == jitter);
    RC_ASSERT(read.last_sender_report == lsr);
    RC_ASSERT(read.delay_since_last == dlsr);
  }));
}

TEST(RtcpProperty, DamageStaysInsideTheCompound) {
  const auto compound =
      from_hex("81c8000c deadbeef 0123456789abcdef 00000007 00000008 00000009" + std::string(kBlockHex) +
               "81ca0003 00000001 01026162 00000000"
               "81cd0004 00000001 00000002 000a8001 00200003"
               "84ce0004 00000001 00000000 00000002 fe000000"
               "8fcd0005 00000001 00000002 00010005 00000100 d4000401"
               "afce0006 00000001 00000000 52454d42 0112625a 00000002 00000004");
  RtcpWalk undamaged(compound);
  std::size_t packets = 0;
  for (RtcpPacket packet; undamaged.next(packet);) ++packets;
  EXPECT_EQ(packets, 6u);
  for_each_damage(compound, [](BytesView bytes) {
    RtcpWalk walk(bytes);
    SenderInfo info;
    std::array<ReportBlock, 31> blocks;
    TransportFeedback feedback;
    std::array<TransportFeedback::Entry, 64> entries;
    Ssrc sender, media;
    std::uint64_t rate;
    for (RtcpPacket packet; walk.next(packet);) {
      EXPECT_TRUE(lies_inside(packet.body, bytes));
      parse_sender_info(packet, info);
      EXPECT_LE(parse_report_blocks(packet, blocks), packet.count_or_format);
      parse_feedback_ssrcs(packet, sender, media);
      parse_remb(packet, rate);
      parse_transport_feedback(packet, feedback, entries);
      std::size_t asked = 0;
      for_each_nack(packet, [&](std::uint16_t) { ++asked; });
      for_each_fir(packet, [&](Ssrc) { ++asked; });
      EXPECT_LE(asked, packet.body.size() * 17);
    }
  });
}

}  // namespace
}  // namespace bridgehall::wire
