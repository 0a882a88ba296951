#include "session/ice_lite.h"

#include <algorithm>
#include <array>
#include <utility>

#include "session/ice_checks.h"
#include "session/stun_integrity.h"

namespace bridgehall::session {

namespace {

constexpr std::uint16_t kRoleConflict = 487;

// We are lite, hence always controlled (RFC 8445 section 6.1.1): a peer that says it is controlled must change its
// mind.
void refuse_role(const wire::StunMessage& request, const NetworkPath& path, std::string_view password,
                 TransportOutbox& out) {
  std::array<std::uint8_t, 128> buffer;
  wire::StunWriter writer{buffer, wire::StunClass::error, wire::kStunBinding, request.transaction};
  writer.error_code(kRoleConflict, "Role Conflict");
  const auto size = seal_stun(writer, password);
  out.send(path, {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)});
}

}  // namespace

// RFC 8489 section 9.1.3 would have us answer 400 and 401 to requests that are not authentic. We do not: the source of
// such a request may be forged, and silence is the only answer that cannot be turned against it. Browsers do not need
// it.
void IceLite::handle_stun(BytesView datagram, const NetworkPath& path, TimePoint now, TransportOutbox& out) {
  const auto request = wire::parse_stun(datagram);
  if (!request) return out.drop(TransportDrop::stun_malformed);
  if (request->message_class != wire::StunClass::request || request->method != wire::kStunBinding)
    return out.drop(TransportDrop::stun_unexpected);
  const auto* generation = addressed_generation(request->username);
  if (generation == nullptr) return out.drop(TransportDrop::stun_unexpected);
  if (!is_authentic(datagram, *request, generation->local.password)) return out.drop(TransportDrop::stun_integrity);
  if (request->unknown_comprehension_required != 0) return out.drop(TransportDrop::stun_unexpected);

  if (request->ice_controlled) return refuse_role(*request, path, generation->local.password, out);
  answer_check(*request, path, generation->local.password, out);

  const bool first_of_generation = generation != &current_;
  if (first_of_generation) {
    current_ = std::move(*restarted_);
    restarted_.reset();
    for (auto& old : paths_) old.nominated = false;
  }
  auto& checked = learn(path, now, out);
  checked.priority = request->priority.value_or(0);
  const bool wins = request->use_candidate ? wins_nomination(checked, now) : replaces_selected(checked, now);
  checked.nominated = request->use_candidate;
  // Media need not wait for a nomination: until then the first path that works carries them.
  if (wins || first_of_generation || !selected_) select(path, out);
}

const IceLite::Generation* IceLite::addressed_generation(std::string_view username) const {
  if (restarted_ && restarted_->is_for(username)) return &*restarted_;
  return current_.is_for(username) ? &current_ : nullptr;
}

IceLite::Path& IceLite::learn(const NetworkPath& path, TimePoint now, TransportOutbox& out) {
  if (auto* known = find(path)) {
    known->consent.renew(now);
    return *known;
  }
  if (paths_.size() == Transport::kMaxPaths) make_room(out);
  out.event({TransportEvent::Kind::path_validated, path});
  return paths_.emplace_back(Path{path, Consent{now}, now});
}

// Forgets the path that was silent for longest; never the one that carries media.
void IceLite::make_room(TransportOutbox& out) {
  const auto silent = std::min_element(paths_.begin(), paths_.end(), [&](const Path& a, const Path& b) {
    const bool a_carries = a.path == selected_;
    const bool b_carries = b.path == selected_;
    return a_carries != b_carries ? b_carries : a.consent.renewed() < b.consent.renewed();
  });
  out.event({TransportEvent::Kind::path_forgotten, silent->path});
  paths_.erase(silent);
}

// A path that becomes nominated wins at once: the peer has roamed. A peer of the aggressive kind nominates with every
// check on every path (RFC 5245 section 8.1.1.2); among those that live the priority decides, else each check would
// move the media.
bool IceLite::wins_nomination(const Path& path, TimePoint now) const {
  if (!path.nominated || !selected_) return true;
  const auto* selected = find(*selected_);
  if (selected == nullptr || !selected->nominated || path.priority >= selected->priority) return true;
  return now - selected->consent.renewed() >= kMissedCheck;  // its UDP has been cut off, say, and its TCP lives
}

// Some peers nominate once and then only renew consent (Firefox). When such a check comes from an address that is new,
// and not from where it was due, a NAT has rebound: the old address leads nowhere.
bool IceLite::replaces_selected(const Path& path, TimePoint now) const {
  if (!selected_ || path.learned_at != now) return false;
  const auto* selected = find(*selected_);
  return selected == nullptr || now - selected->consent.renewed() >= kMissedCheck;
}

void IceLite::select(const NetworkPath& path, TransportOutbox& out) {
  if (selected_ == path) return;
  selected_ = path;
  out.event({TransportEvent::Kind::path_selected, path});
}

TimePoint IceLite::next_deadline() const {
  TimePoint deadline = kNever;
  for (const auto& path : paths_) deadline = std::min(deadline, path.consent.deadline());
  return deadline;
}

void IceLite::handle_timeout(TimePoint now, TransportOutbox& out) {
  std::erase_if(paths_, [&](const Path& path) {
    if (!path.consent.lost(now)) return false;
    out.event({TransportEvent::Kind::path_forgotten, path.path});
    return true;
  });
  if (!selected_ || find(*selected_) != nullptr) return;
  // The selected path has gone silent, but the peer may be alive on another.
  if (select_freshest(out)) return;
  selected_.reset();
  consent_lost_ = true;
}

bool IceLite::select_freshest(TransportOutbox& out) {
  const auto freshest = std::max_element(paths_.begin(), paths_.end(), [](const Path& a, const Path& b) {
    return a.consent.renewed() < b.consent.renewed();
  });
  if (freshest == paths_.end()) return false;
  select(freshest->path, out);
  return true;
}

// The last path stays, for its consent measures how long the peer may still come back.
void IceLite::lose_path(const TransportAddress& remote, TransportOutbox& out) {
  const auto is_lost = [&](const Path& path) { return path.path.from() == remote; };
  if (std::all_of(paths_.begin(), paths_.end(), is_lost)) return;
  std::erase_if(paths_, [&](const Path& path) {
    if (!is_lost(path)) return false;
    out.event({TransportEvent::Kind::path_forgotten, path.path});
    return true;
  });
  if (selected_ && find(*selected_) == nullptr) select_freshest(out);
}

void IceLite::restart(IceCredentials local, IceCredentials remote, TimePoint, TransportOutbox&) {
  restarted_ = Generation{std::move(local), std::move(remote)};
}

bool IceLite::is_valid(const NetworkPath& path) const {
  return std::any_of(paths_.begin(), paths_.end(), [&](const Path& known) { return known.path == path; });
}

std::optional<TimePoint> IceLite::last_check_from(const TransportAddress& remote) const {
  std::optional<TimePoint> last;
  for (const auto& known : paths_)
    if (known.path.from() == remote) last = std::max(last.value_or(TimePoint::min()), known.consent.renewed());
  return last;
}

const IceLite::Path* IceLite::find(const NetworkPath& path) const {
  const auto found = std::find_if(paths_.begin(), paths_.end(), [&](const Path& known) { return known.path == path; });
  return found == paths_.end() ? nullptr : &*found;
}

IceLite::Path* IceLite::find(const NetworkPath& path) { return const_cast<Path*>(std::as_const(*this).find(path)); }

}  // namespace bridgehall::session
