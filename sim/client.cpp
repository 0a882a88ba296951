#include "sim/client.h"

namespace bridgehall::sim {

Client::Client(World& world, const SocketAddress& server, crypto::SrtpSuite suite, const ClientSetup& setup)
    : world_(world),
      server_(server),
      name_(setup.name),
      peer_(setup.peer),
      address_(setup.address),
      up_(setup.up),
      down_(setup.down),
      random_(setup.seed),
      dtls_(setup.seed ^ 0xd715, suite) {}

void Client::connect(session::IceCredentials local, session::IceCredentials remote,
                     const crypto::Fingerprint& fingerprint) {
  joined_at_ = heard_at_ = now();
  transport_ =
      std::make_unique<session::Transport>(session::TransportConfiguration{.role = session::TransportRole::client,
                                                                           .local = std::move(local),
                                                                           .remote = std::move(remote),
                                                                           .remote_fingerprint = fingerprint,
                                                                           .remote_candidate = server_},
                                           dtls_, random_, now());
  flush();
}

void Client::leave() {
  if (!joined()) return;
  transport_->close();
  flush();
  left_ = true;
}

void Client::vanish() { left_ = true; }

void Client::move_to(const SocketAddress& address, bool noticed) {
  address_ = address;
  if (!joined() || !noticed) return;
  transport_->recheck_path(now());
  flush();
}

void Client::wake() {
  asleep_ = false;
  on_woken();
}

void Client::restart_ice(session::IceCredentials local, session::IceCredentials remote) {
  transport_->restart_ice(std::move(local), std::move(remote), now());
  flush();
}

void Client::receive(Datagram& datagram) {
  if (!joined() || asleep_) return;
  heard_at_ = now();
  const NetworkPath path{.local = {}, .remote = datagram.from};
  switch (wire::classify_datagram(datagram.bytes)) {
    case wire::DatagramKind::stun:
      transport_->handle_stun(datagram.bytes, path, now());
      break;
    case wire::DatagramKind::dtls:
      transport_->handle_dtls(datagram.bytes, path, now());
      break;
    case wire::DatagramKind::rtp:
      if (transport_->connected()) on_rtp(datagram);
      break;
    case wire::DatagramKind::rtcp:
      if (transport_->connected()) read_rtcp(datagram);
      break;
    case wire::DatagramKind::unknown:
      world_.violations.add(now(), "{} was sent what it cannot classify", name_);
  }
  flush();
}

void Client::advance() {
  if (!joined() || asleep_) return;
  if (transport_->next_deadline() <= now()) transport_->handle_timeout(now());
  flush();
  if (connected()) advance_media();
}

TimePoint Client::next_deadline() const {
  if (!joined() || asleep_) return kNever;
  return connected() ? std::min(transport_->next_deadline(), media_deadline()) : transport_->next_deadline();
}

void Client::on_event(const media::Event& event) {
  if (const auto* connected = std::get_if<media::PeerConnected>(&event); connected && connected->peer == peer_)
    server_connected_at_ = now();
  if (const auto* closed = std::get_if<media::PeerClosed>(&event); closed && closed->peer == peer_) left_ = true;
  if (const auto* slot = std::get_if<media::SlotChanged>(&event); slot && slot->peer == peer_) {
    if (slot->flow == media::SlotFlow::off_by_line)
      slots_off_.insert(slot->slot);
    else
      slots_off_.erase(slot->slot);
  }
}

void Client::send(BytesView datagram, std::uint64_t tag) {
  world_.network.send(up_, address_, server_, datagram, tag, now());
}

void Client::flush() {
  while (transport_->poll_transmit(outgoing_)) {
    const bool stun = wire::classify_datagram(outgoing_.bytes) == wire::DatagramKind::stun;
    send(outgoing_.bytes, stun ? Tag::check() : 0);
  }
  while (const auto event = transport_->poll_event()) {
    using Kind = session::TransportEvent::Kind;
    world_.trace.note(now(), TraceKind::peer_event, peer_.value(), static_cast<std::uint64_t>(event->kind));
    if (event->kind == Kind::closed) left_ = true;
    if (event->kind != Kind::connected) continue;
    connected_at_ = now();
    on_connected();
  }
}

// RFC 3550 section 6.1: a compound begins with a report and has a CNAME; RFC 5506: feedback may stand alone.
void Client::read_rtcp(Datagram& datagram) {
  const auto opened = transport_->opener().open_rtcp(datagram.bytes);
  if (!opened) {
    if (!datagram.copy) {
      const bool replayed =
          opened.error() == crypto::SrtpError::replayed || opened.error() == crypto::SrtpError::too_old;
      if (!replayed) world_.violations.add(now(), "{} cannot open RTCP", name_);
    }
    return;
  }
  wire::RtcpWalk walk(BytesView{datagram.bytes}.first(*opened));
  wire::RtcpPacket packet;
  bool first = true, report_first = false, any_report = false, any_name = false;
  while (walk.next(packet)) {
    const bool report = packet.type == wire::RtcpType::sender_report || packet.type == wire::RtcpType::receiver_report;
    if (first) report_first = report;
    first = false;
    any_report |= report;
    any_name |= packet.type == wire::RtcpType::source_description;
    on_rtcp(packet, datagram.sent_at);
  }
  if (walk.failed() || first) world_.violations.add(now(), "{} was sent malformed RTCP", name_);
  if (any_report && !(report_first && any_name))
    world_.violations.add(now(), "{} was sent RTCP without report or name", name_);
}

void DirectClient::join() {
  const auto local = session::make_ice_credentials(random());
  const auto remote = server_.make_credentials();
  server_ufrag_ = remote.ufrag;
  auto command = std::make_unique<media::CreatePeer>();
  command->peer = peer();
  command->transport = {
      .role = session::TransportRole::server, .local = remote, .remote = local, .remote_fingerprint = fingerprint()};
  command->cname = "sim";
  describe(*command);
  server_.command(std::move(command));
  connect(local, remote, server_.fingerprint());
}

void DirectClient::restart_ice() {
  if (!joined()) return;
  const auto local = session::make_ice_credentials(random());
  const auto remote = server_.renew_credentials(server_ufrag_);
  server_.command(media::RestartIce{.peer = peer(), .local = remote, .remote = local});
  Client::restart_ice(local, remote);
}

}  // namespace bridgehall::sim
