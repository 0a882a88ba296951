#include "wire/sdp.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "wire/sdp_attributes.h"

namespace bridgehall::wire {
namespace {

constexpr std::string_view kHead = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";

std::string with_head(std::string_view rest) { return std::string(kHead) + std::string(rest); }

TEST(Sdp, ReadsSessionAndMediaAttributesIntoTheirSections) {
  const auto sdp = parse_sdp(with_head(
      "a=group:BUNDLE 0\r\nm=audio 9/2 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\n"));
  ASSERT_TRUE(sdp) << sdp.error().message;
  EXPECT_EQ(sdp->origin, "- 1 2 IN IP4 0.0.0.0");
  ASSERT_NE(find_attribute(sdp->attributes, "group"), nullptr);
  ASSERT_EQ(sdp->media.size(), 1u);
  const auto& media = sdp->media[0];
  EXPECT_EQ(media.kind, "audio");
  EXPECT_EQ(media.port, 9);
  EXPECT_EQ(media.formats, (std::vector<std::string>{"111", "63"}));
  EXPECT_EQ(media.connection, "IN IP4 0.0.0.0");
  EXPECT_EQ(*find_attribute(media.attributes, "mid"), "0");
  EXPECT_EQ(*find_attribute(media.attributes, "sendonly"), "");
  EXPECT_EQ(find_attribute(media.attributes, "group"), nullptr);
  EXPECT_EQ(media.attributes[1].line, 9u);
}

TEST(Sdp, TakesLinesThatEndInLineFeedOnlyAndAnEmptyLineAtTheEnd) {
  EXPECT_TRUE(parse_sdp("v=0\no=- 1 2 IN IP4 0.0.0.0\ns=-\nt=0 0\na=x"));
  EXPECT_TRUE(parse_sdp(with_head("a=x\r\n\r\n")));
}

TEST(Sdp, TakesAFragmentWithoutSessionLines) {
  const auto fragment = parse_sdp_fragment("a=ice-ufrag:abcd\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n");
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->media.size(), 1u);
  EXPECT_FALSE(parse_sdp_fragment("v=0\r\n"));
}

struct BadCase {
  std::string name;
  std::string text;
  std::size_t line;
};
class SdpRefusal : public testing::TestWithParam<BadCase> {};

TEST_P(SdpRefusal, NamesTheLine) {
  const auto sdp = parse_sdp(GetParam().text);
  ASSERT_FALSE(sdp);
  EXPECT_EQ(sdp.error().line, GetParam().line) << sdp.error().message;
  EXPECT_TRUE(sdp.error().message.ends_with('.'));
}

INSTANTIATE_TEST_SUITE_P(
    Table, SdpRefusal,
    testing::Values(BadCase{"empty", "", 0}, BadCase{"not_sdp", "{\"type\":\"offer\"}", 1},
                    BadCase{"wrong_version", "v=1\r\n", 1}, BadCase{"second_version", with_head("v=0\r\n"), 5},
                    BadCase{"no_origin", "v=0\r\ns=-\r\nt=0 0\r\n", 3},
                    BadCase{"no_name", "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\nt=0 0\r\n", 3},
                    BadCase{"no_time", "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\n", 3},
                    BadCase{"short_origin", "v=0\r\no=- 1 2 IN IP4\r\n", 2},
                    BadCase{"second_origin", with_head("o=- 1 2 IN IP4 0.0.0.0\r\n"), 5},
                    BadCase{"unknown_type", with_head("x=1\r\n"), 5}, BadCase{"no_equals", with_head("a:mid\r\n"), 5},
                    BadCase{"empty_line_inside", with_head("\r\na=x\r\n"), 5},
                    BadCase{"control_character", with_head("a=x:\x01\r\n"), 5},
                    BadCase{"lone_carriage_return", with_head("a=x\ra=y\r\n"), 5},
                    BadCase{"nul", with_head(std::string_view("a=x\0y\r\n", 7)), 5},
                    BadCase{"attribute_without_name", with_head("a=:1\r\n"), 5},
                    BadCase{"port_too_large", with_head("m=audio 65536 RTP/AVP 0\r\n"), 5},
                    BadCase{"port_negative", with_head("m=audio -1 RTP/AVP 0\r\n"), 5},
                    BadCase{"no_format", with_head("m=audio 9 RTP/AVP\r\n"), 5},
                    BadCase{"long_line", with_head("a=x:" + std::string(kSdpMaxLineSize, 'y') + "\r\n"), 5},
                    BadCase{"oversized", std::string(kSdpMaxSize + 1, 'a'), 0}),
    [](const auto& test) { return test.param.name; });

TEST(Sdp, HoldsItsBoundsOnLinesMediaAndFormats) {
  std::string lines(kHead);
  for (std::size_t i = 0; i < kSdpMaxLines; ++i) lines += "a=x\n";
  EXPECT_EQ(parse_sdp(lines).error().line, kSdpMaxLines + 1);
  std::string media(kHead);
  for (std::size_t i = 0; i < kSdpMaxMedia; ++i) media += "m=audio 9 RTP/AVP 0\n";
  EXPECT_TRUE(parse_sdp(media));
  EXPECT_FALSE(parse_sdp(media + "m=audio 9 RTP/AVP 0\n"));
  std::string formats = std::string(kHead) + "m=audio 9 RTP/AVP";
  for (std::size_t i = 0; i < kSdpMaxFormats; ++i) formats += " 1";
  EXPECT_TRUE(parse_sdp(formats));
  EXPECT_FALSE(parse_sdp(formats + " 1"));
}

std::string any_token() {
  return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'Z', '7', '-', '.', '_', '!')));
}

