#include "session/negotiation.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "session/remote_description.h"
#include "wire/sdp.h"
#include "wire/sdp_attributes.h"

namespace bridgehall::session {
namespace {

using testing::HasSubstr;
using testing::Not;
using wire::Codec;
using wire::ExtensionKind;
using wire::MediaKind;

std::string read_offer(const std::string& name) {
  std::ifstream file("src/session/testdata/" + name + ".sdp", std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

LocalEnd local_end() {
  LocalEnd local;
  local.credentials = {"ServUfrg", "ServerPasswordOf24Chars+"};
  local.fingerprint = {"sha-256", std::vector<std::uint8_t>(32, 0xab)};
  local.candidates = {{*IpAddress::parse("192.0.2.7"), 8443}, {*IpAddress::parse("2001:db8::7"), 8443}};
  local.session_id = "4711";
  local.cname = "bridgehall";
  return local;
}

ViewTerms vp8_and_opus() {
  return {{{.codec = Codec::opus, .ssrc = Ssrc{11}, .stream_id = "stage", .track_id = "voice"},
           {.codec = Codec::vp8, .ssrc = Ssrc{21}, .rtx_ssrc = Ssrc{22}, .stream_id = "stage", .track_id = "picture"}}};
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  EXPECT_NE(text.find(what), std::string::npos) << what;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

std::string without_lines(const std::string& text, std::string_view prefix) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
    if (!std::string_view(text).substr(at).starts_with(prefix)) out.append(text, at, end - at);
    at = end;
  }
  return out;
}

wire::SdpSession parsed(const std::string& answer) {
  auto sdp = wire::parse_sdp(answer);
  EXPECT_TRUE(sdp) << (sdp ? "" : sdp.error().message);
  return sdp.value_or(wire::SdpSession{});
}

// What holds for every answer, whoever offered.
void expect_sound(const std::string& offer, const Negotiated& negotiated, std::string_view direction) {
  const auto asked = parsed(offer);
  const auto given = parsed(negotiated.answer);
  ASSERT_EQ(given.media.size(), asked.media.size());
  EXPECT_NE(wire::find_attribute(given.attributes, "ice-lite"), nullptr);
  std::string bundle = "BUNDLE";
  std::size_t with_candidates = 0;
  for (std::size_t i = 0; i < given.media.size(); ++i) {
    const auto& media = given.media[i];
    EXPECT_EQ(media.kind, asked.media[i].kind);
    EXPECT_EQ(media.protocol, asked.media[i].protocol);
    for (const auto& format : media.formats)
      EXPECT_NE(std::find(asked.media[i].formats.begin(), asked.media[i].formats.end(), format),
                asked.media[i].formats.end());
    if (media.port == 0) continue;
    bundle += " " + *wire::find_attribute(media.attributes, "mid");
    EXPECT_EQ(*wire::find_attribute(media.attributes, "setup"), "passive");
    EXPECT_NE(wire::find_attribute(media.attributes, "rtcp-mux"), nullptr);
    EXPECT_NE(wire::find_attribute(media.attributes, direction), nullptr);
    with_candidates += wire::find_attribute(media.attributes, "end-of-candidates") != nullptr;
  }
  EXPECT_EQ(*wire::find_attribute(given.attributes, "group"), bundle);
  EXPECT_EQ(with_candidates, 1u);
}

struct Client {
  std::string name;
  std::uint8_t audio_payload_type, video_payload_type, rtx_payload_type;
  bool feeds_back = true;  // about transport-wide sequence numbers
};
class RealPublisher : public testing::TestWithParam<Client> {};

TEST_P(RealPublisher, IsAnsweredWithOpusAndVp8) {
  const auto& client = GetParam();
  const auto offer = read_offer(client.name);
  const auto negotiated = answer_publisher(offer, {}, local_end());
  ASSERT_TRUE(negotiated) << negotiated.error().message;
  expect_sound(offer, *negotiated, "recvonly");
  ASSERT_EQ(negotiated->tracks.size(), 2u);
  for (const auto& track : negotiated->tracks) {
    const bool video = track.kind == MediaKind::video;
    EXPECT_EQ(track.codec.codec, video ? Codec::vp8 : Codec::opus);
    EXPECT_EQ(track.codec.payload_type, video ? client.video_payload_type : client.audio_payload_type);
    EXPECT_EQ(track.codec.rtx_payload_type, video ? client.rtx_payload_type : 0);
    if (video) {
      EXPECT_TRUE(track.codec.pli);
    }
  }
  EXPECT_EQ(negotiated->remote_fingerprint.algorithm, "sha-256");
  EXPECT_THAT(negotiated->answer, Not(HasSubstr("goog-remb")));
  const bool simulcast = client.name.ends_with("_simulcast");
  EXPECT_EQ(negotiated->tracks[1].rids,
            simulcast ? std::vector<std::string>({"q", "h", "f"}) : std::vector<std::string>{});
  EXPECT_EQ(negotiated->answer.find("simulcast") != std::string::npos, simulcast);
  EXPECT_THAT(negotiated->answer, Not(HasSubstr("red/")));
}

INSTANTIATE_TEST_SUITE_P(
    Table, RealPublisher,
    testing::Values(Client{"chromium_publisher", 111, 96, 97}, Client{"chromium_simulcast", 111, 96, 97},
                    Client{"firefox_publisher", 109, 120, 124}, Client{"firefox_simulcast", 109, 120, 124},
                    Client{"aiortc_publisher", 96, 97, 98}, Client{"gstreamer_publisher", 97, 96, 0}),
    [](const auto& test) { return test.param.name; });

class RealViewer : public testing::TestWithParam<Client> {};

TEST_P(RealViewer, IsAnsweredWithTheSourcesOfThePublisher) {
  const auto& client = GetParam();
  const auto offer = read_offer(client.name);
  const auto negotiated = answer_viewer(offer, vp8_and_opus(), local_end());
  ASSERT_TRUE(negotiated) << negotiated.error().message;
  expect_sound(offer, *negotiated, "sendonly");
  ASSERT_EQ(negotiated->tracks.size(), 2u);
  EXPECT_EQ(negotiated->tracks[0].codec.payload_type, client.audio_payload_type);
  EXPECT_EQ(negotiated->tracks[1].codec.payload_type, client.video_payload_type);
  EXPECT_EQ(negotiated->tracks[1].codec.rtx_payload_type, client.rtx_payload_type);
  EXPECT_THAT(negotiated->answer, HasSubstr("a=msid:stage picture\r\n"));
  EXPECT_THAT(negotiated->answer,
              HasSubstr("a=ssrc-group:FID 21 22\r\na=ssrc:21 cname:bridgehall\r\na=ssrc:22 cname:bridgehall\r\n"));
  for (const auto& track : negotiated->tracks) {
    EXPECT_EQ(track.codec.transport_cc, client.feeds_back);
    EXPECT_EQ(track.extensions[ExtensionKind::transport_sequence] != 0, client.feeds_back);
  }
  EXPECT_THAT(negotiated->answer, Not(HasSubstr("sdes:mid")));
  EXPECT_THAT(negotiated->answer, Not(HasSubstr("abs-send-time")));
}

INSTANTIATE_TEST_SUITE_P(Table, RealViewer,
                         testing::Values(Client{"chromium_viewer", 111, 96, 97},
                                         Client{"firefox_viewer", 109, 120, 124},
                                         Client{"aiortc_viewer", 96, 97, 98, false}),
                         [](const auto& test) { return test.param.name; });

TEST(Negotiation, ChromiumIsAnsweredLineForLine) {
  const auto negotiated = answer_publisher(read_offer("chromium_publisher"), {}, local_end());
  ASSERT_TRUE(negotiated);
  const auto fingerprint = local_end().fingerprint.to_sdp();
  EXPECT_EQ(
      negotiated->answer,
      replaced(
          "v=0\r\no=- 4711 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE 0 "
          "1\r\na=extmap-allow-mixed\r\n"
          "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=ice-ufrag:ServUfrg\r\n"
          "a=ice-pwd:ServerPasswordOf24Chars+\r\na=ice-options:trickle\r\na=fingerprint:FP\r\na=setup:passive\r\na="
          "rtcp-mux\r\n"
          "a=rtcp-rsize\r\na=candidate:1 1 udp 2130706431 192.0.2.7 8443 typ host\r\n"
          "a=candidate:2 1 udp 2130706175 2001:db8::7 8443 typ host\r\na=end-of-candidates\r\na=rtpmap:111 "
          "opus/48000/2\r\n"
          "a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtcp-fb:111 transport-cc\r\n"
          "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
          "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
          "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
          "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=ice-ufrag:ServUfrg\r\n"
          "a=ice-pwd:ServerPasswordOf24Chars+\r\na=ice-options:trickle\r\na=fingerprint:FP\r\na=setup:passive\r\na="
          "rtcp-mux\r\n"
          "a=rtcp-rsize\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 "
          "nack\r\n"
          "a=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=extmap:13 "
          "urn:3gpp:video-orientation\r\n"
          "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
          "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
          "FP", fingerprint));
}

TEST(Negotiation, AnnouncedSourcesAreFoundWithTheirRetransmissions) {
  const auto chromium = answer_publisher(read_offer("chromium_publisher"), {}, local_end());
  ASSERT_TRUE(chromium);
  EXPECT_EQ(chromium->tracks[0].remote_ssrc, Ssrc{427484563});
  EXPECT_EQ(chromium->tracks[1].remote_ssrc, Ssrc{1028764557});
  EXPECT_EQ(chromium->tracks[1].remote_rtx_ssrc, Ssrc{3222442455});
  EXPECT_EQ(chromium->remote_credentials, (IceCredentials{"kMDe", "g0QWjAtdYvEV/vDHjUrNI4Ku"}));
  const auto firefox = answer_publisher(without_lines(read_offer("firefox_simulcast"), "a=simulcast"), {}, local_end());
  ASSERT_TRUE(firefox);
  EXPECT_EQ(firefox->tracks[1].remote_ssrc, Ssrc{3961634175});
  EXPECT_EQ(firefox->tracks[1].remote_rtx_ssrc, Ssrc{4009288032});
}

TEST(Negotiation, TheSourcesOfSimulcastAreFoundByRidAlone) {
  const auto firefox = answer_publisher(read_offer("firefox_simulcast"), {}, local_end());
  ASSERT_TRUE(firefox);
  EXPECT_EQ(firefox->tracks[1].remote_ssrc, Ssrc{});
  EXPECT_EQ(firefox->tracks[1].remote_rtx_ssrc, Ssrc{});
}

TEST(Negotiation, OfSeveralSourcesTheFirstOfTheSimulcastGroupIsTaken) {
  const auto offer = replaced(read_offer("chromium_publisher"), "a=ssrc-group:FID 1028764557 3222442455",
                              "a=ssrc-group:SIM 77 78\r\na=ssrc-group:FID 78 88\r\na=ssrc-group:FID 77 87");
  const auto negotiated = answer_publisher(offer, {}, local_end());
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->tracks[1].remote_ssrc, Ssrc{77});
  EXPECT_EQ(negotiated->tracks[1].remote_rtx_ssrc, Ssrc{87});
}

TEST(Negotiation, ExtensionsAreThoseThatAreKnownAndWanted) {
  const auto publisher = answer_publisher(read_offer("chromium_publisher"), {}, local_end());
  ASSERT_TRUE(publisher);
  const auto& audio = publisher->tracks[0].extensions;
  EXPECT_EQ(audio[ExtensionKind::mid], 4);
  EXPECT_EQ(audio[ExtensionKind::audio_level], 1);
  EXPECT_EQ(audio[ExtensionKind::transport_sequence], 3);
  EXPECT_EQ(audio[ExtensionKind::absolute_send_time], 0);
  EXPECT_EQ(publisher->tracks[1].extensions[ExtensionKind::video_orientation], 13);
  EXPECT_EQ(publisher->tracks[1].extensions[ExtensionKind::rid], 0);
  const auto viewer = answer_viewer(read_offer("chromium_viewer"), vp8_and_opus(), local_end());
  ASSERT_TRUE(viewer);
  EXPECT_EQ(viewer->tracks[0].extensions[ExtensionKind::audio_level], 1);
  EXPECT_EQ(viewer->tracks[0].extensions[ExtensionKind::mid], 0);
  EXPECT_EQ(viewer->tracks[1].extensions[ExtensionKind::video_orientation], 13);
}

TEST(Negotiation, AnExtensionOfferedInTheOtherDirectionOnlyIsNotAnswered) {
  const auto level = "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level";
  const auto receive_only = replaced(read_offer("chromium_publisher"), level,
                                     "a=extmap:1/recvonly urn:ietf:params:rtp-hdrext:ssrc-audio-level");
  EXPECT_EQ(answer_publisher(receive_only, {}, local_end())->tracks[0].extensions[ExtensionKind::audio_level], 0);
  const auto send_only = replaced(read_offer("chromium_publisher"), level,
                                  "a=extmap:1/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level");
  EXPECT_THAT(answer_publisher(send_only, {}, local_end())->answer, HasSubstr("a=extmap:1/recvonly urn:ietf"));
}

TEST(Negotiation, CongestionFeedbackNeedsItsExtension) {
  const auto offer = without_lines(read_offer("chromium_publisher"), "a=extmap:3 ");
  const auto negotiated = answer_publisher(offer, {}, local_end());
  ASSERT_TRUE(negotiated);
  EXPECT_FALSE(negotiated->tracks[1].codec.transport_cc);
  EXPECT_THAT(negotiated->answer, Not(HasSubstr("transport-cc")));
}

TEST(Negotiation, FeedbackForAllPayloadTypesCountsAndThatOfAbsentOnesDoesNot) {
  auto offer = read_offer("gstreamer_publisher");
  offer = replaced(offer, "a=rtcp-fb:96 nack pli",
                   "a=rtcp-fb:* nack\r\na=rtcp-fb:120 goog-remb\r\na=rtcp-fb:120 nack pli\r\na=rtpmap:120 VP8/90000");
  const auto negotiated = answer_publisher(offer, {}, local_end());
  ASSERT_TRUE(negotiated);
  EXPECT_TRUE(negotiated->tracks[0].codec.nack);
  EXPECT_FALSE(negotiated->tracks[0].codec.pli);
  EXPECT_THAT(negotiated->answer, Not(HasSubstr("120")));
}

TEST(Negotiation, PublishersCodecFollowsThePreference) {
  const auto offer = read_offer("chromium_publisher");
  const auto payload_type = [&](std::vector<Codec> preference) {
    const auto negotiated = answer_publisher(offer, {std::move(preference)}, local_end());
    return negotiated ? negotiated->tracks[1].codec.payload_type : 0;
  };
  EXPECT_EQ(payload_type({Codec::vp9, Codec::vp8}), 98);  // profile 0, not 2
  EXPECT_EQ(payload_type({Codec::av1}), 45);
  EXPECT_EQ(payload_type({Codec::h264}), 108);  // constrained baseline, packetization mode 1
}

TEST(Negotiation, OpusKeepsForwardErrorCorrectionAndStereo) {
  const auto negotiated = answer_publisher(read_offer("firefox_publisher"), {}, local_end());
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->tracks[0].codec.fmtp, "useinbandfec=1;stereo=1");
}

TEST(Negotiation, ASenderThatAnnouncesStereoIsAskedForIt) {
  const auto answered = [](const std::string& fmtp) {
    const auto offer = replaced(read_offer("chromium_publisher"), "minptime=10;useinbandfec=1", fmtp);
    const auto negotiated = answer_publisher(offer, {}, local_end());
    EXPECT_THAT(negotiated->answer, HasSubstr("a=fmtp:111 " + negotiated->tracks[0].codec.fmtp + "\r\n"));
    return negotiated->tracks[0].codec.fmtp;
  };
  const std::string before = "minptime=10;useinbandfec=1", stereo = before + ";stereo=1;maxaveragebitrate=96000";
  EXPECT_EQ(answered(before + ";stereo=1;sprop-stereo=1"), stereo);
  EXPECT_EQ(answered(before + ";sprop-stereo=1"), stereo);
  EXPECT_EQ(answered(before + ";stereo=0; sprop-stereo=1"), stereo) << "it hears in mono and sends in stereo";
  EXPECT_EQ(answered("sprop-stereo=1"), "stereo=1;maxaveragebitrate=96000");
  EXPECT_EQ(answered(before + ";sprop-stereo=0"), before);
  EXPECT_EQ(answered(before + ";stereo=1"), before + ";stereo=1") << "what it would like to receive";
}

TEST(Negotiation, WhoeverListensInStereoIsAnsweredSo) {
  const auto offer =
      replaced(read_offer("chromium_viewer"), "minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1;stereo=1");
  ViewTerms terms{{{.codec = Codec::opus, .ssrc = Ssrc{1}}}};
  const auto negotiated = answer_viewer(offer, terms, local_end());
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->tracks[0].codec.fmtp, "minptime=10;useinbandfec=1;stereo=1");
}

