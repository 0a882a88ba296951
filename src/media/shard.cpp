#include "media/shard.h"

#include <algorithm>

namespace bridgehall::media {

Shard::Shard(const ShardConfiguration& configuration, crypto::DtlsFactory& dtls, RandomSource& random, TimePoint now)
    : configuration_(configuration),
      dtls_(dtls),
      random_(random),
      tables_(configuration.packet_slots),
      ingress_(tables_, counters_, configuration.ntp),
      feedback_(tables_, counters_, outbox_, configuration.ntp),
      egress_(tables_, counters_),
      peer_timers_(now),
      keyframe_timers_(now) {
  for (std::size_t i = 0; i < kReceiveBatch; ++i) {
    receive_slots_[i] = tables_.store.acquire();
    receive_buffers_[i] = tables_.store.bytes(receive_slots_[i]);
  }
}

Shard::~Shard() = default;

// -- hop 2: what is it, and whose? --

void Shard::handle_datagrams(std::span<const ReceivedDatagram> datagrams, TimePoint now) {
  for (std::size_t i = 0; i < datagrams.size(); ++i) process_datagram(i, datagrams[i], now);
  for (const auto index : wishes_.keyframes) follow_keyframe_request(index, now);
  wishes_.keyframes.clear();
}

void Shard::process_datagram(std::size_t place, const ReceivedDatagram& datagram, TimePoint now) {
  ++counters_.datagrams_received;
  counters_.bytes_received += datagram.bytes.size();
  if (datagram.truncated) return drop(Drop::truncated);
  const auto kind = wire::classify_datagram(datagram.bytes);
  if (kind == wire::DatagramKind::stun) return process_stun(datagram, now);
  if (kind == wire::DatagramKind::unknown) return drop(Drop::unclassified);

  const auto known = by_address_.find(datagram.path.remote);
  if (known == by_address_.end()) {
    return drop(kind == wire::DatagramKind::dtls ? Drop::dtls_before_check : Drop::unknown_address);
  }
  const auto index = known->second;
  if (kind == wire::DatagramKind::rtp) return process_rtp(place, index, datagram, now);
  if (kind == wire::DatagramKind::rtcp) return process_rtcp(index, datagram.bytes, now);

  if (handshakes_this_turn_ < kHandshakesPerTurn && handshakes_.empty()) {
    ++handshakes_this_turn_;
    process_dtls(index, datagram.bytes, datagram.path, now);
  } else if (handshakes_.size() < kMaxWaitingHandshakes) {
    handshakes_.push_back({tables_.peers[index].id, datagram.path, {datagram.bytes.begin(), datagram.bytes.end()}});
  } else {
    drop(Drop::handshakes_waiting);
  }
}

void Shard::process_rtp(std::size_t place, PeerIndex index, const ReceivedDatagram& datagram, TimePoint now) {
  auto& peer = tables_.peers[index];
  if (!peer.active) return drop(Drop::rtp_unknown_ssrc);
  // The kernel's own time stamp where there is one: a busy server must not look like a slow line to the sender's
  // bandwidth estimate.
  const auto arrived_at = datagram.arrived_at == TimePoint{} ? now : std::min(datagram.arrived_at, now);
  auto* publication = ingress_.receive_rtp(peer, receive_slots_[place], datagram.bytes.size(), arrived_at);
  set_timer(index, peer);
  if (publication == nullptr) return;

  // The slot belongs to the history now: another takes its place in the receive batch.
  if (tables_.store.empty()) {
    drop(Drop::pool_exhausted);
    shorten_a_history(*publication);
  }
  receive_slots_[place] = tables_.store.acquire();
  receive_buffers_[place] = tables_.store.bytes(receive_slots_[place]);

  const auto publication_index = *tables_.publications.find(publication->id);
  collect(publication_index, *publication, now);
  if (publication->keyframes.deadline() <= now) follow_keyframe_request(publication_index, now);
}

// The longest of a few histories gives its oldest packet, others the next time: so all become equally long in the end,
// and whoever comes last has room too. `newest` has at least the packet that has just come.
void Shard::shorten_a_history(Publication& newest) {
  constexpr std::uint32_t kLookedAt = 8;
  auto* longest = &newest;
  for (std::uint32_t i = 0; i < kLookedAt; ++i) {
    auto* other = tables_.publications.get(PublicationIndex{next_shortened_});
    next_shortened_ = next_shortened_ + 1 < tables_.publications.places() ? next_shortened_ + 1 : 0;
    if (other != nullptr && other->history.size() > longest->history.size()) longest = other;
  }
  longest->history.drop_oldest();
}

void Shard::process_rtcp(PeerIndex index, MutableBytes bytes, TimePoint now) {
  auto& peer = tables_.peers[index];
  if (!peer.active) return drop(Drop::rtp_unknown_ssrc);
  wishes_.repeats = false;
  feedback_.receive(peer, bytes, now, wishes_);
  if (wishes_.repeats) queue(index, peer);
}

void Shard::process_stun(const ReceivedDatagram& datagram, TimePoint now) {
  // A request names its peer by our ufrag; anything else belongs to the address's peer.
  const auto ufrag = session::addressed_ufrag(datagram.bytes);
  PeerIndex index;
  if (ufrag) {
    const auto found = by_ufrag_.find(*ufrag);
    if (found == by_ufrag_.end()) return drop(Drop::unknown_ufrag);
    index = found->second;
  } else {
    const auto found = by_address_.find(datagram.path.remote);
    if (found == by_address_.end()) return drop(Drop::stun_unexpected);
    index = found->second;
  }
  tables_.peers[index].transport.handle_stun(datagram.bytes, datagram.path, now);
  after_transport(index, now);
}

void Shard::process_dtls(PeerIndex index, BytesView bytes, const NetworkPath& path, TimePoint now) {
  tables_.peers[index].transport.handle_dtls(bytes, path, now);
  after_transport(index, now);
}

// -- bursts --

void Shard::collect(PublicationIndex index, Publication& publication, TimePoint now) {
  if (publication.collecting) return;
  publication.collecting = true;
  publication.collect_until = now + Publication::kCollectionWindow;
  collecting_.push_back(index);
}

void Shard::release_bursts(TimePoint now) {
  std::erase_if(collecting_, [&](PublicationIndex index) {
    auto* publication = tables_.publications.get(index);
    if (publication == nullptr || !publication->collecting) return true;
    if (!publication->burst_complete && now < publication->collect_until) return false;
    publication->collecting = publication->burst_complete = false;
    for (const auto& receiver : publication->receivers) {
      auto& peer = tables_.peers[receiver.peer];
      peer.pending |= std::uint64_t{1} << receiver.track;
      queue(receiver.peer, peer);
    }
    return true;
  });
}

void Shard::queue(PeerIndex index, Peer& peer) {
  if (peer.queued) return;
  peer.queued = true;
  egress_queue_.push_back(index);
}

std::span<const Train> Shard::poll_transmit(TimePoint now) {
  trains_.clear();
  if (outbox_sent_) outbox_.clear();
  outbox_sent_ = !outbox_.empty();
  if (outbox_sent_) {
    outbox_.list(trains_);
  } else {
    release_bursts(now);
    egress_.begin_turn();
    while (!egress_queue_.empty() && egress_.has_room()) {
      const auto index = egress_queue_.front();
      egress_queue_.pop_front();
      auto* peer = tables_.peers.get(index);
      if (peer == nullptr || !peer->queued) continue;
      peer->queued = false;
      egress_.build(*peer, trains_);
      if (peer->pending != 0) queue(index, *peer);  // the rest after the others had theirs
    }
  }
  for (const auto& train : trains_) {
    counters_.datagrams_sent += (train.bytes.size() + train.segment_size - 1) / train.segment_size;
    counters_.bytes_sent += train.bytes.size();
  }
  return trains_;
}

// -- keyframes --

void Shard::follow_keyframe_request(PublicationIndex index, TimePoint now) {
  auto* publication = tables_.publications.get(index);
  if (publication == nullptr) return;
  if (publication->keyframes.take(now)) feedback_.send_keyframe_request(*publication);
  keyframe_timers_.set(index.value(), publication->keyframes.deadline());
}

// -- time --

void Shard::advance(TimePoint now) {
  while (!handshakes_.empty() && handshakes_this_turn_ < kHandshakesPerTurn) {
    const auto waiting = std::move(handshakes_.front());
    handshakes_.pop_front();
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
    after_transport(index, now);
  });
  keyframe_timers_.expire(now, [&](TimerWheel::Key key) { follow_keyframe_request(PublicationIndex{key}, now); });
}

