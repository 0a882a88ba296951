// The selective forwarding unit of one thread: peers, publications, and the way of a packet from one to many.
//
// Sans-IO. The thread that owns it does, turn by turn:
//   receive into receive_buffers() → look_at_mail() → handle_command() for all that control sent → handle_mail() →
//   handle_datagrams() → advance() → send what poll_transmit() gives, for a while or until it gives nothing →
//   poll_event() → wake the shards of take_addressed() → sleep until next_deadline() or a datagram.
// Commands come before mail, as notes of other shards build upon them (mesh_end.h).
// The way of a packet is in process_datagram() (hop 2), Ingress (3), Forwarder (4), Egress (5); hops 1 and 6 are io's.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/datagram.h"
#include "base/random.h"
#include "base/timer_wheel.h"
#include "media/agenda.h"
#include "media/api.h"
#include "media/egress.h"
#include "media/feedback.h"
#include "media/flow.h"
#include "media/ingress.h"
#include "media/mirrors.h"
#include "media/outbox.h"
#include "media/slots.h"
#include "media/tables.h"
#include "media/voices.h"
#include "media/waiting_handshakes.h"

namespace bridgehall::media {

struct ShardConfiguration {
  std::uint32_t max_peers = 4096;
  // 64 video publications with a full history; beyond that histories are shorter, the newest packets always have room.
  std::uint32_t packet_slots = 65'536;
  NtpOrigin ntp{};  // the same for all shards of a mesh
  ShardNumber number{};
  ShardMesh* mesh = nullptr;  // none: the only shard; else it outlives the shard
};

class Shard {
 public:
  static constexpr std::size_t kReceiveBatch = 64;
  // Handshakes are about 0.25 ms each and never bother the media: so many DTLS datagrams a turn, the others wait in
  // line. A full line drops, and DTLS sends again.
  static constexpr std::size_t kHandshakesPerTurn = 4;
  // A peer that was heard by an authenticated check within this keeps its address: whoever forges it in a check of its
  // own takes nothing over. Browsers check every 2.5 to 6 s, so that one lost check costs nobody the address.
  static constexpr Duration kAddressKept = 10s;

  // `dtls` and `random` outlive the shard; `random` makes secrets.
  Shard(const ShardConfiguration& configuration, crypto::DtlsFactory& dtls, RandomSource& random, TimePoint now);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Where the next datagrams are to be received into, datagram i into buffer i. Valid until handle_datagrams().
  std::span<const MutableBytes> receive_buffers() const { return std::span{receive_buffers_}.first(kReceiveBatch); }
  void handle_datagrams(std::span<const ReceivedDatagram> datagrams, TimePoint now);

  // What other shards have sent up to now, to be handled once control's commands are carried out.
  void look_at_mail() { mesh_.look(); }
  void handle_mail(TimePoint now);
  bool has_mail() const { return mesh_.has_mail(); }
  ShardSet take_addressed() { return mesh_.take_addressed(); }

  void handle_command(Command&& command, TimePoint now);
  bool poll_event(Event& event);

  // Fires what is due, lets waiting handshakes go on, and releases bursts whose window is over.
  void advance(TimePoint now);
  TimePoint next_deadline() const;
  // Until then nothing is lost by not looking what has come: bursts for many are being collected, and it comes in one
  // batch afterwards. At most Layer::kLongestCollectionWindow away; not after `now` where there is no reason to wait.
  TimePoint undisturbed_until(TimePoint now) const;

  // The next datagrams and trains to send; empty when there is nothing. They are valid until the next call of any kind.
  std::span<const Train> poll_transmit(TimePoint now);

  ShardNumber number() const { return mesh_.self(); }
  ShardCounters counters() const;
  // How many packets of closed publications are kept: none. For tests.
  std::size_t kept_of_closed() const;
  // What the socket says of itself, all since the start.
  void count_socket(std::uint64_t send_errors, std::uint64_t receive_overflows, bool segmentation) {
    counters_.send_errors = send_errors;
    counters_.receive_overflows = receive_overflows;
    counters_.segmentation = segmentation;
  }

  // -- peers over TCP; the connections are the owner's --

  // An authenticated check came over this connection, and its peer is still here.
  bool knows(const TransportAddress& remote) const;
  // The connection's queue has grown long: its peer is sent no pictures until it has drained, and each begins with a
  // keyframe then. Sound goes on.
  void set_backlog(const TransportAddress& remote, bool full, TimePoint now);
  // The connection is gone: another path of its peer is taken, where there is one.
  void lose_path(const TransportAddress& remote, TimePoint now);
  void count_tcp_drops(std::uint64_t total) { counters_.drops[static_cast<std::size_t>(Drop::tcp_queue_full)] = total; }

 private:
  // The buffer, after those of a receive batch, into which packets and datagrams of other shards are copied.
  static constexpr std::size_t kMailPlace = kReceiveBatch;
  // Whose datagrams come from an address: a peer here, or one of another shard.
  struct Owner {
    ShardNumber shard;
    PeerIndex peer{};
    TimePoint asked{};  // another shard's: when it was last asked whether it still needs the address
  };
  enum class Origin : std::uint8_t { socket, another_shard };

