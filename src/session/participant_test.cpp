#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/negotiation.h"
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
  std::ifstream file("src/session/testdata/" + name + "_participant.sdp", std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  EXPECT_NE(text.find(what), std::string::npos) << what;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

LocalEnd local_end() {
  return {{"ServUfrg", "ServerPasswordOf24Chars+"},
          {"sha-256", std::vector<std::uint8_t>(32, 0xab)},
          {{IpAddress::v4(192, 0, 2, 7), 8443}},
          "4711",
          "bridgehall"};
}

// As the captured offers have it: microphone, camera with rids, slides; three voices, eleven pictures.
ParticipantTerms all_of_it() {
  ParticipantTerms terms;
  terms.sends = {"0", "1", "2"};
  for (std::uint32_t mid = 3; mid < 17; ++mid) {
    const bool stage = mid == 3 || mid == 6;
    terms.slots.push_back({.mid = fmt::to_string(mid),
                           .ssrc = Ssrc{1000 + mid},
                           .rtx_ssrc = mid < 6 ? Ssrc{} : Ssrc{2000 + mid},
                           .stream_id = stage ? "stage" : fmt::format("slot{}", mid),
                           .track_id = fmt::format("track{}", mid)});
  }
  return terms;
}

NegotiatedParticipant answered(const std::string& offer, const ParticipantTerms& terms = all_of_it()) {
  auto negotiated = answer_participant(offer, terms, local_end());
  EXPECT_TRUE(negotiated) << negotiated.error().field << ": " << negotiated.error().message;
  return negotiated ? std::move(*negotiated) : NegotiatedParticipant{};
}

wire::SdpSession parsed(const std::string& text) {
  auto sdp = wire::parse_sdp(text);
  EXPECT_TRUE(sdp) << sdp.error().message;
  return sdp.value_or(wire::SdpSession{});
}

struct Browser {
  std::string name;
  std::uint8_t vp8, rtx;
  std::vector<Codec> decodes;
};
class RealParticipant : public testing::TestWithParam<Browser> {};

TEST_P(RealParticipant, SendsThreeTracksOfWhichOneIsSimulcast) {
  const auto negotiated = answered(read_offer(GetParam().name));
  ASSERT_EQ(negotiated.tracks.size(), 3u);
  EXPECT_EQ(negotiated.first_mid, "0");
  const auto& [microphone, camera, slides] = std::tie(negotiated.tracks[0], negotiated.tracks[1], negotiated.tracks[2]);
  EXPECT_EQ(microphone.codec.codec, Codec::opus);
  EXPECT_NE(microphone.extensions[ExtensionKind::audio_level], 0);
  EXPECT_TRUE(microphone.rids.empty());
  EXPECT_EQ(camera.rids, (std::vector<std::string>{"l", "m", "h"}));
  for (const auto kind : {ExtensionKind::mid, ExtensionKind::rid, ExtensionKind::repaired_rid,
                          ExtensionKind::transport_sequence, ExtensionKind::dependency_descriptor})
    EXPECT_NE(camera.extensions[kind], 0);
  EXPECT_TRUE(slides.rids.empty());
  EXPECT_EQ(slides.extensions[ExtensionKind::rid], 0);
  EXPECT_NE(slides.extensions[ExtensionKind::mid], 0);
  for (const auto* track : {&camera, &slides}) {
    EXPECT_EQ(track->codec.payload_type, GetParam().vp8);
    EXPECT_EQ(track->codec.rtx_payload_type, GetParam().rtx);
    EXPECT_TRUE(track->codec.nack && track->codec.pli && track->codec.transport_cc);
  }
  EXPECT_EQ(camera.remote_ssrc, Ssrc{});
  EXPECT_NE(slides.remote_ssrc, Ssrc{});
  const auto sdp = parsed(negotiated.answer);
  EXPECT_EQ(*wire::find_attribute(sdp.media[1].attributes, "simulcast"), "recv l;m;h");
  EXPECT_THAT(negotiated.answer, HasSubstr("a=rid:l recv\r\na=rid:m recv\r\na=rid:h recv\r\n"));
}

TEST_P(RealParticipant, GetsSlotsWithEveryCodecThatItDecodes) {
  const auto offer = read_offer(GetParam().name);
  const auto terms = all_of_it();
  const auto negotiated = answered(offer, terms);
  ASSERT_EQ(negotiated.slots.size(), terms.slots.size());
  for (std::size_t i = 0; i < terms.slots.size(); ++i) {
    const auto& slot = negotiated.slots[i];
    EXPECT_EQ(slot.mid, terms.slots[i].mid);
    EXPECT_EQ(slot.kind, i < 3 ? MediaKind::audio : MediaKind::video);
    EXPECT_NE(slot.extensions[ExtensionKind::transport_sequence], 0);
    EXPECT_EQ(slot.extensions[ExtensionKind::mid], 0);
    EXPECT_EQ(slot.extensions[ExtensionKind::absolute_send_time], 0);
    for (const auto& codec : slot.codecs) EXPECT_TRUE(codec.transport_cc);
    if (slot.kind == MediaKind::audio) {
      ASSERT_EQ(slot.codecs.size(), 1u);
      EXPECT_NE(slot.extensions[ExtensionKind::audio_level], 0);
      continue;
    }
    std::set<Codec> codecs;
    for (const auto& codec : slot.codecs) {
      codecs.insert(codec.codec);
      EXPECT_NE(codec.rtx_payload_type, 0);
    }
    EXPECT_EQ(codecs, std::set<Codec>(GetParam().decodes.begin(), GetParam().decodes.end()));
    EXPECT_EQ(slot.codec_for(Codec::vp8, "")->payload_type, GetParam().vp8);
  }
}

TEST_P(RealParticipant, IsToldItsSourcesAndWhichOfThemBelongTogether) {
  const auto negotiated = answered(read_offer(GetParam().name));
  const auto sdp = parsed(negotiated.answer);
  ASSERT_EQ(sdp.media.size(), 17u);
  EXPECT_EQ(*wire::find_attribute(sdp.attributes, "group"), "BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
  for (std::size_t i = 0; i < sdp.media.size(); ++i) {
    EXPECT_NE(sdp.media[i].port, 0);
    EXPECT_NE(wire::find_attribute(sdp.media[i].attributes, i < 3 ? "recvonly" : "sendonly"), nullptr);
    EXPECT_EQ(wire::find_attribute(sdp.media[i].attributes, "candidate") != nullptr, i == 0);
  }
  EXPECT_EQ(*wire::find_attribute(sdp.media[3].attributes, "msid"), "stage track3");
  EXPECT_EQ(*wire::find_attribute(sdp.media[6].attributes, "msid"), "stage track6");
  EXPECT_EQ(*wire::find_attribute(sdp.media[6].attributes, "ssrc-group"), "FID 1006 2006");
  EXPECT_EQ(wire::find_attribute(sdp.media[3].attributes, "ssrc-group"), nullptr);
  const bool for_the_session = wire::find_attribute(sdp.attributes, "extmap-allow-mixed") != nullptr;
  EXPECT_NE(for_the_session, wire::find_attribute(sdp.media[6].attributes, "extmap-allow-mixed") != nullptr);
}

INSTANTIATE_TEST_SUITE_P(Table, RealParticipant,
                         testing::Values(Browser{"chromium", 96, 97, {Codec::vp8, Codec::vp9, Codec::h264, Codec::av1}},
                                         Browser{"firefox", 120, 124, {Codec::vp8, Codec::vp9, Codec::av1}}),
                         [](const auto& test) { return test.param.name; });

TEST(Participant, WhatIsNotNamedIsRejectedAndTheFirstAcceptedMLineCarriesTheBundle) {
  ParticipantTerms terms;
  terms.slots = {{.mid = "7", .ssrc = Ssrc{7}, .stream_id = "s", .track_id = "v"},
                 {.mid = "4", .ssrc = Ssrc{4}, .stream_id = "s", .track_id = "a"}};
  const auto negotiated = answered(read_offer("chromium"), terms);
  EXPECT_EQ(negotiated.first_mid, "4");
  EXPECT_EQ(negotiated.slots[0].mid, "7");
  EXPECT_TRUE(negotiated.tracks.empty());
  const auto sdp = parsed(negotiated.answer);
  EXPECT_EQ(*wire::find_attribute(sdp.attributes, "group"), "BUNDLE 4 7");
  EXPECT_NE(wire::find_attribute(sdp.media[4].attributes, "candidate"), nullptr);
  EXPECT_EQ(std::count_if(sdp.media.begin(), sdp.media.end(), [](const auto& m) { return m.port != 0; }), 2);
  EXPECT_THAT(negotiated.answer, Not(HasSubstr("rtx/")));
}

TEST(Participant, PrefersTheCodecThatTheTermsPrefer) {
  auto terms = all_of_it();
  terms.video_preference = {Codec::av1, Codec::vp8};
  for (const auto& track : answered(read_offer("firefox"), terms).tracks) {
    if (track.kind == MediaKind::video) {
      EXPECT_EQ(track.codec.codec, Codec::av1);
    }
  }
}

TEST(Participant, SlotsCarryH264OnlyInAProfileThatTheClientDecodes) {
  const auto negotiated = answered(read_offer("chromium"));
  const auto& slot = negotiated.slots.back();
  EXPECT_NE(slot.codec_for(Codec::h264, "packetization-mode=1;profile-level-id=42e01f"), nullptr);
  EXPECT_EQ(slot.codec_for(Codec::h264, "packetization-mode=1;profile-level-id=7a001f"), nullptr);
  EXPECT_EQ(answered(read_offer("firefox")).slots.back().codec_for(Codec::h264, ""), nullptr);
}

TEST(Participant, NothingNamedIsRefused) {
  EXPECT_EQ(answer_participant(read_offer("chromium"), {}, local_end()).error().refusal, Refusal::no_usable_media);
}

TEST(Participant, AnOfferWhoseAnswerHasNoBoundIsRefused) {
  std::string formats, maps;
  for (int payload_type = 1; payload_type < 128; ++payload_type) {
    if (payload_type >= 64 && payload_type < 96) continue;
    formats += fmt::format(" {}", payload_type);
    maps += fmt::format("a=rtpmap:{} VP8/90000\r\n", payload_type);
  }
  const auto captured = read_offer("chromium");
  std::string offer =
      replaced(captured.substr(0, captured.find("m=")), "BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "BUNDLE");
  ParticipantTerms terms;
  for (std::uint32_t mid = 0; mid < 64; ++mid) {
    offer.insert(offer.find("BUNDLE") + 6, fmt::format(" {}", mid));
    offer += fmt::format("m=video 9 RTP/SAVPF{}\r\na=mid:{}\r\na=recvonly\r\na=rtcp-mux\r\n{}", formats, mid, maps);
    for (const auto* feedback : {"nack", "nack pli", "ccm fir"}) offer += fmt::format("a=rtcp-fb:* {}\r\n", feedback);
    for (const auto* name : {"a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup"}) {
      const auto at = captured.find(name);
      offer += captured.substr(at, captured.find('\n', at) + 1 - at);
    }
    terms.slots.push_back({.mid = fmt::to_string(mid), .ssrc = Ssrc{mid + 1}});
  }
  const auto negotiated = answer_participant(offer, terms, local_end());
  ASSERT_FALSE(negotiated);
  EXPECT_EQ(negotiated.error().refusal, Refusal::malformed);
  EXPECT_EQ(negotiated.error().message, "The answer would be longer than 400000 bytes.");
}

struct NamingCase {
  std::string name;
  std::vector<std::string> sends;
  std::vector<std::string> receives;
  Refusal refusal;
  std::string field;
};
class ParticipantRefusal : public testing::TestWithParam<NamingCase> {};

TEST_P(ParticipantRefusal, NamesTheMLine) {
  auto offer = read_offer("chromium");
  offer = replaced(offer, "a=group:BUNDLE 0", "a=group:BUNDLE 17 0");
  offer += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:17\r\na=sctp-port:5000\r\n";
  ParticipantTerms terms{.sends = GetParam().sends, .slots = {}};
  for (const auto& mid : GetParam().receives) terms.slots.push_back({.mid = mid, .ssrc = Ssrc{1}});
  const auto negotiated = answer_participant(offer, terms, local_end());
  ASSERT_FALSE(negotiated);
  EXPECT_EQ(negotiated.error().refusal, GetParam().refusal) << negotiated.error().message;
  EXPECT_EQ(negotiated.error().field, GetParam().field);
  EXPECT_TRUE(negotiated.error().message.ends_with('.'));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParticipantRefusal,
    testing::Values(NamingCase{"missing", {"0", "18"}, {}, Refusal::no_usable_media, "mid 18"},
                    NamingCase{"missing_slot", {}, {"x"}, Refusal::no_usable_media, "mid x"},
                    NamingCase{"empty", {""}, {}, Refusal::no_usable_media, "mid "},
                    NamingCase{"no_media", {"17"}, {}, Refusal::no_usable_media, "m=application (mid 17)"},
                    NamingCase{"does_not_send", {"3"}, {}, Refusal::no_usable_media, "m=audio (mid 3)"},
                    NamingCase{"does_not_receive", {}, {"1"}, Refusal::no_usable_media, "m=video (mid 1)"},
                    NamingCase{"sent_twice", {"1", "0", "1"}, {}, Refusal::malformed, "mid 1"},
                    NamingCase{"received_twice", {}, {"6", "6"}, Refusal::malformed, "mid 6"}),
    [](const auto& test) { return test.param.name; });

TEST(Participant, AnMLineBothWaysIsForOneOfThemOnly) {
  const auto offer = replaced(read_offer("chromium"), "a=sendonly", "a=sendrecv");
  ParticipantTerms terms{.sends = {"2"}, .slots = {}};
  EXPECT_TRUE(answer_participant(offer, terms, local_end()));
  terms.slots = {{.mid = "2", .ssrc = Ssrc{1}}};
  EXPECT_EQ(answer_participant(offer, terms, local_end()).error().refusal, Refusal::malformed);
}

TEST(Participant, ANamedMLineWithoutACommonCodecIsRefused) {
  const auto offer = replaced(read_offer("chromium"), "opus/48000/2", "speex/16000");
  for (const auto& terms : {ParticipantTerms{.sends = {"0"}, .slots = {}},
                            ParticipantTerms{.sends = {}, .slots = {{.mid = "3", .ssrc = Ssrc{1}}}}}) {
    const auto negotiated = answer_participant(offer, terms, local_end());
    ASSERT_FALSE(negotiated);
    EXPECT_EQ(negotiated.error().refusal, Refusal::no_common_codec);
    EXPECT_THAT(negotiated.error().field, HasSubstr("m=audio"));
  }
}

TEST(Participant, OnePayloadTypeForTwoCodecsInOneBundleIsRefused) {
  auto offer = read_offer("firefox");
  const auto last = offer.rfind("a=rtpmap:120 VP8/90000");
  offer.replace(last, 22, "a=rtpmap:120 VP9/90000");
  const auto negotiated = answer_participant(offer, all_of_it(), local_end());
  ASSERT_FALSE(negotiated);
  EXPECT_EQ(negotiated.error().refusal, Refusal::malformed);
  EXPECT_THAT(negotiated.error().message, HasSubstr("Payload type 120"));
}

TEST(Participant, FeedbackIsAgreedOnlyWhereEveryCodecHasIt) {
  auto offer = read_offer("firefox");
  const auto last = offer.rfind("a=rtcp-fb:99 transport-cc\r\n");
  offer.erase(last, 27);
  const auto negotiated = answered(offer);
  const auto& whole = negotiated.slots[negotiated.slots.size() - 2];
  const auto& partial = negotiated.slots.back();
  EXPECT_NE(whole.extensions[ExtensionKind::transport_sequence], 0);
  EXPECT_EQ(partial.extensions[ExtensionKind::transport_sequence], 0);
  for (const auto& codec : partial.codecs) EXPECT_FALSE(codec.transport_cc);
}

TEST(Participant, LongDescriptorsAreSentOnlyWhereTheFormsMayBeMixed) {
  const auto offer = read_offer("chromium");
  EXPECT_NE(answered(offer).slots.back().extensions[ExtensionKind::dependency_descriptor], 0);
  const auto plain = answered(replaced(offer, "a=extmap-allow-mixed\r\n", ""));
  EXPECT_EQ(plain.slots.back().extensions[ExtensionKind::dependency_descriptor], 0);
  EXPECT_THAT(plain.answer, Not(HasSubstr("allow-mixed")));
}

TEST(ParticipantSimulcast, TheCodecIsOneThatAllEncodingsMayUse) {
  const auto restricted = [](std::string l, std::string h) {
    return replaced(replaced(read_offer("chromium"), "a=rid:l send", "a=rid:l send pt=" + l), "a=rid:h send",
                    "a=rid:h send pt=" + h);
  };
  const auto negotiated = answered(restricted("96,98", "98,99;max-width=1280"));
  EXPECT_EQ(negotiated.tracks[1].codec.codec, Codec::vp9);
  EXPECT_THAT(negotiated.answer,
              HasSubstr("a=rid:l recv pt=98\r\na=rid:m recv\r\na=rid:h recv pt=98,99;max-width=1280\r\n"));
  const auto mixed = answer_participant(restricted("96", "98"), all_of_it(), local_end());
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().refusal, Refusal::no_common_codec);
  EXPECT_EQ(mixed.error().field, "m=video (mid 1)");
}

TEST(ParticipantSimulcast, WithoutTheExtensionsThatTellEncodingsApartIsRefused) {
  const auto offer = read_offer("chromium");
  for (const std::string id :
       {"4 urn:ietf:params:rtp-hdrext:sdes:mid", "10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"}) {
    const auto negotiated =
        answer_participant(replaced(offer, "a=extmap:" + id + "\r\n", ""), all_of_it(), local_end());
    ASSERT_FALSE(negotiated);
    EXPECT_EQ(negotiated.error().refusal, Refusal::malformed);
    EXPECT_EQ(negotiated.error().field, "m=video (mid 1)");
  }
}

TEST(ParticipantSimulcast, RetransmissionsThatNobodyCouldTellApartAreNotAgreed) {
  const auto offer =
      replaced(read_offer("chromium"), "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n", "");
  const auto negotiated = answered(offer);
  EXPECT_EQ(negotiated.tracks[1].codec.rtx_payload_type, 0);
  EXPECT_EQ(negotiated.tracks[2].codec.rtx_payload_type, 97);
}

TEST(ParticipantSimulcast, APausedEncodingIsAgreedOnAsPaused) {
  const auto negotiated = answered(replaced(read_offer("chromium"), "simulcast:send l;m;h", "simulcast:send l;m;~h"));
  EXPECT_EQ(negotiated.tracks[1].rids, (std::vector<std::string>{"l", "m", "h"}));
  EXPECT_THAT(negotiated.answer, HasSubstr("a=simulcast:recv l;m;~h\r\n"));
}

TEST(ParticipantSimulcast, AMalformedOneIsRefusedWithItsMLine) {
  const auto offer = replaced(read_offer("chromium"), "simulcast:send l;m;h", "simulcast:send l;m;l");
  const auto negotiated = answer_participant(offer, all_of_it(), local_end());
  ASSERT_FALSE(negotiated);
  EXPECT_EQ(negotiated.error().refusal, Refusal::malformed);
  EXPECT_EQ(negotiated.error().field, "m=video (mid 1)");
}

}  // namespace
}  // namespace bridgehall::session
