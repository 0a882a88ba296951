#include "session/transport.h"

#include <algorithm>

#include "base/check.h"
#include "session/ice_client.h"
#include "session/ice_lite.h"
#include "session/transport_outbox.h"

namespace bridgehall::session {

static_assert(Transport::kConsentTimeout == Consent::kTimeout);

struct Transport::State {
  State(TransportConfiguration&& configuration, crypto::DtlsFactory& factory, RandomSource& random, TimePoint now);

  void after_ice(TimePoint now);
  void start_dtls(TimePoint now);
  void after_dtls();
  void send_dtls();
  void end(CloseReason reason);

  crypto::DtlsFactory& dtls_factory;
  const TransportRole role;
  crypto::Fingerprint remote_fingerprint;
  TransportOutbox out;
  std::unique_ptr<IceAgent> ice;
  IceClient* ice_client = nullptr;  // `ice`, when it is one
  // Made when the first path is valid: who has not passed ICE costs no TLS state.
  std::unique_ptr<crypto::DtlsSession> dtls;
  std::uint64_t dtls_dropped = 0;  // of dtls->dropped(), already counted
  std::optional<crypto::Sealer> sealer;
  std::optional<crypto::Opener> opener;
  NetworkPath path;
  TimePoint connect_deadline;
  bool closed = false;
};

Transport::State::State(TransportConfiguration&& configuration, crypto::DtlsFactory& factory, RandomSource& random,
                        TimePoint now)
    : dtls_factory(factory),
      role(configuration.role),
      remote_fingerprint(std::move(configuration.remote_fingerprint)),
      connect_deadline(now + kConnectTimeout) {
  if (role == TransportRole::server) {
    ice = std::make_unique<IceLite>(std::move(configuration.local), std::move(configuration.remote));
  } else {
    auto client = std::make_unique<IceClient>(std::move(configuration.local), std::move(configuration.remote),
                                              configuration.remote_candidate, random, now);
    ice_client = client.get();
    ice = std::move(client);
  }
  ice->handle_timeout(now, out);  // a client's first check
}

// Follows the agent: where to send, whether to begin DTLS, whether all is over.
void Transport::State::after_ice(TimePoint now) {
  if (ice->consent_lost()) return end(CloseReason::consent_lost);
  const auto* selected = ice->selected_path();
  if (selected == nullptr) return;
  path = *selected;
  if (!dtls) start_dtls(now);
}

void Transport::State::start_dtls(TimePoint now) {
  const bool server = role == TransportRole::server;
  dtls = dtls_factory.make_session(server ? crypto::DtlsRole::server : crypto::DtlsRole::client, remote_fingerprint);
  dtls->start(now);
  after_dtls();
}

void Transport::State::after_dtls() {
  send_dtls();
  const auto dropped = dtls->dropped();
  out.count_drops(TransportDrop::dtls_malformed, static_cast<std::uint32_t>(dropped - dtls_dropped));
  dtls_dropped = dropped;
  switch (dtls->state()) {
    case crypto::DtlsState::handshaking:
      return;
    case crypto::DtlsState::connected: {
      if (sealer) return;
      const auto& keys = dtls->keys();
      BRIDGEHALL_CHECK(keys.has_value());
      sealer.emplace(keys->suite, keys->local);
      opener.emplace(keys->suite, keys->remote);
      connect_deadline = kNever;
      return out.event({TransportEvent::Kind::connected, path});
    }
    case crypto::DtlsState::failed:
      return end(CloseReason::handshake_failed);
    case crypto::DtlsState::closed:
      return end(CloseReason::peer_closed);
  }
}

void Transport::State::send_dtls() {
  std::vector<std::uint8_t> datagram;
  while (dtls->poll_transmit(datagram)) out.send(path, std::move(datagram));
}

void Transport::State::end(CloseReason reason) {
  closed = true;
  out.event({TransportEvent::Kind::closed, path, reason});
}

Transport::Transport(TransportConfiguration configuration, crypto::DtlsFactory& dtls, RandomSource& random,
                     TimePoint now)
    : state_(std::make_unique<State>(std::move(configuration), dtls, random, now)) {}

Transport::~Transport() = default;

void Transport::handle_stun(BytesView datagram, const NetworkPath& path, TimePoint now) {
  auto& s = *state_;
  if (s.closed) return;
  if (!s.out.has_room_for_events()) return s.out.drop(TransportDrop::stun_unexpected);
  s.ice->handle_stun(datagram, path, now, s.out);
  s.after_ice(now);
}

void Transport::handle_dtls(BytesView datagram, const NetworkPath& path, TimePoint now) {
  auto& s = *state_;
  if (s.closed) return;
  if (!s.ice->is_valid(path)) return s.out.drop(TransportDrop::dtls_before_check);
  s.dtls->handle_datagram(datagram, now);
  s.after_dtls();
}

bool Transport::poll_transmit(OutgoingDatagram& out) { return state_->out.pop(out); }
std::optional<TransportEvent> Transport::poll_event() { return state_->out.pop_event(); }

TimePoint Transport::next_deadline() const {
  const auto& s = *state_;
  if (s.closed) return kNever;
  const std::array deadlines{
      s.connect_deadline,                         // kNever once connected
      s.ice->next_deadline(),                     // next check (client), end of a path's consent
      s.dtls ? s.dtls->next_deadline() : kNever,  // last flight again
  };
  return *std::min_element(deadlines.begin(), deadlines.end());
}

void Transport::handle_timeout(TimePoint now) {
  auto& s = *state_;
  if (s.closed) return;
  if (now >= s.connect_deadline) return s.end(CloseReason::connect_timeout);
  s.ice->handle_timeout(now, s.out);
  s.after_ice(now);
  if (s.closed || !s.dtls || now < s.dtls->next_deadline()) return;
  s.dtls->handle_timeout(now);
  s.after_dtls();
}

void Transport::restart_ice(IceCredentials local, IceCredentials remote, TimePoint now) {
  auto& s = *state_;
  if (!s.closed) s.ice->restart(std::move(local), std::move(remote), now, s.out);
}

void Transport::recheck_path(TimePoint now) {
  auto& s = *state_;
  if (!s.closed && s.ice_client != nullptr) s.ice_client->recheck(now, s.out);
}

void Transport::lose_path(const TransportAddress& remote, TimePoint now) {
  auto& s = *state_;
  if (s.closed) return;
  s.ice->lose_path(remote, s.out);
  s.after_ice(now);
}

void Transport::close() {
  auto& s = *state_;
  if (s.closed) return;
  if (s.dtls) {
    s.dtls->close();
    s.send_dtls();
  }
  s.end(CloseReason::requested);
}

bool Transport::connected() const { return state_->sealer.has_value() && !state_->closed; }
const NetworkPath& Transport::path() const { return state_->path; }
std::optional<TimePoint> Transport::last_check_from(const TransportAddress& remote) const {
  return state_->ice->last_check_from(remote);
}
const IceCredentials& Transport::local_credentials() const { return state_->ice->local_credentials(); }

crypto::Sealer& Transport::sealer() {
  BRIDGEHALL_CHECK(state_->sealer.has_value());
  return *state_->sealer;
}

const crypto::Sealer& Transport::sealer() const {
  BRIDGEHALL_CHECK(state_->sealer.has_value());
  return *state_->sealer;
}
void Transport::prefetch_sealer() const { __builtin_prefetch(&state_->sealer); }

crypto::Opener& Transport::opener() {
  BRIDGEHALL_CHECK(state_->opener.has_value());
  return *state_->opener;
}

std::optional<Duration> Transport::round_trip_time() const { return state_->ice->round_trip_time(); }

std::array<std::uint32_t, static_cast<std::size_t>(TransportDrop::count)> Transport::take_drops() {
  return state_->out.take_drops();
}

}  // namespace bridgehall::session