SdpAttributes any_attributes() {
  SdpAttributes out;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i)
    out.push_back(
        {any_token(), *rc::gen::container<std::string>(rc::gen::element('a', ' ', ':', '=', '/', '\xc3', '9'))});
  return out;
}

TEST(Sdp, WhatIsWrittenIsReadBackAsTheSameValue) {
  EXPECT_TRUE(rc::check([] {
    SdpSession session{.origin = "- 7 1 IN IP4 0.0.0.0", .name = any_token(), .attributes = any_attributes()};
    const auto count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) {
      SdpMedia media{.kind = any_token(), .port = *rc::gen::arbitrary<std::uint16_t>(), .protocol = any_token()};
      media.formats = {any_token(), any_token()};
      if (*rc::gen::arbitrary<bool>()) media.connection = "IN IP6 ::";
      media.attributes = any_attributes();
      session.media.push_back(std::move(media));
    }
    const auto read = parse_sdp(write_sdp(session));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == session);
    const auto fragment = parse_sdp_fragment(write_sdp_fragment(session));
    RC_ASSERT(fragment.has_value() == !write_sdp_fragment(session).empty());
    RC_ASSERT(!fragment || fragment->media == session.media);
  }));
}

TEST(SdpAttributes, ReadsTheFormsThatRfcsGive) {
  const auto map = parse_rtpmap("111 opus/48000/2");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->payload_type, 111);
  EXPECT_EQ(map->encoding, "opus");
  EXPECT_EQ(map->clock_rate, 48000u);
  EXPECT_EQ(map->channels, 2u);
  EXPECT_EQ(parse_rtpmap("96 VP8/90000")->channels, 1u);
  for (const auto bad :
       {"", "96", "128 VP8/90000", "96 VP8", "96 /90000", "96 VP8/x", "-1 VP8/90000", "96 opus/48000/"})
    EXPECT_FALSE(parse_rtpmap(bad)) << bad;

  EXPECT_EQ(parse_fmtp("97 apt=96")->parameters, "apt=96");
  EXPECT_FALSE(parse_fmtp("apt=96"));
  EXPECT_EQ(fmtp_parameter("minptime=10; UseInbandFec=1 ;x", "useinbandfec"), "1");
  EXPECT_EQ(fmtp_parameter("a=1;x", "x"), "");
  EXPECT_FALSE(fmtp_parameter("a=1", "b"));

  EXPECT_FALSE(parse_rtcp_feedback("* nack")->payload_type);
  EXPECT_EQ(parse_rtcp_feedback("96 nack pli")->kind, "nack pli");
  EXPECT_FALSE(parse_rtcp_feedback("300 nack"));

  EXPECT_EQ(parse_extmap("2/recvonly urn:x")->direction, SdpDirection::recvonly);
  EXPECT_EQ(parse_extmap("255 urn:x attributes")->uri, "urn:x");
  EXPECT_TRUE(parse_extmap("4096 urn:x"));
  for (const auto bad : {"0 urn:x", "256 urn:x", "4352 urn:x", "1", "1/sideways urn:x", "x urn:x"})
    EXPECT_FALSE(parse_extmap(bad)) << bad;

  EXPECT_EQ(parse_ssrc("4294967295 cname:a:b")->value, "a:b");
  EXPECT_FALSE(parse_ssrc("4294967296 cname:a"));
}

