// Property: whatever is offered is refused with a message or answered by a description that parses, has as many
// m-lines, and carries each agreed track once; a client of ours reads the same from it.
#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "session/negotiation.h"
#include "session/offer.h"
#include "session/remote_description.h"
#include "wire/sdp.h"

using namespace bridgehall;
using namespace bridgehall::session;

namespace {

const LocalEnd& local_end() {
  static const LocalEnd local{{"ServUfrg", "ServerPasswordOf24Chars+"},
                              {"sha-256", std::vector<std::uint8_t>(32, 0xab)},
                              {{IpAddress::v4(192, 0, 2, 7), 8443}},
                              "4711",
                              "bridgehall"};
  return local;
}

void check(std::string_view offer, const std::expected<Negotiated, NegotiationError>& negotiated) {
  if (!negotiated) {
    BRIDGEHALL_CHECK(!negotiated.error().message.empty() && !negotiated.error().field.empty());
    return;
  }
  const auto asked = wire::parse_sdp(offer);
  const auto given = wire::parse_sdp(negotiated->answer);
  BRIDGEHALL_CHECK(asked && given && asked->media.size() == given->media.size());
  std::size_t accepted = 0;
  for (const auto& media : given->media) accepted += media.port != 0;
  BRIDGEHALL_CHECK(accepted == negotiated->tracks.size() && accepted > 0);
  // A client of ours agrees with the server about what was agreed.
  const auto agreed = read_answer(negotiated->answer);
  BRIDGEHALL_CHECK(agreed && agreed->tracks.size() == accepted);
  BRIDGEHALL_CHECK(negotiated->remote_credentials.ufrag.size() >= 4 && !negotiated->remote_fingerprint.digest.empty());
}

// Each m-line that could be named, named once.
ParticipantTerms terms_for(const RemoteDescription& offer) {
  ParticipantTerms terms;
  for (std::uint32_t i = 0; i < offer.media.size(); ++i) {
    const auto& media = offer.media[i];
    if (!media.active() || media.codecs.empty()) continue;
    if (wire::sends(media.direction))
      terms.sends.push_back(media.mid);
    else
      terms.slots.push_back({media.mid, Ssrc{100 + i}, Ssrc{i % 2 == 0 ? 0 : 200 + i}, "stage", "track"});
  }
  return terms;
}

void check_same(const NegotiatedCodec& a, const NegotiatedCodec& b) {
  BRIDGEHALL_CHECK(a.codec == b.codec && a.payload_type == b.payload_type && a.fmtp == b.fmtp &&
                   a.rtx_payload_type == b.rtx_payload_type && a.nack == b.nack && a.pli == b.pli && a.fir == b.fir &&
                   a.transport_cc == b.transport_cc);
}

void check_participant(std::string_view text) {
  const auto offer = read_description(text);
  if (!offer) return;
  const auto terms = terms_for(*offer);
  const auto negotiated = answer_participant(text, terms, local_end());
  if (!negotiated) {
    BRIDGEHALL_CHECK(!negotiated.error().message.empty() && !negotiated.error().field.empty());
    return;
  }
  BRIDGEHALL_CHECK(negotiated->tracks.size() == terms.sends.size() && negotiated->slots.size() == terms.slots.size());
  if (negotiated->answer.size() > 64 * 1024) return;  // many codecs in many m-lines can pass the reader's bounds
  const auto agreed = read_participant_answer(negotiated->answer);
  BRIDGEHALL_CHECK(agreed && agreed->tracks.size() == negotiated->tracks.size() &&
                   agreed->slots.size() == negotiated->slots.size());
  for (std::size_t i = 0; i < negotiated->tracks.size(); ++i) {  // both in the order of the m-lines
    const auto &given = negotiated->tracks[i], &read = agreed->tracks[i];
    BRIDGEHALL_CHECK(given.mid == read.mid && given.rids == read.rids && given.extensions == read.extensions);
    BRIDGEHALL_CHECK(given.rids.size() <= kMaxEncodings && (given.rids.empty() || given.remote_ssrc.value() == 0));
    check_same(given.codec, read.codec);
  }
  for (std::size_t i = 0; i < terms.slots.size(); ++i) {
    const auto &given = negotiated->slots[i], &read = agreed->slots[i].slot;
    BRIDGEHALL_CHECK(given.mid == terms.slots[i].mid && given.mid == read.mid && given.kind == read.kind);
    BRIDGEHALL_CHECK(given.extensions == read.extensions && !given.codecs.empty());
    BRIDGEHALL_CHECK(agreed->slots[i].ssrc == terms.slots[i].ssrc && given.codecs.size() == read.codecs.size());
    for (std::size_t k = 0; k < given.codecs.size(); ++k) check_same(given.codecs[k], read.codecs[k]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  check(text, answer_publisher(text, {}, local_end()));
  static const ViewTerms terms{
      {{.codec = wire::Codec::opus, .ssrc = Ssrc{11}, .stream_id = "stage", .track_id = "voice"},
       {.codec = wire::Codec::h264,
        .fmtp = "packetization-mode=1;profile-level-id=42e01f",
        .ssrc = Ssrc{21},
        .rtx_ssrc = Ssrc{22},
        .stream_id = "stage",
        .track_id = "picture"}}};
  check(text, answer_viewer(text, terms, local_end()));
  static const ViewTerms several{
      {{.codec = wire::Codec::opus, .ssrc = Ssrc{11}, .stream_id = "a", .track_id = "1", .line = 0},
       {.codec = wire::Codec::vp8,
        .ssrc = Ssrc{12},
        .rtx_ssrc = Ssrc{13},
        .stream_id = "a",
        .track_id = "2",
        .line = 0},
       {.codec = wire::Codec::opus, .ssrc = Ssrc{21}, .stream_id = "b", .track_id = "3", .line = 1}}};
  check(text, answer_viewer(text, several, local_end()));
  check_participant(text);
  if (const auto agreed = read_answer(text)) BRIDGEHALL_CHECK(!agreed->tracks.empty() && !agreed->candidates.empty());
  if (const auto fragment = parse_ice_fragment(text); fragment && fragment->credentials)
    BRIDGEHALL_CHECK(fragment->credentials->password.size() >= 22);
  return 0;
}
