#include "media/shard.h"

#include <algorithm>

namespace bridgehall::media {
namespace {

constexpr Duration kAskAgain = 1s;

}  // namespace

Shard::Shard(const ShardConfiguration& configuration, crypto::DtlsFactory& dtls, RandomSource& random, TimePoint now)
    : configuration_(configuration),
      dtls_(dtls),
      random_(random),
      tables_(configuration.packet_slots),
      mesh_(configuration.mesh, configuration.number),
      mirrors_(tables_, counters_, mesh_),
      ingress_(tables_, counters_, configuration.ntp),
      feedback_(tables_, counters_, outbox_, mirrors_, configuration.ntp),
      egress_(tables_, counters_),
      flow_(tables_, agenda_),
      slots_(tables_, agenda_, configuration.ntp),
      voices_(tables_, agenda_, counters_, slots_, mirrors_, configuration.ntp, now),
      peer_timers_(now),
      keyframe_timers_(now),
      flow_timers_(now) {
  for (std::size_t i = 0; i < receive_slots_.size(); ++i) {
    receive_slots_[i] = tables_.store.acquire();
    receive_buffers_[i] = tables_.store.bytes(receive_slots_[i]);
  }
}

Shard::~Shard() = default;

// -- hop 2: what is it, and whose? --

void Shard::handle_datagrams(std::span<const ReceivedDatagram> datagrams, TimePoint now) {
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    ++counters_.datagrams_received;
    counters_.bytes_received += datagrams[i].bytes.size();
    process_datagram(i, datagrams[i], Origin::socket, now);
  }
  voices_.settle(now);
  follow_agenda(now);
}

void Shard::process_datagram(std::size_t place, const ReceivedDatagram& datagram, Origin origin, TimePoint now) {
  if (datagram.truncated) return drop(Drop::truncated);
  const auto kind = wire::classify_datagram(datagram.bytes);
  if (kind == wire::DatagramKind::stun) return process_stun(datagram, origin, now);
  if (kind == wire::DatagramKind::unknown) return drop(Drop::unclassified);

  const auto known = by_address_.find(datagram.path.from());
  if (known == by_address_.end()) {
    return drop(kind == wire::DatagramKind::dtls ? Drop::dtls_before_check : Drop::unknown_address);
  }
  if (known->second.shard != mesh_.self()) {
    return origin == Origin::socket ? hand_over(known->second.shard, false, datagram) : drop(Drop::unknown_address);
  }
  const auto index = known->second.peer;
  if (kind == wire::DatagramKind::rtp) return process_rtp(place, index, datagram, now);
  if (kind == wire::DatagramKind::rtcp) return process_rtcp(index, datagram.bytes, now);

  if (handshakes_this_turn_ < kHandshakesPerTurn && handshakes_.empty()) {
    ++handshakes_this_turn_;
    process_dtls(index, datagram.bytes, datagram.path, now);
  } else if (!handshakes_.push(tables_.peers[index].id, datagram.path, datagram.bytes)) {
    drop(Drop::handshakes_waiting);
  }
}

void Shard::process_rtp(std::size_t place, PeerIndex index, const ReceivedDatagram& datagram, TimePoint now) {
  auto& peer = tables_.peers[index];
  if (!peer.active) return drop(Drop::rtp_unknown_ssrc);
  // The kernel's own time stamp where there is one: a busy server must not look like a slow line to the sender's
  // bandwidth estimate.
  const auto arrived_at = datagram.arrival(now);
  const auto received = ingress_.receive_rtp(peer, receive_slots_[place], datagram.bytes.size(), arrived_at);
  set_timer(index, peer);
  if (received.layer == kNoLayer) return;

  auto& layer = tables_.layers[received.layer];
  if (flow_.on_packet(layer, datagram.bytes.size(), now) || received.reordered) {
    mirrors_.tell_facts(tables_.publications[layer.publication]);
    slots_.reconsider(layer.publication, now);
  }
  if (received.stored) mirrors_.copy(layer);
  after_packet(place, received, arrived_at, now);
}