TEST(Negotiation, ViewersH264MustHaveTheProfileAndPacketizationOfThePublisher) {
  const auto offer = read_offer("chromium_viewer");
  const auto payload_type = [&](std::string fmtp) {
    ViewTerms terms{{{.codec = Codec::h264, .fmtp = std::move(fmtp), .ssrc = Ssrc{1}}}};
    const auto negotiated = answer_viewer(offer, terms, local_end());
    return negotiated ? negotiated->tracks[0].codec.payload_type : 0;
  };
  EXPECT_EQ(payload_type("packetization-mode=1;profile-level-id=42e01f"), 108);
  EXPECT_EQ(payload_type("packetization-mode=1;profile-level-id=4d8028"), 108);  // constrained baseline by another name
  EXPECT_EQ(payload_type("packetization-mode=0;profile-level-id=42e01f"), 114);
  EXPECT_EQ(payload_type("packetization-mode=1;profile-level-id=420028"), 102);
  EXPECT_EQ(payload_type("packetization-mode=1;profile-level-id=4d0028"), 116);
  EXPECT_EQ(payload_type(""), 104);                                            // RFC 6184: baseline, mode 0
  EXPECT_EQ(payload_type("packetization-mode=1;profile-level-id=64000c"), 0);  // high is not offered
}

