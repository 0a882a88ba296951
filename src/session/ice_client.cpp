#include "session/ice_client.h"

#include <algorithm>

#include "session/ice_checks.h"
#include "session/stun_integrity.h"

namespace bridgehall::session {

namespace {
// RFC 8445 section 5.1.2.1: of the peer-reflexive candidate that a check may make.
constexpr std::uint32_t kPriority = 110u << 24 | 65'535u << 8 | 255u;
}  // namespace

IceClient::IceClient(IceCredentials local, IceCredentials remote, const SocketAddress& server, RandomSource& random,
                     TimePoint now)
    : local_(std::move(local)),
      remote_(std::move(remote)),
      path_{.local = {}, .remote = server},
      random_(random),
      tie_breaker_(random.u64()),
      next_check_(now) {}

// A server's errors have no remedy here: only a success that answers a check of ours counts. A lite server sends no
// checks; one that is not waits for answers to its own before it takes the path.
void IceClient::handle_stun(BytesView datagram, const NetworkPath& path, TimePoint now, TransportOutbox& out) {
  const auto message = wire::parse_stun(datagram);
  if (!message) return out.drop(TransportDrop::stun_malformed);
  if (message->message_class == wire::StunClass::request && message->method == wire::kStunBinding &&
      path.remote == path_.remote && is_check_username(message->username, local_, remote_)) {
    if (!is_authentic(datagram, *message, local_.password)) return out.drop(TransportDrop::stun_integrity);
    return answer_check(*message, path, local_.password, out);
  }
  auto* check = find(message->transaction);
  // RFC 8445 section 7.2.5.2.1: the answer must come from where the check went.
  if (message->message_class != wire::StunClass::success || message->method != wire::kStunBinding || check == nullptr ||
      path.remote != path_.remote)
    return out.drop(TransportDrop::stun_unexpected);
  if (!is_authentic(datagram, *message, remote_.password)) return out.drop(TransportDrop::stun_integrity);

  round_trip_time_ = now - check->sent;
  check->sent = kNever;
  answered_ = true;
  next_check_ = now + Consent::interval(random_);
  if (consent_) return consent_->renew(now);
  consent_.emplace(now);
  out.event({TransportEvent::Kind::path_validated, path_});
  out.event({TransportEvent::Kind::path_selected, path_});
}

TimePoint IceClient::next_deadline() const {
  if (consent_lost_) return kNever;
  return std::min(next_check_, consent_ ? consent_->deadline() : kNever);
}

void IceClient::handle_timeout(TimePoint now, TransportOutbox& out) {
  if (consent_lost_) return;
  if (consent_ && consent_->lost(now)) {
    out.event({TransportEvent::Kind::path_forgotten, path_});
    consent_.reset();
    consent_lost_ = true;
  } else if (now >= next_check_) {
    send_check(now, out);
  }
}

void IceClient::restart(IceCredentials local, IceCredentials remote, TimePoint now, TransportOutbox& out) {
  local_ = std::move(local);
  remote_ = std::move(remote);
  checks_.fill({});
  recheck(now, out);
}

void IceClient::recheck(TimePoint now, TransportOutbox& out) {
  if (consent_lost_) return;
  answered_ = false;
  timeout_ = kFirstTimeout;
  send_check(now, out);
}

void IceClient::send_check(TimePoint now, TransportOutbox& out) {
  auto& check = checks_[next_slot_++ % checks_.size()];
  random_.fill(check.transaction);
  check.sent = now;
  if (answered_) {
    next_check_ = now + Consent::interval(random_);
  } else {
    next_check_ = now + timeout_;
    timeout_ = std::min(timeout_ * 2, kLongestTimeout);
  }

  std::array<std::uint8_t, wire::kStunMaxMessage> buffer;
  wire::StunWriter writer{buffer, wire::StunClass::request, wire::kStunBinding, check.transaction};
  writer.username(remote_.ufrag + ":" + local_.ufrag);
  writer.priority(kPriority);
  writer.ice_controlling(tie_breaker_);
  writer.use_candidate();
  const auto size = seal_stun(writer, remote_.password);
  out.send(path_, {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)});
}

IceClient::Check* IceClient::find(const wire::StunTransactionId& transaction) {
  const auto found = std::find_if(checks_.begin(), checks_.end(), [&](const Check& check) {
    return check.sent != kNever && check.transaction == transaction;
  });
  return found == checks_.end() ? nullptr : &*found;
}

}  // namespace bridgehall::session
