// The client's end of ICE: a controlling agent (RFC 8445) with one remote candidate, that of a lite server, so it
// nominates with its first check. Owned by its Transport; used by the load generator and the simulator.
#pragma once

#include <array>

#include "session/consent.h"
#include "session/ice_agent.h"
#include "wire/stun.h"

namespace bridgehall::session {

class IceClient final : public IceAgent {
 public:
  static constexpr Duration kFirstTimeout = 100ms;  // doubles with each check until one is answered
  static constexpr Duration kLongestTimeout = 1'600ms;

  IceClient(IceCredentials local, IceCredentials remote, const SocketAddress& server, RandomSource& random,
            TimePoint now);

  void handle_stun(BytesView datagram, const NetworkPath& path, TimePoint now, TransportOutbox& out) override;
  TimePoint next_deadline() const override;
  void handle_timeout(TimePoint now, TransportOutbox& out) override;
  void restart(IceCredentials local, IceCredentials remote, TimePoint now, TransportOutbox& out) override;
  // Checks quickly again until one is answered: the local address has changed.
  void recheck(TimePoint now, TransportOutbox& out);

  bool is_valid(const NetworkPath& path) const override { return consent_ && path.remote == path_.remote; }
  const NetworkPath* selected_path() const override { return consent_ ? &path_ : nullptr; }
  bool consent_lost() const override { return consent_lost_; }
  const IceCredentials& local_credentials() const override { return local_; }
  std::optional<Duration> round_trip_time() const override { return round_trip_time_; }

 private:
  struct Check {
    wire::StunTransactionId transaction{};
    TimePoint sent = kNever;  // kNever: answered, or never sent
  };

  void send_check(TimePoint now, TransportOutbox& out);
  Check* find(const wire::StunTransactionId& transaction);

  IceCredentials local_;
  IceCredentials remote_;
  NetworkPath path_;  // local stays unspecified: the kernel chooses
  RandomSource& random_;
  std::uint64_t tie_breaker_;
  // Each check is a transaction of its own, so that an answer tells which one it is for and the round trip is exact.
  // Eight span more than ten seconds of unanswered checks.
  std::array<Check, 8> checks_;
  std::size_t next_slot_ = 0;
  TimePoint next_check_;
  Duration timeout_ = kFirstTimeout;
  bool answered_ = false;  // since the start, the last restart or recheck
  std::optional<Consent> consent_;
  bool consent_lost_ = false;
  std::optional<Duration> round_trip_time_;
};

}  // namespace bridgehall::session
