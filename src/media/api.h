// All that the layers below know of the media core: the commands a shard takes and the events it gives. Plain structs
// that cross threads in SPSC rings; control owns the ids. Commands of one ring are carried out in order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "session/negotiation.h"
#include "session/transport.h"

namespace bridgehall::media {

// One WebRTC peer (a WHIP or WHEP session).
using PeerId = Id<struct PeerTag>;
// One media track sent in: (conference, name, kind). Outlives the peer that sends it, so that viewers stay when a
// publisher comes back.
using PublicationId = Id<struct PublicationTag>;

struct IncomingTrack {
  PublicationId publication;
  session::NegotiatedTrack track;
};

struct OutgoingTrack {
  PublicationId publication;
  session::NegotiatedTrack track;
  Ssrc ssrc;
  Ssrc rtx_ssrc;
};

// -- commands --

// The publication exists from now on, closed: nothing of it is forwarded until SetGate opens it.
struct AddPublication {
  PublicationId publication;
  wire::Codec codec{};
};
// The floor: a closed publication's packets are not forwarded, whatever its sender does.
struct SetGate {
  PublicationId publication;
  bool open = false;
};
// Its subscriptions fall silent; its sender's packets are dropped as unknown.
struct RemovePublication {
  PublicationId publication;
};
// A peer whose tracks are known. A publication has one sender: a later peer replaces an earlier one, whose tracks then
// go nowhere.
struct CreatePeer {
  PeerId peer;
  session::TransportConfiguration transport;
  std::string cname;
  std::vector<IncomingTrack> incoming;
  std::vector<OutgoingTrack> outgoing;
};
struct RestartIce {
  PeerId peer;
  session::IceCredentials local;
  session::IceCredentials remote;
};
struct ClosePeer {
  PeerId peer;
};
// Answered by ShardCounters: for /metrics and for tests.
struct ReadCounters {
  std::uint64_t request = 0;
};

using Command = std::variant<AddPublication, SetGate, RemovePublication, std::unique_ptr<CreatePeer>, RestartIce,
                             ClosePeer, ReadCounters>;

// -- events --

struct PeerCreated {
  PeerId peer;
};
struct PeerRefused {  // the shard is full
  PeerId peer;
};
struct PeerConnected {
  PeerId peer;
};
struct PeerClosed {
  PeerId peer;
  session::CloseReason reason{};
};
struct IceRestarted {
  PeerId peer;
};

enum class Drop : std::uint8_t {
  unclassified,     // no STUN, DTLS, RTP or RTCP by its first byte, or too short
  unknown_address,  // media or DTLS from an address that no check has validated
  unknown_ufrag,    // a STUN request for nobody here
  truncated,        // longer than a packet slot
  stun_malformed,
  stun_integrity,
  stun_unexpected,
  dtls_before_check,
  dtls_malformed,
  rtp_malformed,
  rtp_unknown_ssrc,
  rtp_unknown_payload_type,
  rtp_bad_payload,  // descriptor or padding does not fit
  rtp_duplicate,
  rtp_too_old,
  srtp_replayed,
  srtp_authentication,
  srtcp_authentication,
  srtcp_replayed,
  rtcp_malformed,
  gate_closed,         // arrived well, not forwarded: the publication is closed
  stale_handle,        // a receiver fell so far behind that the history had moved on
  pool_exhausted,      // no packet slot free: a history was shortened
  handshakes_waiting,  // too many handshakes at once
  count,
};
std::string_view drop_name(Drop drop);  // snake_case, for the metric's label

struct ShardCounters {
  std::uint64_t request = 0;
  std::uint64_t datagrams_received = 0, bytes_received = 0;
  std::uint64_t datagrams_sent = 0, bytes_sent = 0;
  std::uint64_t rtp_received = 0, rtp_forwarded = 0, rtp_retransmitted = 0;
  std::uint64_t trains_sent = 0;  // sendmsg calls with media
  std::uint64_t plis_received = 0, plis_sent = 0;
  std::uint64_t nacked_received = 0, nacked_sent = 0;  // sequence numbers
  std::uint64_t retransmissions_received = 0;
  std::uint64_t keyframes_received = 0;
  std::uint32_t peers = 0, peers_connected = 0, publications = 0, subscriptions = 0;
  std::uint64_t send_errors = 0;  // datagrams that the kernel refused
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::count)> drops{};
  std::array<std::uint64_t, 65> train_lengths{};  // datagrams per train
};

using Event =
    std::variant<PeerCreated, PeerRefused, PeerConnected, PeerClosed, IceRestarted, std::unique_ptr<ShardCounters>>;

}  // namespace bridgehall::media