TimePoint Shard::next_deadline() const {
  if (!handshakes_.empty() || !egress_queue_.empty() || !outbox_.empty()) return TimePoint{};
  auto deadline = std::min(peer_timers_.next_deadline(), keyframe_timers_.next_deadline());
  for (const auto index : collecting_)
    if (const auto* publication = tables_.publications.get(index))
      deadline = std::min(deadline, publication->collect_until);
  return deadline;
}

void Shard::set_timer(PeerIndex index, const Peer& peer) {
  peer_timers_.set(index.value(), std::min(peer.transport.next_deadline(), feedback_.next_deadline(peer)));
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

  while (const auto event = peer.transport.poll_event()) {
    using Kind = session::TransportEvent::Kind;
    const auto& remote = event->path.remote;
    switch (event->kind) {
      case Kind::path_validated:
        by_address_[remote] = index;
        peer.addresses.push_back(remote);
        break;
      case Kind::path_forgotten:
        // One of several paths from the same address, when the peer had checked several of ours: the others stay.
        peer.addresses.erase(std::find(peer.addresses.begin(), peer.addresses.end(), remote));
        if (std::find(peer.addresses.begin(), peer.addresses.end(), remote) != peer.addresses.end()) break;
        if (const auto found = by_address_.find(remote); found != by_address_.end() && found->second == index)
          by_address_.erase(found);
        break;
      case Kind::path_selected:
        break;  // Egress asks the transport for its path
      case Kind::connected:
        activate(index, peer, now);
        break;
      case Kind::closed:
        return remove_peer(index, event->reason);
    }
  }
  set_timer(index, peer);
}

