// trickle-ice-sdpfrag (RFC 8840 section 9), as the body of WHIP's and WHEP's PATCH.
#include <fmt/format.h>

#include "session/negotiation.h"
#include "session/remote_description.h"
#include "wire/sdp.h"

namespace bridgehall::session {

std::expected<IceFragment, NegotiationError> parse_ice_fragment(std::string_view text) {
  const auto sdp = wire::parse_sdp_fragment(text);
  if (!sdp) return refuse(Refusal::malformed, fmt::format("line {}", sdp.error().line), sdp.error().message);
  IceFragment fragment;
  const auto count = [&](const wire::SdpAttributes& attributes) {
    for (const auto& attribute : attributes) {
      if (attribute.name == "candidate") ++fragment.candidates;
      if (attribute.name == "end-of-candidates") fragment.end_of_candidates = true;
    }
  };
  count(sdp->attributes);
  for (const auto& media : sdp->media) count(media.attributes);

  // Credentials stand for the session, or in the m-line that carries the bundle, which comes first.
  auto credentials =
      read_credentials(sdp->attributes, sdp->media.empty() ? wire::SdpAttributes{} : sdp->media.front().attributes);
  if (!credentials) return std::unexpected(std::move(credentials.error()));
  fragment.credentials = std::move(*credentials);
  return fragment;
}

std::string make_ice_fragment(const IceCredentials& local, const std::vector<TransportAddress>& candidates,
                              std::string_view first_mid) {
  wire::SdpSession fragment;
  fragment.attributes = {{"ice-lite", ""}, {"ice-ufrag", local.ufrag}, {"ice-pwd", local.password}};
  wire::SdpMedia media{.kind = "audio", .port = 9, .protocol = "UDP/TLS/RTP/SAVPF", .formats = {"0"}};
  media.attributes.push_back({"mid", std::string(first_mid)});
  for (std::size_t i = 0; i < candidates.size(); ++i)
    media.attributes.push_back({"candidate", wire::write_host_candidate(candidates[i], i)});
  media.attributes.push_back({"end-of-candidates", ""});
  fragment.media.push_back(std::move(media));
  return wire::write_sdp_fragment(fragment);
}

}  // namespace bridgehall::session