  // Hop 2.
  void process_datagram(std::size_t place, const ReceivedDatagram& datagram, Origin origin, TimePoint now);
  void process_stun(const ReceivedDatagram& datagram, Origin origin, TimePoint now);
  bool belongs_to_another(const TransportAddress& address, PeerIndex newcomer, TimePoint now);
  void claim(const TransportAddress& address, PeerIndex index);
  void give_up(const TransportAddress& address, PeerIndex index);
  void hand_over(ShardNumber to, bool stranger, const ReceivedDatagram& datagram);
  void process_dtls(PeerIndex index, BytesView bytes, const NetworkPath& path, TimePoint now);
  void process_rtcp(PeerIndex index, MutableBytes bytes, TimePoint now);
  void process_rtp(std::size_t place, PeerIndex index, const ReceivedDatagram& datagram, TimePoint now);
  void after_packet(std::size_t place, const Ingress::Received& received, TimePoint arrived, TimePoint now);

  // Mail (shard_mail.cpp).
  void take(ShardNumber from, const SenderAttached& note, TimePoint now);
  void take(ShardNumber from, const LayerFacts& note, TimePoint now);
  void take(ShardNumber from, const LayerDemand& note, TimePoint now);
  void take(ShardNumber from, const KeyframeWanted& note, TimePoint now);
  void take(ShardNumber from, const LayerClock& note, TimePoint now);
  void take(ShardNumber from, const AddressTaken& note, TimePoint now);
  void take(ShardNumber from, const AddressFree& note, TimePoint now);
  void take(ShardNumber from, const AddressWanted& note, TimePoint now);
  void take(ShardNumber from, const MirroredPacket& mirrored, TimePoint now);
  void take(const HandedDatagram& handed, TimePoint now);

  // What came of a batch, a command or a deadline.
  void release_bursts(TimePoint now);
  RoomIndex room_of(const Layer& layer) const;
  void follow_agenda(TimePoint now);
  void follow_keyframe_request(LayerIndex index, TimePoint now);
  void check_flow(PublicationIndex index, TimePoint now);
  void allocate(PeerIndex index, Peer& peer, TimePoint now);

  // Commands (shard_commands.cpp).
  void carry_out(AddRoom&& command, TimePoint now);
  void carry_out(RemoveRoom&& command, TimePoint now);
  void carry_out(AddPublication&& command, TimePoint now);
  void carry_out(SetGate&& command, TimePoint now);
  void carry_out(SetVoiceRank&& command, TimePoint now);
  void carry_out(RemovePublication&& command, TimePoint now);
  void carry_out(std::unique_ptr<CreatePeer>&& command, TimePoint now);
  void carry_out(FillSlot&& command, TimePoint now);
  void carry_out(EmptySlot&& command, TimePoint now);
  void carry_out(RestartIce&& command, TimePoint now);
  void carry_out(ClosePeer&& command, TimePoint now);
  void carry_out(ReadCounters&& command, TimePoint now);
  void add_incoming(PeerIndex index, Peer& peer, IncomingTrack& track, TimePoint now);
  void add_outgoing(PeerIndex index, Peer& peer, const std::vector<OutgoingTrack>& tracks, TimePoint now);
  void resize_layers(PublicationIndex index, std::size_t count);
  void renew_layers(PublicationIndex index, std::size_t count);
  void detach_sender(Layer& layer);
  void remove_layer(LayerIndex index);
  std::optional<TrackRef> find_slot(PeerId peer, SlotNumber number) const;

  // Peers.
  void after_transport(PeerIndex index, TimePoint now);
  void note_heard(Peer& peer, Heard heard);
  void activate(PeerIndex index, Peer& peer, TimePoint now);
  void remove_peer(PeerIndex index, session::CloseReason reason);
  void set_timer(PeerIndex index, const Peer& peer);
  void drop(Drop reason, std::uint64_t count = 1) { counters_.drops[static_cast<std::size_t>(reason)] += count; }

  ShardConfiguration configuration_;
  crypto::DtlsFactory& dtls_;
  RandomSource& random_;
  ShardCounters counters_;
  Tables tables_;
  Agenda agenda_;
  Outbox outbox_;
  MeshEnd mesh_;
  Mirrors mirrors_;
  Ingress ingress_;
  Feedback feedback_;
  Egress egress_;
  Flow flow_;
  Slots slots_;
  Voices voices_;

  std::array<Slot, kReceiveBatch + 1> receive_slots_;
  std::array<MutableBytes, kReceiveBatch + 1> receive_buffers_;

  std::unordered_map<TransportAddress, Owner> by_address_;
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, PeerIndex, TextHash, std::equal_to<>> by_ufrag_;

  TimerWheel peer_timers_;
  TimerWheel keyframe_timers_;  // by layer
  TimerWheel flow_timers_;      // by publication
  WaitingHandshakes handshakes_;
  std::size_t handshakes_this_turn_ = 0;
  Feedback::Wishes wishes_;
  session::OutgoingDatagram transport_datagram_;
  std::vector<Train> trains_;
  std::vector<RoomIndex> due_rooms_;
};

}  // namespace bridgehall::media
