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
};

// One track to send. Each gets an m-line of its own, in order; rtx_ssrc 0 = no RTX.
struct OfferedSource {
  wire::Codec codec{};
  Ssrc ssrc{};
  Ssrc rtx_ssrc{};
};

// At most 15 m-lines: they share the payload types from 96 on.
std::string make_publisher_offer(const ClientEnd& local, std::span<const OfferedSource> sources);
std::string make_viewer_offer(const ClientEnd& local, std::span<const wire::Codec> codecs);

// What the answer agrees to. `tracks` leaves out m-lines that were rejected; for a viewer their remote_ssrc and
// remote_rtx_ssrc are what the server sends.
struct Agreed {
  IceCredentials remote_credentials;
  crypto::Fingerprint remote_fingerprint;
  std::vector<SocketAddress> candidates;  // UDP, in the server's order; never empty
  std::vector<NegotiatedTrack> tracks;
};
std::expected<Agreed, NegotiationError> read_answer(std::string_view answer);

}  // namespace bridgehall::session