void Shard::activate(PeerIndex index, Peer& peer, TimePoint now) {
  peer.active = true;
  peer.next_report = now + Peer::kReportInterval * (1 + index.value() % 16) / 16;  // not all at once
  for (std::uint32_t track = 0; track < peer.outgoing.size(); ++track) {
    auto& stream = peer.outgoing[track];
    if (!stream.attached) continue;
    auto& publication = tables_.publications[stream.publication];
    publication.receivers.push_back({index, track});
    stream.cursor = publication.history.next();
    if (stream.kind() == wire::MediaKind::audio) continue;

    const auto* keyframe = publication.last_keyframe ? publication.history.at(*publication.last_keyframe) : nullptr;
    if (keyframe != nullptr && publication.open && now - keyframe->arrived_at <= Publication::kKeyframeReuse) {
      stream.cursor = *publication.last_keyframe;
      peer.pending |= std::uint64_t{1} << track;
      queue(index, peer);
    } else if (publication.open) {
      publication.keyframes.want();
      follow_keyframe_request(stream.publication, now);
    }
  }
  events_.push_back(PeerConnected{peer.id});
}

void Shard::remove_peer(PeerIndex index, session::CloseReason reason) {
  auto& peer = tables_.peers[index];
  for (std::uint32_t track = 0; track < peer.incoming.size(); ++track) {
    const auto& stream = peer.incoming[track];
    if (stream.attached) tables_.publications[stream.publication].sender.reset();
  }
  for (const auto& stream : peer.outgoing) {
    if (!stream.attached) continue;
    auto& publication = tables_.publications[stream.publication];
    std::erase_if(publication.receivers, [&](const TrackRef& receiver) { return receiver.peer == index; });
    if (publication.receivers.empty()) publication.keyframes.cancel();
  }
  for (const auto& address : peer.addresses)
    if (const auto found = by_address_.find(address); found != by_address_.end() && found->second == index)
      by_address_.erase(found);
  for (const auto& ufrag : peer.ufrags) by_ufrag_.erase(ufrag);
  peer_timers_.set(index.value(), kNever);
  events_.push_back(PeerClosed{peer.id, reason});
  tables_.peers.remove(index);
}

// -- commands --

void Shard::handle_command(Command&& command, TimePoint now) {
  std::visit([&](auto&& what) { carry_out(std::move(what), now); }, std::move(command));
}

bool Shard::poll_event(Event& event) {
  if (events_.empty()) return false;
  event = std::move(events_.front());
  events_.pop_front();
  return true;
}

void Shard::carry_out(AddPublication&& command, TimePoint) {
  if (tables_.publications.find(command.publication) == nullptr)
    tables_.publications.add(command.publication, command.codec, tables_.store);
}

void Shard::carry_out(SetGate&& command, TimePoint now) {
  const auto* index = tables_.publications.find(command.publication);
  if (index == nullptr) return;
  auto& publication = tables_.publications[*index];
  if (publication.open == command.open) return;
  publication.open = command.open;
  publication.begin_epoch();
  // What was said before the floor was taken is neither forwarded nor repeated after it.
  publication.history.clear();
  for (const auto& receiver : publication.receivers)
    tables_.peers[receiver.peer].outgoing[receiver.track].cursor = publication.history.next();
  if (!publication.open) {
    publication.keyframes.cancel();
  } else if (publication.kind() == wire::MediaKind::video && !publication.receivers.empty()) {
    publication.keyframes.want();
    follow_keyframe_request(*index, now);
  }
}

void Shard::carry_out(RemovePublication&& command, TimePoint) {
  const auto* found = tables_.publications.find(command.publication);
  if (found == nullptr) return;
  const auto index = *found;
  tables_.peers.for_each([&](PeerIndex, Peer& peer) {
    for (auto& stream : peer.incoming)
      if (stream.publication == index) stream.attached = false;
    for (auto& stream : peer.outgoing)
      if (stream.publication == index) stream.attached = false;
  });
  keyframe_timers_.set(index.value(), kNever);
  tables_.publications.remove(index);
}

