#include "session/offer.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "wire/sdp.h"

namespace bridgehall::session {
namespace {

using wire::Codec;
using wire::ExtensionKind;
using wire::MediaKind;

ClientEnd client_end() {
  return {{"ClieUfrg", "ClientPasswordOf24Chars/"}, {"sha-256", std::vector<std::uint8_t>(32, 0xcd)}, "42", "load"};
}
LocalEnd server_end() {
  LocalEnd local;
  local.credentials = {"ServUfrg", "ServerPasswordOf24Chars+"};
  local.fingerprint = {"sha-256", std::vector<std::uint8_t>(32, 0xab)};
  local.candidates = {{IpAddress::v4(127, 0, 0, 1), 8443}, {*IpAddress::parse("::1"), 8443}};
  local.session_id = "4711";
  local.cname = "bridgehall";
  return local;
}

TEST(Offer, APublishersIsAnsweredAndTheAnswerReadBack) {
  const std::vector<OfferedSource> sources{{Codec::opus, Ssrc{1}, {}}, {Codec::vp8, Ssrc{2}, Ssrc{3}}};
  const auto negotiated = answer_publisher(make_publisher_offer(client_end(), sources), {}, server_end());
  ASSERT_TRUE(negotiated) << negotiated.error().message;
  EXPECT_EQ(negotiated->remote_credentials, client_end().credentials);
  EXPECT_EQ(negotiated->remote_fingerprint, client_end().fingerprint);
  ASSERT_EQ(negotiated->tracks.size(), 2u);
  EXPECT_EQ(negotiated->tracks[0].remote_ssrc, Ssrc{1});
  EXPECT_EQ(negotiated->tracks[1].remote_ssrc, Ssrc{2});
  EXPECT_EQ(negotiated->tracks[1].remote_rtx_ssrc, Ssrc{3});

  const auto agreed = read_answer(negotiated->answer);
  ASSERT_TRUE(agreed) << agreed.error().message;
  EXPECT_EQ(agreed->remote_credentials, server_end().credentials);
  EXPECT_EQ(agreed->remote_fingerprint, server_end().fingerprint);
  ASSERT_EQ(agreed->candidates.size(), server_end().candidates.size());
  for (std::size_t i = 0; i < agreed->candidates.size(); ++i)
    EXPECT_EQ(agreed->candidates[i], server_end().candidates[i].address);
  ASSERT_EQ(agreed->tracks.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(agreed->tracks[i].mid, negotiated->tracks[i].mid);
    EXPECT_EQ(agreed->tracks[i].extensions, negotiated->tracks[i].extensions);
    EXPECT_EQ(agreed->tracks[i].codec.payload_type, negotiated->tracks[i].codec.payload_type);
    EXPECT_EQ(agreed->tracks[i].codec.rtx_payload_type, negotiated->tracks[i].codec.rtx_payload_type);
    EXPECT_NE(agreed->tracks[i].extensions[ExtensionKind::transport_sequence], 0);
  }
  EXPECT_TRUE(agreed->tracks[1].codec.nack && agreed->tracks[1].codec.pli && agreed->tracks[1].codec.fir);
}

TEST(Offer, AViewersIsAnsweredWithTheServersSources) {
  const ViewTerms terms{
      {{.codec = Codec::opus, .ssrc = Ssrc{11}, .stream_id = "s", .track_id = "a"},
       {.codec = Codec::vp8, .ssrc = Ssrc{21}, .rtx_ssrc = Ssrc{22}, .stream_id = "s", .track_id = "v"}}};
  const auto negotiated =
      answer_viewer(make_viewer_offer(client_end(), std::vector{Codec::opus, Codec::vp8}), terms, server_end());
  ASSERT_TRUE(negotiated) << negotiated.error().message;
  const auto agreed = read_answer(negotiated->answer);
  ASSERT_TRUE(agreed) << agreed.error().message;
  ASSERT_EQ(agreed->tracks.size(), 2u);
  EXPECT_EQ(agreed->tracks[0].remote_ssrc, Ssrc{11});
  EXPECT_EQ(agreed->tracks[1].remote_ssrc, Ssrc{21});
  EXPECT_EQ(agreed->tracks[1].remote_rtx_ssrc, Ssrc{22});
  EXPECT_EQ(agreed->tracks[0].extensions[ExtensionKind::audio_level],
            negotiated->tracks[0].extensions[ExtensionKind::audio_level]);
}

TEST(Offer, OfSeveralPublicationsEachIsOnTheLinesOfItsPlace) {
  // The second one is sound alone.
  const ViewTerms terms{{{.codec = Codec::opus, .ssrc = Ssrc{11}, .stream_id = "a", .track_id = "1", .line = 0},
                         {.codec = Codec::vp8, .ssrc = Ssrc{12}, .stream_id = "a", .track_id = "2", .line = 0},
                         {.codec = Codec::opus, .ssrc = Ssrc{21}, .stream_id = "b", .track_id = "3", .line = 1},
                         {.codec = Codec::opus, .ssrc = Ssrc{31}, .stream_id = "c", .track_id = "4", .line = 2},
                         {.codec = Codec::vp8, .ssrc = Ssrc{32}, .stream_id = "c", .track_id = "5", .line = 2}}};
  const std::vector lines{Codec::opus, Codec::opus, Codec::vp8, Codec::vp8,
                          Codec::opus, Codec::vp8,  Codec::vp8, Codec::opus};
  const auto negotiated = answer_viewer(make_viewer_offer(client_end(), lines), terms, server_end());
  ASSERT_TRUE(negotiated) << negotiated.error().message;
  std::vector<std::pair<std::string, std::size_t>> tracks;
  for (const auto& track : negotiated->tracks) tracks.emplace_back(track.mid, track.source);
  EXPECT_EQ(tracks,
            (std::vector<std::pair<std::string, std::size_t>>{{"0", 0}, {"1", 2}, {"2", 1}, {"4", 3}, {"5", 4}}));
  const auto agreed = read_answer(negotiated->answer);
  ASSERT_TRUE(agreed) << agreed.error().message;
  std::vector<std::uint32_t> ssrcs;
  for (const auto& track : agreed->tracks) ssrcs.push_back(track.remote_ssrc.value());
  EXPECT_EQ(ssrcs, (std::vector<std::uint32_t>{11, 21, 12, 31, 32})) << "lines 3, 6 and 7 are rejected";
}

TEST(Offer, APublicationWithoutAnyLineIsARefusalThatNamesIt) {
  const ViewTerms terms{{{.codec = Codec::opus, .ssrc = Ssrc{11}, .stream_id = "a", .track_id = "1", .line = 0},
                         {.codec = Codec::vp8, .ssrc = Ssrc{12}, .stream_id = "a", .track_id = "2", .line = 0},
                         {.codec = Codec::opus, .ssrc = Ssrc{21}, .stream_id = "b", .track_id = "3", .line = 1},
                         {.codec = Codec::vp8, .ssrc = Ssrc{22}, .stream_id = "b", .track_id = "4", .line = 1}}};
  const auto sound = std::vector{Codec::opus, Codec::opus};
  EXPECT_TRUE(answer_viewer(make_viewer_offer(client_end(), sound), terms, server_end())) << "who only listens";
  const auto refused =
      answer_viewer(make_viewer_offer(client_end(), std::vector{Codec::opus, Codec::vp8}), terms, server_end());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().refusal, Refusal::no_usable_media);
  EXPECT_NE(refused.error().message.find("what b publishes"), std::string::npos);
}

TEST(Offer, AsManyLinesAsThereMayBeAreAnswered) {
  ViewTerms terms;
  std::vector<Codec> lines;
  for (std::uint32_t i = 0; i < wire::kSdpMaxMedia; ++i) {
    lines.push_back(i % 2 == 0 ? Codec::opus : Codec::vp8);
    terms.sources.push_back({.codec = lines.back(),
                             .ssrc = Ssrc{1000 + 2 * i},
                             .rtx_ssrc = i % 2 == 0 ? Ssrc{} : Ssrc{1001 + 2 * i},
                             .stream_id = std::to_string(i / 2),
                             .track_id = std::to_string(i),
                             .line = i / 2});
  }
  const auto negotiated = answer_viewer(make_viewer_offer(client_end(), lines), terms, server_end());
  ASSERT_TRUE(negotiated) << negotiated.error().message;
  const auto agreed = read_answer(negotiated->answer);
  ASSERT_TRUE(agreed) << agreed.error().message;
  EXPECT_EQ(agreed->tracks.size(), wire::kSdpMaxMedia);
}

TEST(Offer, EachVideoCodecOfOursIsOneThatTheServerTakes) {
  for (const auto codec : {Codec::vp8, Codec::vp9, Codec::h264, Codec::av1}) {
    const std::vector<OfferedSource> sources{{codec, Ssrc{2}, Ssrc{3}}};
    const auto published = answer_publisher(make_publisher_offer(client_end(), sources), {}, server_end());
    ASSERT_TRUE(published) << published.error().message;
    EXPECT_EQ(published->tracks[0].codec.codec, codec);
    const ViewTerms terms{{{.codec = codec,
                            .fmtp = published->tracks[0].codec.fmtp,
                            .ssrc = Ssrc{7},
                            .stream_id = "s",
                            .track_id = "v"}}};
    EXPECT_TRUE(answer_viewer(make_viewer_offer(client_end(), std::vector{codec}), terms, server_end()));
  }
}

TEST(Offer, AnAnswerOfOneRejectedMLineLeavesItOut) {
  const std::vector<OfferedSource> sources{{Codec::vp8, Ssrc{2}, {}}, {Codec::vp8, Ssrc{4}, {}}};
  const auto negotiated = answer_publisher(make_publisher_offer(client_end(), sources), {}, server_end());
  ASSERT_TRUE(negotiated);
  const auto agreed = read_answer(negotiated->answer);
  ASSERT_TRUE(agreed);
  ASSERT_EQ(agreed->tracks.size(), 1u);
  EXPECT_EQ(agreed->tracks[0].mid, "0");
  EXPECT_EQ(agreed->tracks[0].codec.rtx_payload_type, 0);
}

TEST(Offer, AParticipantsIsAnsweredAndBothSidesAgreeOnEveryMLine) {
  const std::vector<OfferedSource> sources{{Codec::opus, Ssrc{1}},
                                           {.codec = Codec::vp8, .rids = {"l", "m", "h"}},
                                           {Codec::vp8, Ssrc{2}, Ssrc{3}},
                                           {.codec = Codec::vp8, .rids = {"l", "h"}}};
  const OfferedSlots slots{.audio = 3, .video = 33, .video_codecs = {Codec::vp8, Codec::vp9, Codec::h264, Codec::av1}};
  const auto offer = make_participant_offer(client_end(), sources, slots);
  ParticipantTerms terms{.sends = {"0", "1", "2", "3"}, .slots = {}};
  for (std::uint32_t mid = 4; mid < 40; ++mid)
    terms.slots.push_back({.mid = std::to_string(mid),
                           .ssrc = Ssrc{100 + mid},
                           .rtx_ssrc = mid < 7 ? Ssrc{} : Ssrc{200 + mid},
                           .stream_id = mid == 4 || mid == 7 ? "stage" : std::to_string(mid),
                           .track_id = "t"});
  const auto negotiated = answer_participant(offer, terms, server_end());
  ASSERT_TRUE(negotiated) << negotiated.error().field << ": " << negotiated.error().message;
  const auto agreed = read_participant_answer(negotiated->answer);
  ASSERT_TRUE(agreed) << agreed.error().message;

  ASSERT_EQ(agreed->tracks.size(), sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto &ours = agreed->tracks[i], &theirs = negotiated->tracks[i];
    EXPECT_EQ(ours.mid, theirs.mid);
    EXPECT_EQ(ours.rids, sources[i].rids);
    EXPECT_EQ(theirs.rids, sources[i].rids);
    EXPECT_EQ(theirs.remote_ssrc, sources[i].ssrc);
    EXPECT_EQ(ours.extensions, theirs.extensions);
    EXPECT_EQ(ours.codec.payload_type, theirs.codec.payload_type);
    EXPECT_EQ(ours.codec.rtx_payload_type, theirs.codec.rtx_payload_type);
  }
  ASSERT_EQ(agreed->slots.size(), terms.slots.size());
  for (std::size_t i = 0; i < terms.slots.size(); ++i) {
    const auto& [slot, ssrc, rtx_ssrc, stream_id, track_id] = agreed->slots[i];
    EXPECT_EQ(slot.mid, terms.slots[i].mid);
    EXPECT_EQ(ssrc, terms.slots[i].ssrc);
    EXPECT_EQ(rtx_ssrc, terms.slots[i].rtx_ssrc);
    EXPECT_EQ(stream_id, terms.slots[i].stream_id);
    EXPECT_EQ(track_id, "t");
    EXPECT_EQ(slot.extensions, negotiated->slots[i].extensions);
    ASSERT_EQ(slot.codecs.size(), i < 3 ? 1u : 4u);
    for (std::size_t k = 0; k < slot.codecs.size(); ++k)
      EXPECT_EQ(slot.codecs[k].payload_type, negotiated->slots[i].codecs[k].payload_type);
  }
}

TEST(Offer, OfMoreThanThreeEncodingsTheFirstThreeAreAgreed) {
  const std::vector<OfferedSource> sources{{.codec = Codec::vp8, .rids = {"a", "b", "c", "d"}}};
  const auto negotiated = answer_publisher(make_publisher_offer(client_end(), sources), {}, server_end());
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->tracks[0].rids, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(read_answer(negotiated->answer)->tracks[0].rids, negotiated->tracks[0].rids);
}

TEST(Offer, AnAnswerWithoutCandidatesOrWithTheWrongRoleIsRefused) {
  auto server = server_end();
  const auto offer = make_publisher_offer(client_end(), std::vector<OfferedSource>{{Codec::opus, Ssrc{1}, {}}});
  auto answer = answer_publisher(offer, {}, server)->answer;
  auto active = answer;
  active.replace(active.find("setup:passive"), 13, "setup:active");
  EXPECT_EQ(read_answer(active).error().refusal, Refusal::malformed);
  server.candidates.clear();
  EXPECT_EQ(read_answer(answer_publisher(offer, {}, server)->answer).error().refusal, Refusal::no_ice);
  EXPECT_EQ(read_answer("").error().refusal, Refusal::malformed);
}

}  // namespace
}  // namespace bridgehall::session