TEST(Negotiation, ViewersVp9AndAv1MustHaveTheProfileOfThePublisher) {
  const auto offer = read_offer("chromium_viewer");
  const auto payload_type = [&](Codec codec, std::string fmtp) {
    const auto negotiated =
        answer_viewer(offer, {{{.codec = codec, .fmtp = std::move(fmtp), .ssrc = Ssrc{1}}}}, local_end());
    return negotiated ? negotiated->tracks[0].codec.payload_type : 0;
  };
  EXPECT_EQ(payload_type(Codec::vp9, ""), 98);
  EXPECT_EQ(payload_type(Codec::vp9, "profile-id=2"), 100);
  EXPECT_EQ(payload_type(Codec::vp9, "profile-id=7"), 0);
  EXPECT_EQ(payload_type(Codec::av1, "profile=1"), 47);
}

TEST(Negotiation, AudioOnlyIsFine) {
  for (const auto* name : {"chromium_audio_only", "firefox_audio_only"}) {
    const auto offer = read_offer(name);
    const auto negotiated = answer_publisher(offer, {}, local_end());
    ASSERT_TRUE(negotiated) << negotiated.error().message;
    expect_sound(offer, *negotiated, "recvonly");
    EXPECT_EQ(negotiated->tracks.size(), 1u);
  }
}

