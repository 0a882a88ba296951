#include "load/peer_link.h"

#include <array>
#include <cstring>

#include "wire/rtp.h"

namespace bridgehall::load {

PeerLink::PeerLink(const session::ClientEnd& local, const session::Agreed& agreed, crypto::DtlsFactory& dtls,
                   RandomSource& random, TimePoint now)
    : transport_({.role = session::TransportRole::client,
                  .local = local.credentials,
                  .remote = agreed.remote_credentials,
                  .remote_fingerprint = agreed.remote_fingerprint,
                  .remote_candidate = agreed.candidates.front()},
                 dtls, random, now) {}

bool PeerLink::handle_control(BytesView datagram, const NetworkPath& path, TimePoint now) {
  switch (wire::classify_datagram(datagram)) {
    case wire::DatagramKind::stun:
      transport_.handle_stun(datagram, path, now);
      break;
    case wire::DatagramKind::dtls:
      transport_.handle_dtls(datagram, path, now);
      break;
    case wire::DatagramKind::unknown:
      break;
    default:
      return false;
  }
  drain_events(now);
  return true;
}

std::optional<BytesView> PeerLink::open_rtcp(MutableBytes datagram) {
  if (!connected()) return std::nullopt;
  const auto size = transport_.opener().open_rtcp(datagram);
  if (!size) return std::nullopt;
  return BytesView{datagram.first(*size)};
}

void PeerLink::handle_timeout(TimePoint now) {
  if (transport_.next_deadline() > now) return;
  transport_.handle_timeout(now);
  drain_events(now);
}

void PeerLink::drain_events(TimePoint now) {
  while (const auto event = transport_.poll_event()) {
    if (event->kind == session::TransportEvent::Kind::connected && !connected_at_) connected_at_ = now;
    if (event->kind == session::TransportEvent::Kind::closed) closed_ = event->reason;
  }
}

void PeerLink::send_rtcp(BytesView compound) {
  if (!connected() || compound.empty()) return;
  std::vector<std::uint8_t> datagram(compound.size() + crypto::rtcp_overhead(crypto::SrtpSuite::aead_aes_128_gcm));
  std::memcpy(datagram.data(), compound.data(), compound.size());
  const auto size = transport_.sealer().seal_rtcp(datagram, compound.size());
  datagram.resize(size);
  if (size != 0) send(std::move(datagram));
}

void PeerLink::send(std::vector<std::uint8_t> datagram) {
  if (queue_.size() < kMaxQueue) queue_.push_back({transport_.path(), std::move(datagram)});
}

bool PeerLink::poll_transmit(session::OutgoingDatagram& out) {
  if (transport_.poll_transmit(out)) return true;
  if (queue_.empty()) return false;
  out = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

}  // namespace bridgehall::load
