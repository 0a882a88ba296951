// Property: whatever is offered is refused with a message or answered by a description that parses, has as many
// m-lines, and carries each agreed track once.
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "session/negotiation.h"
#include "session/offer.h"
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
  if (const auto agreed = read_answer(text)) BRIDGEHALL_CHECK(!agreed->tracks.empty() && !agreed->candidates.empty());
  if (const auto fragment = parse_ice_fragment(text); fragment && fragment->credentials)
    BRIDGEHALL_CHECK(fragment->credentials->password.size() >= 22);
  return 0;
}