TEST(Negotiation, WhatIsNotWantedIsAnsweredWithPortZeroAndLeftOutOfTheBundle) {
  auto offer = read_offer("chromium_publisher");
  offer = replaced(offer, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0 1 2 3");
  offer += "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";
  offer += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:3\r\na=sctp-port:5000\r\n";
  const auto negotiated = answer_publisher(offer, {}, local_end());
  ASSERT_TRUE(negotiated) << negotiated.error().message;
  expect_sound(offer, *negotiated, "recvonly");
  EXPECT_THAT(negotiated->answer, HasSubstr("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"));
  EXPECT_THAT(negotiated->answer, HasSubstr("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
  EXPECT_THAT(negotiated->answer, HasSubstr("a=group:BUNDLE 0 1\r\n"));
}

TEST(Negotiation, TheTransportIsThatOfTheFirstAcceptedMidOfTheGroup) {
  auto offer = replaced(read_offer("aiortc_publisher"), "a=group:BUNDLE 0 1", "a=group:BUNDLE 1 0");
  auto negotiated = answer_publisher(offer, {}, local_end());
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->remote_credentials.ufrag, "pojL");
  EXPECT_THAT(negotiated->answer, HasSubstr("a=group:BUNDLE 1 0\r\n"));
}

TEST(Negotiation, AViewerWithoutOneKindGetsTheOther) {
  const auto offer = read_offer("chromium_audio_only");
  const auto negotiated = answer_viewer(replaced(offer, "a=sendonly", "a=recvonly"), vp8_and_opus(), local_end());
  ASSERT_TRUE(negotiated);
  ASSERT_EQ(negotiated->tracks.size(), 1u);
  EXPECT_EQ(negotiated->tracks[0].kind, MediaKind::audio);
}

TEST(Negotiation, WithoutARetransmissionSourceNoneIsAnswered) {
  auto terms = vp8_and_opus();
  terms.sources[1].rtx_ssrc = {};
  const auto negotiated = answer_viewer(read_offer("chromium_viewer"), terms, local_end());
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->tracks[1].codec.rtx_payload_type, 0);
  EXPECT_THAT(negotiated->answer, Not(HasSubstr("rtx")));
  EXPECT_THAT(negotiated->answer, Not(HasSubstr("FID")));
}

TEST(Negotiation, MixedExtensionFormsAreAnsweredWhereTheyWereOffered) {
  EXPECT_THAT(answer_viewer(read_offer("chromium_viewer"), vp8_and_opus(), local_end())->answer,
              HasSubstr("a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\n"));
  const auto firefox = parsed(answer_viewer(read_offer("firefox_viewer"), vp8_and_opus(), local_end())->answer);
  EXPECT_EQ(wire::find_attribute(firefox.attributes, "extmap-allow-mixed"), nullptr);
  EXPECT_NE(wire::find_attribute(firefox.media[0].attributes, "extmap-allow-mixed"), nullptr);
  EXPECT_THAT(answer_publisher(read_offer("gstreamer_publisher"), {}, local_end())->answer,
              Not(HasSubstr("allow-mixed")));
}

struct RefusalCase {
  std::string name;
  std::function<std::string(std::string)> change;
  Refusal refusal;
  std::string field;
};
class PublisherRefusal : public testing::TestWithParam<RefusalCase> {};

TEST_P(PublisherRefusal, SaysWhatAndWhere) {
  const auto negotiated = answer_publisher(GetParam().change(read_offer("chromium_publisher")), {}, local_end());
  ASSERT_FALSE(negotiated);
  EXPECT_EQ(negotiated.error().refusal, GetParam().refusal) << negotiated.error().message;
  EXPECT_THAT(negotiated.error().field, HasSubstr(GetParam().field));
  EXPECT_TRUE(negotiated.error().message.ends_with('.')) << negotiated.error().message;
}

auto replace(std::string what, std::string with) {
  return [=](const std::string& offer) { return replaced(offer, what, with); };
}
auto remove_lines(std::string prefix) {
  return [=](const std::string& offer) { return without_lines(offer, prefix); };
}

INSTANTIATE_TEST_SUITE_P(
    Table, PublisherRefusal,
    testing::Values(
        RefusalCase{"empty", [](const std::string&) { return std::string(); }, Refusal::malformed, "line 0"},
        RefusalCase{"html", [](const std::string&) { return std::string("<html>"); }, Refusal::malformed, "line 1"},
        RefusalCase{"fingerprint_missing", remove_lines("a=fingerprint"), Refusal::no_fingerprint, "a=fingerprint"},
        RefusalCase{"fingerprint_of_weak_hash", replace("a=fingerprint:sha-256", "a=fingerprint:md5"),
                    Refusal::no_fingerprint, "a=fingerprint"},
        RefusalCase{"no_bundle", remove_lines("a=group"), Refusal::no_bundle, "a=group"},
        RefusalCase{"other_group", replace("a=group:BUNDLE", "a=group:LS"), Refusal::no_bundle, "a=group"},
        RefusalCase{"m_line_outside_bundle", replace("BUNDLE 0 1", "BUNDLE 0"), Refusal::no_bundle, "m=video (mid 1)"},
        RefusalCase{"bundle_names_nobody", replace("BUNDLE 0 1", "BUNDLE 0 1 2"), Refusal::malformed, "a=group"},
        RefusalCase{"bundle_names_twice", replace("BUNDLE 0 1", "BUNDLE 0 1 1"), Refusal::malformed, "a=group"},
        RefusalCase{"no_ufrag", remove_lines("a=ice-ufrag"), Refusal::no_ice, "a=ice-ufrag"},
        RefusalCase{"no_ice", [](const std::string& o) { return without_lines(o, "a=ice-"); }, Refusal::no_ice,
                    "a=ice-ufrag"},
        RefusalCase{"short_ufrag", replace("a=ice-ufrag:kMDe", "a=ice-ufrag:abc"), Refusal::no_ice, "a=ice-ufrag"},
        RefusalCase{"ufrag_not_ice_chars", replace("a=ice-ufrag:kMDe", "a=ice-ufrag:ab:cd"), Refusal::no_ice,
                    "a=ice-ufrag"},
        RefusalCase{"short_password", replace("g0QWjAtdYvEV/vDHjUrNI4Ku", "short"), Refusal::no_ice, "a=ice-pwd"},
        RefusalCase{"setup_passive", replace("setup:actpass", "setup:passive"), Refusal::malformed, "a=setup"},
        RefusalCase{"setup_holdconn", replace("setup:actpass", "setup:holdconn"), Refusal::malformed, "a=setup"},
        RefusalCase{"same_mid_twice", replace("a=mid:1", "a=mid:0"), Refusal::malformed, "m=video (mid 0)"},
        RefusalCase{"mid_no_token", replace("a=mid:1", "a=mid:1 2"), Refusal::malformed, "m=video"},
        RefusalCase{"no_rtcp_mux", remove_lines("a=rtcp-mux"), Refusal::malformed, "m=audio (mid 0)"},
        RefusalCase{"payload_type_of_128", replace("SAVPF 96 97", "SAVPF 96 128"), Refusal::malformed,
                    "m=video (mid 1)"},
        RefusalCase{"payload_type_no_number", replace("SAVPF 96 97", "SAVPF 96 x"), Refusal::malformed,
                    "m=video (mid 1)"},
        RefusalCase{"payload_type_twice", replace("SAVPF 96 97", "SAVPF 96 96"), Refusal::malformed, "m=video (mid 1)"},
        RefusalCase{"two_rtpmaps", replace("a=rtpmap:97 rtx/90000", "a=rtpmap:96 VP9/90000"), Refusal::malformed,
                    "m=video (mid 1)"},
        RefusalCase{"rtpmap_unreadable", replace("a=rtpmap:97 rtx/90000", "a=rtpmap:97"), Refusal::malformed,
                    "m=video (mid 1)"},
        RefusalCase{"extension_id_twice", replace("a=extmap:14 ", "a=extmap:2 "), Refusal::malformed,
                    "m=video (mid 1)"},
        RefusalCase{"extension_id_zero", replace("a=extmap:14 ", "a=extmap:0 "), Refusal::malformed, "m=video (mid 1)"},
        RefusalCase{"extension_id_across_m_lines", replace("a=extmap:13 ", "a=extmap:1 "), Refusal::malformed,
                    "a=extmap"},
        RefusalCase{"payload_type_across_m_lines",
                    [](const std::string& o) { return replaced(replaced(o, " 111", " 96"), ":111 ", ":96 "); },
                    Refusal::malformed, "m="},
        RefusalCase{"ssrc_of_two_streams", replace("1028764557", "427484563"), Refusal::malformed, "a=ssrc"},
        RefusalCase{"ssrc_too_large", replace("a=ssrc:1028764557", "a=ssrc:4294967296"), Refusal::malformed,
                    "m=video (mid 1)"},
        RefusalCase{"nothing_sent", replace("a=sendonly", "a=recvonly"), Refusal::no_usable_media, "m="},
        RefusalCase{"nothing_active", replace("a=sendonly", "a=inactive"), Refusal::no_usable_media, "m="},
        RefusalCase{"audio_codec_unknown", replace("opus/48000/2", "speex/16000"), Refusal::no_common_codec,
                    "m=audio (mid 0)"},
        RefusalCase{"audio_codec_mono", replace("opus/48000/2", "opus/48000"), Refusal::no_common_codec,
                    "m=audio (mid 0)"},
        RefusalCase{"video_codecs_unknown",
                    [](const std::string& o) {
                      return replaced(
                          replaced(replaced(replaced(o, " VP8/", " H261/"), " VP9/", " H262/"), " H264/", " H265/"),
                          " AV1/", " MPV/");
                    },
                    Refusal::no_common_codec, "m=video (mid 1)"}),
    [](const auto& test) { return test.param.name; });

TEST(ViewerRefusal, SaysWhatIsMissing) {
  const auto refusal = [](const std::string& offer, const ViewTerms& terms) {
    const auto negotiated = answer_viewer(offer, terms, local_end());
    EXPECT_FALSE(negotiated);
    return negotiated ? NegotiationError{} : negotiated.error();
  };
  const auto firefox = read_offer("firefox_viewer");
  const auto h264 = refusal(firefox, {{{.codec = Codec::h264, .ssrc = Ssrc{1}}}});
  EXPECT_EQ(h264.refusal, Refusal::no_common_codec);
  EXPECT_EQ(h264.field, "m=video (mid 1)");
  EXPECT_EQ(refusal(read_offer("chromium_publisher"), vp8_and_opus()).refusal, Refusal::no_usable_media);
  EXPECT_EQ(refusal(firefox, {}).refusal, Refusal::no_usable_media);
}

TEST(NegotiationProperty, AnyDamagedOfferIsRefusedOrAnsweredLineForLine) {
  std::vector<std::string> offers;
  for (const auto* name : {"chromium_publisher", "chromium_viewer", "chromium_simulcast", "firefox_publisher",
                           "firefox_viewer", "firefox_participant", "aiortc_publisher", "gstreamer_publisher"})
    offers.push_back(read_offer(name));
  const ParticipantTerms participant{.sends = {"0", "1"},
                                     .slots = {{.mid = "6", .ssrc = Ssrc{7}, .rtx_ssrc = Ssrc{8}}}};
  EXPECT_TRUE(rc::check([&] {
    auto lines = *rc::gen::map(rc::gen::elementOf(offers), [](const std::string& text) {
      std::vector<std::string> out;
      for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at) + 1;
        out.push_back(text.substr(at, end - at));
        at = end;
      }
      return out;
    });
    const auto edits = *rc::gen::inRange(1, 8);
    for (int i = 0; i < edits && !lines.empty(); ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, lines.size());
      const auto other = *rc::gen::inRange<std::size_t>(0, lines.size());
      auto& line = lines[at];
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        case 1:
          lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(other), std::string(line));
          break;
        case 2:
          std::swap(line, lines[other]);
          break;
        default:
          line[*rc::gen::inRange<std::size_t>(0, line.size())] = *rc::gen::arbitrary<char>();
          break;
      }
    }
    std::string offer;
    for (const auto& line : lines) offer += line;
    const auto check = [&](const auto& negotiated) {
      if (!negotiated) {
        RC_ASSERT(!negotiated.error().message.empty());
        return;
      }
      const auto asked = wire::parse_sdp(offer);
      const auto given = wire::parse_sdp(negotiated->answer);
      RC_ASSERT(asked.has_value());
      RC_ASSERT(given.has_value());
      RC_ASSERT(asked->media.size() == given->media.size());
      RC_ASSERT(!negotiated->tracks.empty());
    };
    check(answer_publisher(offer, {}, local_end()));
    check(answer_viewer(offer, vp8_and_opus(), local_end()));
    check(answer_participant(offer, participant, local_end()));
  }));
}

