// The server's end of ICE: a lite agent (RFC 8445 section 2.5). It sends no checks; it answers those of its peer,
// learns the peer's addresses from them alone, and sends where the peer nominates. Owned by its Transport; at most
// kMaxPaths paths.
#pragma once

#include <vector>

#include "session/consent.h"
#include "session/ice_agent.h"
#include "session/ice_checks.h"
#include "wire/stun.h"

namespace bridgehall::session {

class IceLite final : public IceAgent {
 public:
  // The longest that a peer that nominates with every check leaves its path without one (libwebrtc: 2.5 s), and the
  // shortest time between two consent checks of one that does not (RFC 7675: 4 s).
  static constexpr Duration kMissedCheck = 3500ms;

  IceLite(IceCredentials local, IceCredentials remote) : current_{std::move(local), std::move(remote)} {}

  void handle_stun(BytesView datagram, const NetworkPath& path, TimePoint now, TransportOutbox& out) override;
  TimePoint next_deadline() const override;
  void handle_timeout(TimePoint now, TransportOutbox& out) override;
  void restart(IceCredentials local, IceCredentials remote, TimePoint now, TransportOutbox& out) override;

  bool is_valid(const NetworkPath& path) const override;
  std::optional<TimePoint> last_check_from(const TransportAddress& remote) const override;
  void lose_path(const TransportAddress& remote, TransportOutbox& out) override;
  const NetworkPath* selected_path() const override { return selected_ ? &*selected_ : nullptr; }
  bool consent_lost() const override { return consent_lost_; }
  // The newest: those of a restart from the moment it begins.
  const IceCredentials& local_credentials() const override { return restarted_ ? restarted_->local : current_.local; }

 private:
  struct Generation {
    IceCredentials local;
    IceCredentials remote;
    bool is_for(std::string_view username) const { return is_check_username(username, local, remote); }
  };
  struct Path {
    NetworkPath path;
    Consent consent;
    TimePoint learned_at{};
    std::uint32_t priority = 0;
    bool nominated = false;
  };

  const Generation* addressed_generation(std::string_view username) const;
  Path& learn(const NetworkPath& path, TimePoint now, TransportOutbox& out);
  void make_room(TransportOutbox& out);
  bool wins_nomination(const Path& path, TimePoint now) const;
  bool replaces_selected(const Path& path, TimePoint now) const;
  void select(const NetworkPath& path, TransportOutbox& out);
  bool select_freshest(TransportOutbox& out);
  Path* find(const NetworkPath& path);
  const Path* find(const NetworkPath& path) const;

  Generation current_;
  std::optional<Generation> restarted_;  // until the first check with it
  std::vector<Path> paths_;
  std::optional<NetworkPath> selected_;
  bool consent_lost_ = false;
};

}  // namespace bridgehall::session