TEST(SdpAttributes, CandidatesOfOursAreReadBackWithFallingPriority) {
  const SocketAddress v4{*IpAddress::parse("192.0.2.1"), 8443};
  const SocketAddress v6{*IpAddress::parse("2001:db8::1"), 8443};
  EXPECT_EQ(write_host_candidate({v4}, 0), "1 1 udp 2130706431 192.0.2.1 8443 typ host");
  EXPECT_EQ(parse_udp_candidate(write_host_candidate({v4}, 0)), v4);
  EXPECT_EQ(parse_udp_candidate(write_host_candidate({v6}, 1)), v6);
  const auto tcp = write_host_candidate({v4, Protocol::tcp}, 1);
  EXPECT_EQ(tcp, "2 1 tcp 1520434943 192.0.2.1 8443 typ host tcptype passive");
  EXPECT_EQ(parse_udp_candidate(tcp), std::nullopt);
  EXPECT_FALSE(parse_udp_candidate("0 1 UDP 2122187007 b1e55b9f.local 54719 typ host"));
  EXPECT_FALSE(parse_udp_candidate("1 1 tcp 1518214911 192.0.2.2 9 typ host tcptype active"));
  EXPECT_FALSE(parse_udp_candidate("1 2 udp 1518214911 192.0.2.2 9 typ host"));
  EXPECT_FALSE(parse_udp_candidate(""));
}

TEST(SdpAttributes, RidIsAnIdADirectionAndRestrictions) {
  const auto rid = parse_rid("h send pt=96,97;max-width=1280");
  ASSERT_TRUE(rid);
  EXPECT_EQ(rid->id, "h");
  EXPECT_EQ(rid->direction, RidDirection::send);
  EXPECT_EQ(rid->restrictions, "pt=96,97;max-width=1280");
  EXPECT_EQ(parse_rid("h recv")->direction, RidDirection::recv);
  for (const auto* bad : {"", "h", "h both", " send", "h/ send", "abcdefghijklmnopq send"})
    EXPECT_FALSE(parse_rid(bad));
}

TEST(SdpAttributes, SimulcastIsAListForOneOrBothDirections) {
  const auto both = parse_simulcast("recv a;b send l,x;~m");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->send, "l,x;~m");
  EXPECT_EQ(both->recv, "a;b");
  EXPECT_EQ(parse_simulcast("send l")->recv, "");
  for (const auto* bad : {"", "l;m", "send", "send l recv", "send l send m", "send l m"})
    EXPECT_FALSE(parse_simulcast(bad));
}

TEST(SdpAttributes, TakeUntilGivesPartsAndAtTheEndNothing) {
  std::string_view rest = "a;;b";
  EXPECT_EQ(take_until(rest, ';'), "a");
  EXPECT_EQ(take_until(rest, ';'), "");
  EXPECT_EQ(take_until(rest, ';'), "b");
  EXPECT_EQ(rest, "");
  EXPECT_EQ(take_until(rest, ';'), "");
}

}  // namespace
}  // namespace bridgehall::wire