// What is to be done about a packet that came to its layer, whether from its sender or from another shard.
void Shard::after_packet(std::size_t place, const Ingress::Received& received, TimePoint arrived, TimePoint now) {
  if (!received.stored) return;
  auto& layer = tables_.layers[received.layer];
  // The packet's slot belongs to the history now: another takes its place in the receive batch.
  bool had_room = true;
  receive_slots_[place] = tables_.take_packet_slot(layer, had_room);
  receive_buffers_[place] = tables_.store.bytes(receive_slots_[place]);
  if (!had_room) drop(Drop::pool_exhausted);

  if (layer.has_receivers()) agenda_.collect(received.layer, layer, arrived);
  if (received.keyframe) slots_.on_keyframe(received.layer, now);
  if (layer.kind() == wire::MediaKind::audio && !layer.is_line()) voices_.on_packet(layer, now);
  if (layer.keyframes.deadline() <= now) agenda_.keyframes.push_back(received.layer);
}

void Shard::process_rtcp(PeerIndex index, MutableBytes bytes, TimePoint now) {
  auto& peer = tables_.peers[index];
  if (!peer.active) return drop(Drop::rtp_unknown_ssrc);
  wishes_.repeats = false;
  feedback_.receive(peer, bytes, now, wishes_);
  if (wishes_.repeats) agenda_.egress.add(index);
  agenda_.keyframes.insert(agenda_.keyframes.end(), wishes_.keyframes.begin(), wishes_.keyframes.end());
  wishes_.keyframes.clear();
}

void Shard::process_stun(const ReceivedDatagram& datagram, Origin origin, TimePoint now) {
  // A request names its peer by our ufrag, which names its shard.
  const auto from = datagram.path.from();
  const auto ufrag = session::addressed_ufrag(datagram.bytes);
  if (!ufrag) return drop(Drop::stun_unexpected);
  const auto found = by_ufrag_.find(*ufrag);
  if (found == by_ufrag_.end()) {
    const auto shard = shard_of_ufrag(*ufrag);
    if (origin == Origin::another_shard || !shard || *shard == mesh_.self() || !mesh_.has(*shard))
      return drop(Drop::unknown_ufrag);
    return hand_over(*shard, !by_address_.contains(from), datagram);
  }
  const auto index = found->second;
  if (belongs_to_another(from, index, now)) return drop(Drop::address_taken);
  auto& transport = tables_.peers[index].transport;
  transport.handle_stun(datagram.bytes, datagram.path, now);
  // A path that it knew already brings no event, though another may have had the address meanwhile.
  if (transport.last_check_from(from) == now) claim(from, index);
  after_transport(index, now);
}

// -- whose is an address? --

bool Shard::belongs_to_another(const TransportAddress& address, PeerIndex newcomer, TimePoint now) {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return false;
  auto& owner = found->second;
  if (owner.shard != mesh_.self()) {
    // It frees the address where nobody was heard there for long; whoever asks may be a forger, so it is not asked
    // often.
    if (now - owner.asked < kAskAgain) return true;
    owner.asked = now;
    mesh_.tell(owner.shard, AddressWanted{address});
    return true;
  }
  if (owner.peer == newcomer) return false;
  const auto heard = tables_.peers[owner.peer].transport.last_check_from(address);
  return heard && now - *heard < kAddressKept;
}

// An authentic check of this peer has come from there.
void Shard::claim(const TransportAddress& address, PeerIndex index) {
  const auto [place, is_new] = by_address_.try_emplace(address, Owner{mesh_.self(), index});
  place->second.peer = index;
  if (is_new) mesh_.tell_others(AddressTaken{address});
}

void Shard::give_up(const TransportAddress& address, PeerIndex index) {
  const auto found = by_address_.find(address);
  if (found == by_address_.end() || found->second.shard != mesh_.self() || found->second.peer != index) return;
  by_address_.erase(found);
  mesh_.tell_others(AddressFree{address});
}

bool Shard::knows(const TransportAddress& remote) const {
  const auto found = by_address_.find(remote);
  return found != by_address_.end() && found->second.shard == mesh_.self();
}

void Shard::set_backlog(const TransportAddress& remote, bool full, TimePoint now) {
  if (!knows(remote)) return;
  const auto index = by_address_.at(remote).peer;
  auto& peer = tables_.peers[index];
  if (!peer.active || !peer.downlink || (!full && peer.downlink->backlog != remote)) return;
  peer.downlink->backlog = full ? std::optional(remote) : std::nullopt;
  allocate(index, peer, now);
  set_timer(index, peer);
}

