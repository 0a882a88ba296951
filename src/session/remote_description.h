// A remote offer or answer (RFC 9429) read once into what negotiation asks of it, with every contradiction refused
// here: duplicate mids and payload types, extension ids used twice, groups that name nobody. What we do not know
// (codecs, extensions, feedback) is left out.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/negotiation.h"
#include "session/simulcast.h"
#include "wire/sdp.h"
#include "wire/sdp_attributes.h"

namespace bridgehall::session {

struct RemoteExtension {
  wire::ExtensionKind kind{};
  std::uint8_t id = 0;
  wire::SdpDirection direction = wire::SdpDirection::sendrecv;
};

struct RemoteMedia {
  std::string mid;                      // empty when it has none
  std::string label;                    // for errors: "m=video (mid 1)"
  std::optional<wire::MediaKind> kind;  // nullopt: neither audio nor video over SRTP with feedback
  bool in_use = false;                  // port not 0, or bundle-only (RFC 9143 section 6)
  bool bundled = false;
  wire::SdpDirection direction = wire::SdpDirection::sendrecv;
  bool rtcp_mux = false;
  bool rtcp_rsize = false;
  bool mixed_extensions = false;        // a=extmap-allow-mixed here or for the session
  std::vector<NegotiatedCodec> codecs;  // those we know, in the remote's order; fmtp as written there
  std::vector<RemoteExtension> extensions;
  std::vector<Encoding> encodings;         // simulcast that the remote sends; video only
  std::vector<Encoding> wanted_encodings;  // simulcast that it receives
  // Of the first source: the first of a SIM group, or of a FID group, or the first a=ssrc. 0 = not announced.
  Ssrc ssrc{};
  Ssrc rtx_ssrc{};

  bool active() const { return kind && in_use && direction != wire::SdpDirection::inactive; }
};

// What ICE and DTLS need; the attributes of the m-line that carries the bundle, else of the session.
struct RemoteTransport {
  IceCredentials credentials;
  crypto::Fingerprint fingerprint;
};

struct RemoteDescription {
  wire::SdpSession sdp;
  std::vector<std::string> bundle;  // mids in the group's order; empty also when there is no group
  bool has_bundle = false;
  bool mixed_extensions = false;   // for the session
  std::vector<RemoteMedia> media;  // one for each m-line

  const RemoteMedia* find(std::string_view mid) const;
};

std::expected<RemoteDescription, NegotiationError> read_description(std::string_view text);
// `index`: the m-line that carries the bundle. `setups`: the a=setup values that suit us.
std::expected<RemoteTransport, NegotiationError> read_transport(const RemoteDescription& description, std::size_t index,
                                                                std::vector<std::string_view> setups);
// ice-ufrag and ice-pwd of `first`, else of `second`; nullopt when there is neither of them anywhere.
std::expected<std::optional<IceCredentials>, NegotiationError> read_credentials(const wire::SdpAttributes& first,
                                                                                const wire::SdpAttributes& second);

std::string_view extension_uri(wire::ExtensionKind kind);
std::unexpected<NegotiationError> refuse(Refusal refusal, std::string field, std::string message);

}  // namespace bridgehall::session
