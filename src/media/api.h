// All that the layers below know of the media core: the commands a shard takes and the events it gives. Plain structs
// that cross threads in SPSC rings; control owns the ids. Commands of one ring are carried out in order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
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
// One conference as the media core knows it: its voices compete for the places in which they are heard. 0 is no room.
using RoomId = Id<struct RoomTag>;

// Who of a room is heard is decided once for all who listen: so many voices at a time, each in a place of its own.
inline constexpr std::size_t kVoicePlaces = 3;
// For a receiver with one audio track only: the stage's voice, or else whoever leads the talk.
inline constexpr std::uint8_t kLeadPlace = kVoicePlaces;
// Layers of one picture: simulcast encodings, lowest first, or spatial layers of one stream (SVC).
inline constexpr std::uint8_t kMaxLayers = 3;

struct IncomingTrack {
  PublicationId publication;
  session::NegotiatedTrack track;  // with rids: one layer for each
};

// What a slot is for. When a line is weak the last named suffer first.
enum class SlotUse : std::uint8_t { voice, stage, slides, tile };

// A slot: a track that we send to a peer. It can be filled, switched and emptied at any time without negotiation; what
// the client sees stays one unbroken stream.
struct OutgoingTrack {
  session::NegotiatedTrack track;
  Ssrc ssrc;
  Ssrc rtx_ssrc;
  SlotUse use = SlotUse::stage;
  PublicationId publication{};          // what it begins with; 0: nothing
  std::uint8_t layer = kMaxLayers - 1;  // the highest wanted
  std::optional<std::uint8_t>
      voice_place;  // audio: what the room's place (or kLeadPlace) carries, except the own voice
};
// A slot's number: its place in CreatePeer::outgoing.
using SlotNumber = std::uint8_t;

// -- commands --

struct AddRoom {
  RoomId room;
};
// Its voice places fall silent; publications and peers are removed on their own.
struct RemoveRoom {
  RoomId room;
};
// The publication exists from now on, closed: nothing of it is forwarded until SetGate opens it.
// Audio with a room competes for its voice places while it is open.
struct AddPublication {
  PublicationId publication;
  wire::Codec codec{};
  RoomId room{};
};
// Who is heard first: the stage's voice always (in place 0, which lips are in sync with), then those to whom the chair
// gave the floor, then the loudest of the others.
enum class VoiceRank : std::uint8_t { open, granted, stage };
struct SetVoiceRank {
  PublicationId publication;
  VoiceRank rank{};
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
  RoomId room{};  // whose voices its voice slots carry
  std::vector<IncomingTrack> incoming;
  std::vector<OutgoingTrack> outgoing;  // video before audio: audio rides last in a train
};
// From now on the slot shows this publication, from a keyframe on; until then it keeps what it has, so that nobody
// looks at black. Filling it with what it has changes only the layer, at that layer's next keyframe.
struct FillSlot {
  PeerId peer;
  SlotNumber slot = 0;
  PublicationId publication;
  std::uint8_t payload_type = 0;  // of the publication's codec, as this peer negotiated it
  std::uint8_t rtx_payload_type = 0;
  std::uint8_t layer = kMaxLayers - 1;  // the highest wanted
};
// Nothing is sent in it any more: it costs nothing.
struct EmptySlot {
  PeerId peer;
  SlotNumber slot = 0;
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

using Command = std::variant<AddRoom, RemoveRoom, AddPublication, SetGate, SetVoiceRank, RemovePublication,
                             std::unique_ptr<CreatePeer>, FillSlot, EmptySlot, RestartIce, ClosePeer, ReadCounters>;

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
// What has come from a peer that is not connected yet: checks that name its session, without and with its password.
// Told once each, so that whoever gets no media can be told how far the own packets come.
enum class Heard : std::uint8_t { nothing, wrong_password, checks };
struct PeerHeard {
  PeerId peer;
  Heard heard{};
};
struct PeerClosed {
  PeerId peer;
  session::CloseReason reason{};
};
struct IceRestarted {
  PeerId peer;
};
// Who is heard in the room now, by place; 0: nobody. `speaking`, bit i: place i is above the threshold of speech.
// Ephemeral: at most ten a second for each room.
struct VoicesChanged {
  RoomId room;
  std::array<PublicationId, kVoicePlaces> places{};
  std::uint8_t speaking = 0;
};
// Packets of the publication arrive, or have stopped arriving for kFlowTimeout; open or not.
inline constexpr Duration kFlowTimeout = 2s;
struct FlowChanged {
  PublicationId publication;
  bool flowing = false;
};
// What a slot of a peer does. `limited`: the peer's line does not carry what was asked for.
enum class SlotFlow : std::uint8_t { waiting, showing, limited, off_by_line };
struct SlotChanged {
  PeerId peer;
  SlotNumber slot = 0;
  PublicationId publication;
  SlotFlow flow{};
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
  mirror_full,         // another shard did not keep up with the packets that are copied to it
  handover_full,       // ... with the datagrams that the kernel gave to the wrong socket
  handshakes_waiting,  // too many handshakes at once, of this peer or in all
  tcp_queue_full,      // a peer's TCP connection takes nothing and its queue is full, or it is gone
  address_taken,       // a check from an address at which another peer was heard a moment ago
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
  std::uint64_t packets_mirrored = 0;       // copied to another shard
  std::uint64_t datagrams_handed_over = 0;  // the kernel gave them to the wrong shard's socket
  std::uint32_t peers = 0, peers_connected = 0, publications = 0, subscriptions = 0;
  std::uint32_t packets_kept = 0;       // in histories, for receivers behind and for retransmission
  std::uint64_t send_errors = 0;        // datagrams that the kernel refused
  std::uint64_t receive_overflows = 0;  // datagrams that found the socket's buffer full
  bool segmentation = true;             // trains go out in one piece (UDP_SEGMENT)
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::count)> drops{};
  std::array<std::uint64_t, 65> train_lengths{};  // datagrams per train

  // Those of another shard to these. Publications are known to all shards and counted once.
  void add(const ShardCounters& other);
};

using Event = std::variant<PeerCreated, PeerRefused, PeerHeard, PeerConnected, PeerClosed, IceRestarted, VoicesChanged,
                           FlowChanged, SlotChanged, std::unique_ptr<ShardCounters>>;

}  // namespace bridgehall::media
