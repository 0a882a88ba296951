// The client's side of offer and answer: what our load generator and the simulator's clients say. Pure; browsers and
// other clients make their own offers, see negotiation.h for the server's side.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session/negotiation.h"

namespace bridgehall::session {

struct ClientEnd {
  IceCredentials credentials;
  crypto::Fingerprint fingerprint;
  std::string session_id;  // digits, for o=
  std::string cname;
  std::vector<TransportAddress> candidates{};  // of type host, where servers that are not ICE-lite want some
};

// One track to send. Each gets an m-line of its own, in order; rtx_ssrc 0 = no RTX.
struct OfferedSource {
  wire::Codec codec{};
  Ssrc ssrc{};
  Ssrc rtx_ssrc{};
  // Simulcast: the encodings, lowest first. They are told by rid in their packets, so that no SSRC is announced; RTX is
  // offered, and the SSRCs above mean nothing.
  std::vector<std::string> rids{};
};

// What a participant receives on. `video_codecs`: those that it decodes, each with RTX.
struct OfferedSlots {
  std::size_t audio = 0;
  std::size_t video = 0;
  std::vector<wire::Codec> video_codecs{wire::Codec::vp8};
  bool transport_cc = true;  // the client gives feedback about transport-wide sequence numbers
};

// The mids are the m-lines' numbers from 0 on; at most wire::kSdpMaxMedia of them. A codec has the same payload types
// on each of them, and an extension the same id.
std::string make_publisher_offer(const ClientEnd& local, std::span<const OfferedSource> sources);
std::string make_viewer_offer(const ClientEnd& local, std::span<const wire::Codec> codecs, bool transport_cc = false);
// First an m-line for each source, then the audio slots, then the video slots.
std::string make_participant_offer(const ClientEnd& local, std::span<const OfferedSource> sources,
                                   const OfferedSlots& slots);

// An m-line on which the server sends whatever it fills it with.
struct AgreedSlot {
  NegotiatedSlot slot;
  Ssrc ssrc{};
  Ssrc rtx_ssrc{};        // 0 = no RTX
  std::string stream_id;  // msid; slots that share it are to be played in sync
  std::string track_id;
};

// What the answer agrees to; m-lines that were rejected are left out.
struct Agreed {
  IceCredentials remote_credentials;
  crypto::Fingerprint remote_fingerprint;
  std::vector<SocketAddress> candidates;  // UDP, in the server's order; never empty
  std::vector<NegotiatedTrack> tracks;    // in the order of the m-lines; their extensions and rids are the agreed ones
  std::vector<AgreedSlot> slots;          // a participant's only, in the order of the m-lines
};
// To a publisher or a viewer: every m-line is a track. For a viewer its remote_ssrc and remote_rtx_ssrc are what the
// server sends.
std::expected<Agreed, NegotiationError> read_answer(std::string_view answer);
// To a participant: what it sends is a track, what it receives a slot.
std::expected<Agreed, NegotiationError> read_participant_answer(std::string_view answer);

}  // namespace bridgehall::session