void Shard::lose_path(const TransportAddress& remote, TimePoint now) {
  if (!knows(remote)) return;
  set_backlog(remote, false, now);
  const auto index = by_address_.at(remote).peer;
  tables_.peers[index].transport.lose_path(remote, now);
  after_transport(index, now);
}

void Shard::hand_over(ShardNumber to, bool stranger, const ReceivedDatagram& datagram) {
  const bool sent = mesh_.send_datagram(to, stranger, [&](HandedDatagram& handed) {
    handed.path = datagram.path;
    handed.arrived_at = datagram.arrived_at;
    handed.size = static_cast<std::uint16_t>(datagram.bytes.size());
    std::copy(datagram.bytes.begin(), datagram.bytes.end(), handed.bytes.begin());
  });
  ++(sent ? counters_.datagrams_handed_over : counters_.drops[static_cast<std::size_t>(Drop::handover_full)]);
}

void Shard::process_dtls(PeerIndex index, BytesView bytes, const NetworkPath& path, TimePoint now) {
  tables_.peers[index].transport.handle_dtls(bytes, path, now);
  after_transport(index, now);
}

// -- bursts --

RoomIndex Shard::room_of(const Layer& layer) const {
  return layer.is_line() ? layer.room : tables_.publications[layer.publication].room;
}

// What one layer of a room waits for the others go with: for whoever receives several it is one train.
void Shard::release_bursts(TimePoint now) {
  due_rooms_.clear();
  for (const auto index : agenda_.collecting) {
    const auto* layer = tables_.layers.get(index);
    if (layer != nullptr && layer->collecting && layer->due() <= now) due_rooms_.push_back(room_of(*layer));
  }
  if (!due_rooms_.empty()) agenda_.egress.begin_pass();
  std::erase_if(agenda_.collecting, [&](LayerIndex index) {
    auto* layer = tables_.layers.get(index);
    if (layer == nullptr || !layer->collecting) return true;
    if (std::find(due_rooms_.begin(), due_rooms_.end(), room_of(*layer)) == due_rooms_.end()) return false;
    layer->collecting = layer->burst_complete = false;
    for (const auto& receiver : layer->receivers) {
      auto& peer = tables_.peers[receiver.peer];
      peer.pending |= std::uint64_t{1} << receiver.track;
      agenda_.egress.add(receiver.peer);
    }
    return true;
  });
}

std::span<const Train> Shard::poll_transmit(TimePoint now) {
  trains_.clear();
  if (!outbox_.empty()) {
    outbox_.take(trains_);
  } else {
    release_bursts(now);
    egress_.begin_turn();
    while (egress_.has_room()) {
      const auto index = agenda_.egress.take();
      if (!index) break;
      if (const auto next = agenda_.egress.expected()) {
        Egress::expect_near(tables_.peers[*next]);
        Egress::expect_far(tables_.peers[*agenda_.egress.expected_after(*next)]);
      }
      auto& peer = tables_.peers[*index];
      egress_.build(peer, now, trains_);
      if (peer.pending != 0) agenda_.egress.add(*index);  // the rest after the others had theirs
    }
  }
  for (const auto& train : trains_) {
    counters_.datagrams_sent += (train.bytes.size() + train.segment_size - 1) / train.segment_size;
    counters_.bytes_sent += train.bytes.size();
  }
  return trains_;
}

// -- what the parts have left to do --

void Shard::follow_agenda(TimePoint now) {
  for (const auto index : agenda_.keyframes) follow_keyframe_request(index, now);
  agenda_.keyframes.clear();
  for (const auto index : agenda_.flowing) flow_timers_.set(index.value(), now + Flow::kInterval);
  agenda_.flowing.clear();
  for (const auto index : agenda_.demands)
    if (auto* layer = tables_.layers.get(index)) mirrors_.follow_demand(*layer);
  agenda_.demands.clear();
  mesh_.send_late_notes();
}

void Shard::follow_keyframe_request(LayerIndex index, TimePoint now) {
  auto* layer = tables_.layers.get(index);
  if (layer == nullptr) return;
  if (layer->keyframes.take(now)) {
    if (layer->elsewhere)
      mirrors_.want_keyframe(*layer);
    else
      feedback_.send_keyframe_request(*layer);
  }
  keyframe_timers_.set(index.value(), layer->keyframes.deadline());
}

