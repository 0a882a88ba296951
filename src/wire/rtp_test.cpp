#include "wire/rtp.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/testing.h"

namespace bridgehall::wire {
namespace {

using testing::for_each_damage;
using testing::from_hex;
using testing::lies_inside;
using testing::to_vector;
using Bytes = std::vector<std::uint8_t>;
using Elements = std::vector<std::pair<int, Bytes>>;

Elements extensions_of(BytesView packet) {
  const auto header = parse_rtp_header(packet);
  Elements elements;
  if (header)
    for_each_extension(packet, *header, [&](std::uint8_t id, BytesView value) {
      EXPECT_TRUE(lies_inside(value, packet));
      elements.emplace_back(id, to_vector(value));
    });
  return elements;
}

TEST(RtpHeader, ReadsTheFixedHeader) {
  const auto packet = from_hex("80 e0 1234 89abcdef deadbeef 0102");
  const auto header = parse_rtp_header(packet);
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->marker);
  EXPECT_FALSE(header->has_padding);
  EXPECT_EQ(header->payload_type, 96);
  EXPECT_EQ(header->sequence_number, 0x1234);
  EXPECT_EQ(header->timestamp, 0x89abcdefu);
  EXPECT_EQ(header->ssrc, Ssrc{0xdeadbeef});
  EXPECT_EQ(header->header_size, 12);
  EXPECT_EQ(header->extension_form, ExtensionForm::none);
  EXPECT_EQ(to_vector(*rtp_payload(packet, *header)), from_hex("0102"));
}

TEST(RtpHeader, SkipsCsrcsAndExtensions) {
  const auto packet = from_hex("92 6f 0001 00000002 00000003 aaaaaaaa bbbbbbbb bede 0001 10ff 0000 77");
  const auto header = parse_rtp_header(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->header_size, 28);
  EXPECT_EQ(header->extensions_offset, 24);
  EXPECT_EQ(header->extensions_size, 4);
  EXPECT_EQ(to_vector(*rtp_payload(packet, *header)), from_hex("77"));
}

TEST(RtpHeader, RefusesLengthsThatLie) {
  const struct {
    const char* why;
    const char* packet;
    RtpError error;
  } cases[] = {
      {"empty", "", RtpError::too_short},
      {"eleven bytes", "80 60 0001 00000002 000000", RtpError::too_short},
      {"version 1", "40 60 0001 00000002 00000003", RtpError::wrong_version},
      {"version 3", "c0 60 0001 00000002 00000003", RtpError::wrong_version},
      {"one CSRC, none there", "81 60 0001 00000002 00000003", RtpError::header_overruns},
      {"fifteen CSRCs, one there", "8f 60 0001 00000002 00000003 00000004", RtpError::header_overruns},
      {"X without its header", "90 60 0001 00000002 00000003 bede", RtpError::extension_overruns},
      {"one word, none there", "90 60 0001 00000002 00000003 bede0001", RtpError::extension_overruns},
      {"one word, three bytes there", "90 60 0001 00000002 00000003 bede0001 100000", RtpError::extension_overruns},
      {"65,535 words", "90 60 0001 00000002 00000003 bedeffff 10000000", RtpError::extension_overruns},
  };
  for (const auto& c : cases) {
    const auto header = parse_rtp_header(from_hex(c.packet));
    ASSERT_FALSE(header) << c.why;
    EXPECT_EQ(header.error(), c.error) << c.why;
  }
}

TEST(RtpHeader, RefusesAHeaderThatSixteenBitsCannotMeasure) {
  Bytes packet(400'000);
  const auto start = from_hex("90 60 0001 00000002 00000003 bedeffff");
  std::copy(start.begin(), start.end(), packet.begin());
  EXPECT_EQ(parse_rtp_header(packet).error(), RtpError::extension_overruns);
}

TEST(RtpPayload, LeavesPaddingOut) {
  const struct {
    const char* why;
    const char* payload;
    const char* clear;  // nullptr: refused
  } cases[] = {
      {"one byte of padding", "aabbcc01", "aabbcc"},   {"all but one byte", "aa000003", "aa"},
      {"nothing but padding", "00000004", ""},         {"a count of zero", "aabbcc00", nullptr},
      {"one more than there is", "00000005", nullptr}, {"255 of four", "aabbccff", nullptr},
      {"P bit on an empty payload", "", nullptr},
  };
  for (const auto& c : cases) {
    auto packet = from_hex("a0 60 0001 00000002 00000003");
    for (const auto byte : from_hex(c.payload)) packet.push_back(byte);
    const auto payload = rtp_payload(packet, *parse_rtp_header(packet));
    ASSERT_EQ(payload.has_value(), c.clear != nullptr) << c.why;
    if (payload)
      EXPECT_EQ(to_vector(*payload), from_hex(c.clear)) << c.why;
    else
      EXPECT_EQ(payload.error(), RtpError::padding_overruns) << c.why;
  }
}

TEST(RtpPayload, RefusesAPacketCutBelowItsHeader) {
  const auto packet = from_hex("82 60 0001 00000002 00000003 aaaaaaaa bbbbbbbb");
  const auto header = parse_rtp_header(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(rtp_payload(BytesView{packet}.first(16), *header).error(), RtpError::too_short);
}

TEST(RtpExtensions, AreReadInBothForms) {
  const struct {
    const char* why;
    const char* block;  // profile, words, elements
    Elements elements;
  } cases[] = {
      {"one byte form", "bede0002 10aa 22010203 0000", {{1, {0xaa}}, {2, {1, 2, 3}}}},
      {"padding between elements", "bede0002 10aa 0000 20bb 0000", {{1, {0xaa}}, {2, {0xbb}}}},
      {"sixteen bytes",
       "bede0005 5f 000102030405060708090a0b0c0d0e0f 000000",
       {{5, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}}},
      {"id 15 ends the walk", "bede0002 10aa f0bb 20cc 0000", {{1, {0xaa}}}},
      {"an element that overruns its block", "bede0001 10aa 2fbb", {{1, {0xaa}}}},
      {"an element header as the last byte", "bede0001 11aabb 20", {{1, {0xaa, 0xbb}}}},
      {"two byte form with an empty value",
       "10000003 0102aabb 0400 0503010203 00",
       {{1, {0xaa, 0xbb}}, {4, {}}, {5, {1, 2, 3}}}},
      {"two byte form, application bits set", "100f0001 f001aa00", {{0xf0, {0xaa}}}},
      {"two byte element that overruns", "10000001 01ff aabb", {}},
      {"two byte element without its length", "10000001 0101aa 02", {{1, {0xaa}}}},
      {"a profile we do not know", "abcd0001 10aa 20bb", {}},
      {"an empty block", "bede0000", {}},
  };
  for (const auto& c : cases) {
    auto packet = from_hex("90 60 0001 00000002 00000003");
    for (const auto byte : from_hex(c.block)) packet.push_back(byte);
    ASSERT_TRUE(parse_rtp_header(packet)) << c.why;
    EXPECT_EQ(extensions_of(packet), c.elements) << c.why;
  }
}

TEST(RtpHeaderWriter, WritesWhatTheRfcShows) {
  Bytes out(RtpHeaderWriter::kMaxHeader, 0xee);
  RtpHeaderWriter writer(out,
                         {.marker = true, .payload_type = 96, .sequence_number = 7, .timestamp = 9, .ssrc = Ssrc{1}},
                         ExtensionForm::one_byte);
  EXPECT_TRUE(writer.add(3, from_hex("aabb")));
  EXPECT_TRUE(writer.add(14, from_hex("01")));
  out.resize(writer.finish());
  EXPECT_EQ(out, from_hex("90e0 0007 00000009 00000001 bede0002 31aabb e001 000000"));
}

TEST(RtpHeaderWriter, LeavesTheBlockOutWhenNothingWasAdded) {
  for (const auto form : {ExtensionForm::none, ExtensionForm::one_byte, ExtensionForm::two_byte}) {
    Bytes out(12);
    RtpHeaderWriter writer(out, {.has_padding = true, .payload_type = 111}, form);
    EXPECT_EQ(writer.finish(), 12u);
    EXPECT_EQ(out, from_hex("a06f 0000 00000000 00000000"));
  }
}

TEST(RtpHeaderWriter, RefusesWhatTheFormCannotHold) {
  Bytes out(600);
  const Bytes value(256);
  const auto fits = [&](ExtensionForm form, std::uint8_t id, std::size_t size) {
    return RtpHeaderWriter(out, {}, form).add(id, BytesView{value}.first(size));
  };
  EXPECT_FALSE(fits(ExtensionForm::none, 1, 1));
  EXPECT_FALSE(fits(ExtensionForm::one_byte, 0, 1));
  EXPECT_FALSE(fits(ExtensionForm::one_byte, 15, 1));
  EXPECT_FALSE(fits(ExtensionForm::one_byte, 1, 0));
  EXPECT_FALSE(fits(ExtensionForm::one_byte, 1, 17));
  EXPECT_TRUE(fits(ExtensionForm::one_byte, 14, 16));
  EXPECT_FALSE(fits(ExtensionForm::two_byte, 0, 1));
  EXPECT_FALSE(fits(ExtensionForm::two_byte, 1, 256));
  EXPECT_TRUE(fits(ExtensionForm::two_byte, 255, 255));
  EXPECT_TRUE(fits(ExtensionForm::two_byte, 15, 0));
}

TEST(RtpHeaderWriter, RefusesWhatTheRoomCannotHoldAndGoesOn) {
  Bytes out(20);
  RtpHeaderWriter writer(out, {}, ExtensionForm::one_byte);
  EXPECT_FALSE(writer.add(1, from_hex("0102030405")));  // with its header 6 bytes, padded 8
  EXPECT_TRUE(writer.add(1, from_hex("01")));
  EXPECT_TRUE(writer.add(2, from_hex("02")));
  EXPECT_FALSE(writer.add(3, from_hex("03")));
  EXPECT_EQ(writer.finish(), 20u);
  EXPECT_EQ(extensions_of(out), (Elements{{1, {1}}, {2, {2}}}));
}

TEST(RtpProperty, WrittenHeadersReadBackTheSame) {
  EXPECT_TRUE(rc::check([](bool marker, bool padding, std::uint16_t sequence, std::uint32_t timestamp,
                           std::uint32_t ssrc, bool two_byte) {
    const auto payload_type = *rc::gen::inRange(0, 128);
    const auto form = two_byte ? ExtensionForm::two_byte : ExtensionForm::one_byte;
    const auto elements = *rc::gen::container<Elements>(
        rc::gen::pair(rc::gen::inRange(1, two_byte ? 256 : 15),
                      rc::gen::resize(two_byte ? 40 : 16, rc::gen::nonEmpty(rc::gen::arbitrary<Bytes>()))));
    Bytes out(4096);
    RtpHeaderWriter writer(out,
                           {.marker = marker,
                            .has_padding = padding,
                            .payload_type = static_cast<std::uint8_t>(payload_type),
                            .sequence_number = sequence,
                            .timestamp = timestamp,
                            .ssrc = Ssrc{ssrc}},
                           form);
    Elements added;
    for (const auto& [id, value] : elements)
      if (writer.add(static_cast<std::uint8_t>(id), value)) added.emplace_back(id, value);
    const auto size = writer.finish();
    out.resize(size);
    const auto header = parse_rtp_header(out);
    RC_ASSERT(header.has_value());
    RC_ASSERT(header->header_size == size);
    RC_ASSERT(size % 4 == 0);
    RC_ASSERT(header->marker == marker);
    RC_ASSERT(header->has_padding == padding);
    RC_ASSERT(header->payload_type == payload_type);
    RC_ASSERT(header->sequence_number == sequence);
    RC_ASSERT(header->timestamp == timestamp);
    RC_ASSERT(header->ssrc == Ssrc{ssrc});
    RC_ASSERT(extensions_of(out) == added);
  }));
}

TEST(RtpProperty, DamageStaysInsideThePacket) {
  for (const auto* hex :
       {"b2 e0 1234 89abcdef deadbeef 11111111 22222222 bede0003 10aa 22010203 0000 5100aabb 0102030404040404",
        "b0 e0 1234 89abcdef deadbeef 10000003 0102aabb 0400 0503010203 00 aabb0002"}) {
    for_each_damage(from_hex(hex), [](BytesView packet) {
      const auto header = parse_rtp_header(packet);
      if (!header) return;
      EXPECT_LE(header->header_size, packet.size());
      EXPECT_LE(header->extensions_offset + header->extensions_size, packet.size());
      EXPECT_TRUE(lies_inside(rtp_payload(packet, *header).value_or(BytesView{}), packet));
      extensions_of(packet);
    });
  }
}

TEST(DatagramKind, FollowsTheFirstByte) {
  const auto kind = [](int first, int second, std::size_t size) {
    Bytes datagram(size);
    if (size > 0) datagram[0] = static_cast<std::uint8_t>(first);
    if (size > 1) datagram[1] = static_cast<std::uint8_t>(second);
    return classify_datagram(datagram);
  };
  for (int first = 0; first < 256; ++first) {
    const auto expected = first < 4                      ? DatagramKind::stun
                          : first >= 20 && first <= 63   ? DatagramKind::dtls
                          : first >= 128 && first <= 191 ? DatagramKind::rtp
                                                         : DatagramKind::unknown;
    EXPECT_EQ(kind(first, 96, 100), expected) << first;
  }
  for (int second = 0; second < 256; ++second)
    EXPECT_EQ(kind(0x80, second, 100), second >= 192 && second <= 223 ? DatagramKind::rtcp : DatagramKind::rtp)
        << second;
  EXPECT_EQ(kind(0, 0, 0), DatagramKind::unknown);
  EXPECT_EQ(kind(0, 1, 19), DatagramKind::unknown);
  EXPECT_EQ(kind(22, 0, 12), DatagramKind::unknown);
  EXPECT_EQ(kind(0x80, 96, 11), DatagramKind::unknown);
  EXPECT_EQ(kind(0x80, 201, 8), DatagramKind::rtcp);
  EXPECT_EQ(kind(0x80, 201, 7), DatagramKind::unknown);
}

}  // namespace
}  // namespace bridgehall::wire
