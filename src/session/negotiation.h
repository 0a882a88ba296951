// Offer and answer (RFC 9429, RFC 3264) for a server that answers once: the client's offer goes in, what was agreed and
// the SDP answer come out. Pure functions of their input; runs on the control thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/dtls.h"
#include "session/transport.h"
#include "wire/payload.h"
#include "wire/rtp.h"

namespace bridgehall::session {

// One codec as agreed on one m-line. `fmtp` is the offer's, as it is to be answered.
struct NegotiatedCodec {
  wire::Codec codec{};
  std::uint8_t payload_type = 0;
  std::uint8_t rtx_payload_type = 0;  // 0 = no RTX
  bool nack = false;
  bool pli = false;
  bool fir = false;
  bool transport_cc = false;
  std::string fmtp;
};

// One m-line with media as agreed. Exactly one codec: that of the publication (viewing), or the best that the offer has
// (publishing).
struct NegotiatedTrack {
  std::string mid;
  wire::MediaKind kind{};
  NegotiatedCodec codec;
  wire::ExtensionIds extensions;
  // Publishing: the SSRCs that the offer announces; 0 when it has none (then found by mid, or by payload type), and
  // with rids (then found by mid and rid, or by mid and repaired rid: senders write them until they are reported on).
  Ssrc remote_ssrc{};
  Ssrc remote_rtx_ssrc{};
  // Simulcast (RFC 8853): the encodings' rids in the offer's order, at most three; lowest first as W3C's default has
  // it, but a sender may list them otherwise. Empty: one encoding.
  std::vector<std::string> rids;
  std::size_t source = 0;  // viewing: which of ViewTerms::sources it carries
};

enum class Refusal : std::uint8_t {
  malformed,        // 400: not SDP, or lines that contradict each other
  no_fingerprint,   // 400
  no_bundle,        // 400
  no_ice,           // 400: ufrag or password missing or not ice-chars
  no_usable_media,  // 406: no m-line of the needed kind and direction
  no_common_codec,  // 406
};

struct NegotiationError {
  Refusal refusal{};
  std::string field;    // where: "a=fingerprint", "m=video (mid 1)"
  std::string message;  // a whole sentence
};

// What is answered for whoever publishes: up to one audio and one video m-line that sends; other m-lines are rejected
// (port 0). `video_preference`: codecs in order; the first that the offer has is taken.
struct PublishTerms {
  std::vector<wire::Codec> video_preference{wire::Codec::vp8, wire::Codec::h264, wire::Codec::vp9, wire::Codec::av1};
};

// What is answered for whoever views: each source goes to a receiving m-line of its kind.
struct ViewSource {
  wire::Codec codec{};
  std::string fmtp;  // of the publisher: H.264 profile and packetization mode, VP9 profile must fit the viewer's
  Ssrc ssrc{};
  Ssrc rtx_ssrc{};
  std::string stream_id;  // msid: the publication's name, so that its audio and video stay in sync
  std::string track_id;
  // Counted from 0 among those of its kind. nullopt: the first m-line that can take it.
  std::optional<std::size_t> line{};
};
struct ViewTerms {
  // Of one publication at most one audio and one video, or else those of several, each with the line that is meant for
  // it.
  std::vector<ViewSource> sources;
};

// What is answered to a participant, who sends and receives in one peer: every m-line that is named here, all others
// are rejected. Slots agree on every codec that both sides know, since what fills them changes.
struct SlotTerms {
  std::string mid;
  Ssrc ssrc{};
  Ssrc rtx_ssrc{};        // used for video with RTX
  std::string stream_id;  // msid: the stage's picture and its voice share one
  std::string track_id;   // of its own for each slot: Chromium refuses an answer with the same msid twice
};
struct ParticipantTerms {
  std::vector<std::string> sends;  // mids that the client sends on
  std::vector<SlotTerms> slots;    // mids that it receives on
  std::vector<wire::Codec> video_preference{wire::Codec::vp8, wire::Codec::h264, wire::Codec::vp9, wire::Codec::av1};
};
struct NegotiatedSlot {
  std::string mid;
  wire::MediaKind kind{};
  std::vector<NegotiatedCodec> codecs;  // never empty, in the offer's order
  wire::ExtensionIds extensions;

  // What a publication of this codec is sent as; nullptr: this client cannot decode it.
  const NegotiatedCodec* codec_for(wire::Codec codec, std::string_view publisher_fmtp) const;
};

struct LocalEnd {
  IceCredentials credentials;
  crypto::Fingerprint fingerprint;
  std::vector<TransportAddress> candidates;  // of type host; put into the answer with end-of-candidates
  std::string session_id;                    // digits, for o=
  std::string cname;                         // RTCP CNAME of everything we send
};

struct Negotiated {
  std::string answer;
  IceCredentials remote_credentials;
  crypto::Fingerprint remote_fingerprint;
  std::vector<NegotiatedTrack> tracks;
};

std::expected<Negotiated, NegotiationError> answer_publisher(std::string_view offer, const PublishTerms& terms,
                                                             const LocalEnd& local);
// Refused where a publication would get no m-line at all.
std::expected<Negotiated, NegotiationError> answer_viewer(std::string_view offer, const ViewTerms& terms,
                                                          const LocalEnd& local);

struct NegotiatedParticipant {
  std::string answer;
  IceCredentials remote_credentials;
  crypto::Fingerprint remote_fingerprint;
  std::string first_mid;                // the BUNDLE group's tag
  std::vector<NegotiatedTrack> tracks;  // in the order of ParticipantTerms::sends
  std::vector<NegotiatedSlot> slots;    // in the order of ParticipantTerms::slots
};
// An m-line that is named but missing, named twice, of the wrong direction or without a common codec is a refusal that
// names it.
std::expected<NegotiatedParticipant, NegotiationError> answer_participant(std::string_view offer,
                                                                          const ParticipantTerms& terms,
                                                                          const LocalEnd& local);

// The m-lines on which whoever offers wants to receive, in order.
struct OfferedMedia {
  std::string mid;
  wire::MediaKind kind{};
};
std::expected<std::vector<OfferedMedia>, NegotiationError> receiving_media(std::string_view offer);

// A trickle-ice-sdpfrag (RFC 8840) as WHIP's PATCH carries it.
struct IceFragment {
  std::optional<IceCredentials> credentials;  // present and different from the session's: an ICE restart
  std::size_t candidates = 0;                 // ICE-lite learns addresses from checks only; counted, not used
  bool end_of_candidates = false;
};
std::expected<IceFragment, NegotiationError> parse_ice_fragment(std::string_view text);
std::string make_ice_fragment(const IceCredentials& local, const std::vector<TransportAddress>& candidates,
                              std::string_view first_mid);

}  // namespace bridgehall::session
