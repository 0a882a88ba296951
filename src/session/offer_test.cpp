#include "session/offer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

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
  EXPECT_EQ(agreed->candidates, server_end().candidates);
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
  EXPECT_EQ(agreed->tracks[0].extensions[ExtensionKind::audio_level], 1);
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