void Shard::check_flow(PublicationIndex index, TimePoint now) {
  auto* publication = tables_.publications.get(index);
  if (publication == nullptr) return;
  if (!publication->flowing) return;
  if (flow_.check(*publication, now)) slots_.reconsider(index, now);
  // Nothing has come for kFlowTimeout: nobody asks for repetitions of that any more.
  if (!publication->flowing)
    for (const auto place : publication->layers()) tables_.layers[place].history.put_away();
  if (publication->kind() == wire::MediaKind::video) mirrors_.tell_facts(*publication);
  if (publication->flowing) flow_timers_.set(index.value(), now + Flow::kInterval);
}

void Shard::allocate(PeerIndex index, Peer& peer, TimePoint now) {
  auto& line = *peer.downlink;
  line.next_allocation = Peer::in_company(now + Downlink::kInterval);
  const auto unanswered = line.log ? line.log->unanswered(now) : Duration{};
  slots_.allocate(index, line.monitor.summary(now, unanswered), now);
}

// -- time --

void Shard::advance(TimePoint now) {
  while (!handshakes_.empty() && handshakes_this_turn_ < kHandshakesPerTurn) {
    const auto waiting = *handshakes_.pop();
    ++handshakes_this_turn_;
    if (const auto* index = tables_.peers.find(waiting.peer)) process_dtls(*index, waiting.bytes, waiting.path, now);
  }
  handshakes_this_turn_ = 0;
  peer_timers_.expire(now, [&](TimerWheel::Key key) {
    const PeerIndex index{key};
    auto* peer = tables_.peers.get(index);
    if (peer == nullptr) return;
    if (peer->transport.next_deadline() <= now) peer->transport.handle_timeout(now);
    feedback_.send_due(*peer, now);
    if (peer->active && peer->downlink && peer->downlink->next_allocation <= now) allocate(index, *peer, now);
    after_transport(index, now);
  });
  keyframe_timers_.expire(now, [&](TimerWheel::Key key) { follow_keyframe_request(LayerIndex{key}, now); });
  flow_timers_.expire(now, [&](TimerWheel::Key key) { check_flow(PublicationIndex{key}, now); });
  voices_.advance(now);
  follow_agenda(now);
}

TimePoint Shard::next_deadline() const {
  if (!handshakes_.empty() || !agenda_.egress.empty() || !outbox_.empty() || mesh_.has_late_notes()) return TimePoint{};
  auto deadline = std::min({peer_timers_.next_deadline(), keyframe_timers_.next_deadline(),
                            flow_timers_.next_deadline(), voices_.next_deadline()});
  for (const auto index : agenda_.collecting)
    if (const auto* layer = tables_.layers.get(index)) deadline = std::min(deadline, layer->due());
  return deadline;
}

TimePoint Shard::undisturbed_until(TimePoint now) const {
  if (!agenda_.egress.empty()) return now;
  auto until = kNever;
  for (const auto index : agenda_.collecting)
    if (const auto* layer = tables_.layers.get(index)) until = std::min(until, layer->undisturbed_until());
  return until == kNever ? now : until;
}

void Shard::set_timer(PeerIndex index, const Peer& peer) {
  auto deadline = std::min(peer.transport.next_deadline(), feedback_.next_deadline(peer));
  if (peer.active && peer.downlink) deadline = std::min(deadline, peer.downlink->next_allocation);
  peer_timers_.set(index.value(), deadline);
}

// -- peers --