void Shard::carry_out(std::unique_ptr<CreatePeer>&& command, TimePoint now) {
  const auto& ufrag = command->transport.local.ufrag;
  if (tables_.peers.size() >= configuration_.max_peers || tables_.peers.find(command->peer) != nullptr ||
      by_ufrag_.contains(ufrag) || command->outgoing.size() > Peer::kMaxOutgoing) {
    events_.push_back(PeerRefused{command->peer});
    return;
  }
  const auto index = tables_.peers.add(command->peer, command->transport, dtls_, random_, now);
  auto& peer = tables_.peers[index];
  peer.cname = command->cname;
  peer.ufrags.push_back(ufrag);
  by_ufrag_[ufrag] = index;
  add_incoming(index, peer, command->incoming);
  add_outgoing(peer, command->outgoing);
  events_.push_back(PeerCreated{peer.id});
  set_timer(index, peer);
}

void Shard::add_incoming(PeerIndex index, Peer& peer, std::vector<IncomingTrack>& tracks) {
  for (auto& [id, track] : tracks) {
    const auto* found = tables_.publications.find(id);
    if (found == nullptr) continue;
    auto& publication = tables_.publications[*found];
    if (publication.codec != track.codec.codec) continue;
    if (publication.sender)
      tables_.peers[publication.sender->peer].incoming[publication.sender->track].attached = false;
    publication.sender = TrackRef{index, static_cast<std::uint32_t>(peer.incoming.size())};
    publication.begin_epoch();
    publication.keyframes.reset();
    publication.clock = session::RtpClock(wire::clock_rate_of(publication.codec));
    if (track.extensions[wire::ExtensionKind::transport_sequence] != 0 && !peer.arrivals)
      peer.arrivals = std::make_unique<session::TwccReceiver>();
    peer.incoming.emplace_back(*found, std::move(track));
  }
}

void Shard::add_outgoing(Peer& peer, std::vector<OutgoingTrack>& tracks) {
  std::stable_sort(tracks.begin(), tracks.end(), [](const auto& a, const auto& b) {
    return a.track.kind == wire::MediaKind::video && b.track.kind != wire::MediaKind::video;
  });
  for (const auto& track : tracks) {
    const auto* found = tables_.publications.find(track.publication);
    if (found == nullptr) continue;
    const OutgoingStream::Start start{.sequence = static_cast<std::uint16_t>(random_.u32() & 0x7fff),
                                      .rtx_sequence = static_cast<std::uint16_t>(random_.u32() & 0x7fff),
                                      .timestamp = random_.u32()};
    if (track.track.kind == wire::MediaKind::audio) peer.audio |= std::uint64_t{1} << peer.outgoing.size();
    peer.outgoing.emplace_back(*found, track, start);
  }
}

void Shard::carry_out(RestartIce&& command, TimePoint now) {
  const auto* found = tables_.peers.find(command.peer);
  if (found == nullptr) return;
  const auto index = *found;
  auto& peer = tables_.peers[index];
  if (peer.ufrags.size() == 2) {  // a restart inside a restart: the oldest generation ends
    by_ufrag_.erase(peer.ufrags.front());
    peer.ufrags.erase(peer.ufrags.begin());
  }
  by_ufrag_[command.local.ufrag] = index;
  peer.ufrags.push_back(command.local.ufrag);
  peer.transport.restart_ice(std::move(command.local), std::move(command.remote), now);
  events_.push_back(IceRestarted{command.peer});
  after_transport(index, now);
}

void Shard::carry_out(ClosePeer&& command, TimePoint now) {
  const auto* found = tables_.peers.find(command.peer);
  if (found == nullptr) return;
  const auto index = *found;
  tables_.peers[index].transport.close();
  after_transport(index, now);
}

void Shard::carry_out(ReadCounters&& command, TimePoint) {
  auto copy = std::make_unique<ShardCounters>(counters());
  copy->request = command.request;
  events_.push_back(std::move(copy));
}

ShardCounters Shard::counters() const {
  auto result = counters_;
  result.peers = static_cast<std::uint32_t>(tables_.peers.size());
  result.publications = static_cast<std::uint32_t>(tables_.publications.size());
  tables_.peers.for_each([&](PeerIndex, const Peer& peer) {
    result.peers_connected += peer.active;
    if (peer.active) result.subscriptions += static_cast<std::uint32_t>(peer.outgoing.size());
  });
  return result;
}

}  // namespace bridgehall::media