TEST(IceFragment, ARestartIsReadWithItsCandidates) {
  const auto fragment = parse_ice_fragment(
      "a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF "
      "0\r\na=mid:0\r\n"
      "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=candidate:3471623853 1 udp 2122194687 "
      "198.51.100.2 61765 typ host\r\n"
      "a=end-of-candidates\r\n");
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->credentials, (IceCredentials{"ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k"}));
  EXPECT_EQ(fragment->candidates, 2u);
  EXPECT_TRUE(fragment->end_of_candidates);
}

TEST(IceFragment, CredentialsMayStandInTheMediaSectionOrBeAbsent) {
  const auto inside =
      parse_ice_fragment("m=audio 9 RTP/AVP 0\na=mid:0\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n");
  ASSERT_TRUE(inside);
  EXPECT_TRUE(inside->credentials);
  const auto none = parse_ice_fragment("m=audio 9 RTP/AVP 0\na=mid:0\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\n");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->credentials);
  EXPECT_FALSE(none->end_of_candidates);
}

TEST(IceFragment, ARestartOfThirtyMLinesMayRepeatItsCredentialsInEach) {
  std::string text = "a=group:BUNDLE 0";
  for (int mid = 1; mid < 30; ++mid) text += fmt::format(" {}", mid);
  text += "\r\n";
  for (int mid = 0; mid < 30; ++mid)
    text += fmt::format(
        "m={} 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{}\r\na=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n",
        mid == 0 ? "audio" : "video", mid);
  const auto fragment = parse_ice_fragment(text);
  ASSERT_TRUE(fragment) << fragment.error().message;
  EXPECT_EQ(fragment->credentials, (IceCredentials{"ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k"}));
}

TEST(IceFragment, HalfOrUnfitCredentialsAreRefused) {
  EXPECT_EQ(parse_ice_fragment("").error().refusal, Refusal::malformed);
  EXPECT_EQ(parse_ice_fragment("hello").error().refusal, Refusal::malformed);
  EXPECT_EQ(parse_ice_fragment("a=ice-ufrag:abcd\n").error().refusal, Refusal::no_ice);
  EXPECT_EQ(parse_ice_fragment("a=ice-ufrag:abcd\na=ice-pwd:short\n").error().refusal, Refusal::no_ice);
}

TEST(IceFragment, OursIsReadBack) {
  const auto local = local_end();
  const auto text = make_ice_fragment(local.credentials, local.candidates, "video0");
  EXPECT_THAT(text, HasSubstr("a=mid:video0\r\n"));
  const auto fragment = parse_ice_fragment(text);
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->credentials, local.credentials);
  EXPECT_EQ(fragment->candidates, 2u);
  EXPECT_TRUE(fragment->end_of_candidates);
}

}  // namespace
}  // namespace bridgehall::session