void Shard::after_transport(PeerIndex index, TimePoint now) {
  auto& peer = tables_.peers[index];
  while (peer.transport.poll_transmit(transport_datagram_))
    outbox_.push(transport_datagram_.path, transport_datagram_.bytes);

  const auto drops = peer.transport.take_drops();
  static constexpr std::array<Drop, static_cast<std::size_t>(session::TransportDrop::count)> kDrops{
      Drop::stun_malformed, Drop::stun_integrity, Drop::stun_unexpected, Drop::dtls_before_check, Drop::dtls_malformed};
  for (std::size_t i = 0; i < drops.size(); ++i) drop(kDrops[i], drops[i]);
  if (drops[static_cast<std::size_t>(session::TransportDrop::stun_integrity)] > 0)
    note_heard(peer, Heard::wrong_password);

  while (const auto event = peer.transport.poll_event()) {
    using Kind = session::TransportEvent::Kind;
    const auto remote = event->path.from();
    switch (event->kind) {
      case Kind::path_validated:
        peer.addresses.push_back(remote);
        claim(remote, index);
        note_heard(peer, Heard::checks);
        break;
      case Kind::path_forgotten:
        // One of several paths from the same address, when the peer had checked several of ours: the others stay.
        peer.addresses.erase(std::find(peer.addresses.begin(), peer.addresses.end(), remote));
        if (std::find(peer.addresses.begin(), peer.addresses.end(), remote) != peer.addresses.end()) break;
        give_up(remote, index);
        break;
      case Kind::path_selected:  // Egress asks the transport for it
        if (peer.downlink) peer.downlink->begin_anew();
        break;
      case Kind::connected:
        activate(index, peer, now);
        break;
      case Kind::closed:
        return remove_peer(index, event->reason);
    }
  }
  set_timer(index, peer);
}

void Shard::note_heard(Peer& peer, Heard heard) {
  if (peer.active || peer.heard >= heard) return;
  peer.heard = heard;
  agenda_.events.push_back(PeerHeard{peer.id, heard});
}

void Shard::activate(PeerIndex index, Peer& peer, TimePoint now) {
  peer.active = true;
  peer.next_report = Peer::in_company(now + Peer::kReportInterval * (1 + index.value() % 16) / 16);
  if (peer.downlink) peer.downlink->next_allocation = now + Downlink::kInterval;
  agenda_.events.push_back(PeerConnected{peer.id});
  for (std::uint32_t track = 0; track < peer.outgoing.size(); ++track) {
    const auto place = peer.outgoing[track].voice_place;
    if (!place) continue;
    const auto line = voices_.line(peer.room, *place);
    if (line != kNoLayer) slots_.listen({index, track}, line, now);
  }
  slots_.connect(index, now);
}

void Shard::remove_peer(PeerIndex index, session::CloseReason reason) {
  auto& peer = tables_.peers[index];
  for (const auto& stream : peer.incoming)
    if (stream.attached()) tables_.layers[stream.layer].sender.reset();
  slots_.leave(index);
  for (const auto& address : peer.addresses) give_up(address, index);
  for (const auto& ufrag : peer.ufrags) by_ufrag_.erase(ufrag);
  peer_timers_.set(index.value(), kNever);
  agenda_.egress.remove(index);
  agenda_.events.push_back(PeerClosed{peer.id, reason});
  tables_.peers.remove(index);
}

bool Shard::poll_event(Event& event) {
  if (agenda_.events.empty()) return false;
  event = std::move(agenda_.events.front());
  agenda_.events.pop_front();
  return true;
}

std::size_t Shard::kept_of_closed() const {
  std::size_t kept = 0;
  tables_.publications.for_each([&](PublicationIndex, const Publication& publication) {
    if (publication.open) return;
    for (const auto index : publication.layers()) kept += tables_.layers[index].history.size();
  });
  tables_.rooms.for_each([&](RoomIndex, const Room& room) {
    for (const auto index : room.lines) {
      const auto& history = tables_.layers[index].history;
      for (auto arrival = history.oldest(); arrival < history.next(); ++arrival) {
        const auto& packet = *history.at(arrival);
        if (packet.epoch != tables_.layers[index].epoch) continue;  // of a voice that went: not forwarded any more
        const auto* voice = tables_.publications.get(packet.voice);
        kept += voice != nullptr && !voice->open;
      }
    }
  });
  return kept;
}

ShardCounters Shard::counters() const {
  auto result = counters_;
  result.peers = static_cast<std::uint32_t>(tables_.peers.size());
  result.publications = static_cast<std::uint32_t>(tables_.publications.size());
  result.packets_kept = static_cast<std::uint32_t>(tables_.store.in_use());
  tables_.peers.for_each([&](PeerIndex, const Peer& peer) {
    result.peers_connected += peer.active;
    for (const auto& slot : peer.outgoing) result.subscriptions += slot.shows_something();
  });
  return result;
}

}  // namespace bridgehall::media
