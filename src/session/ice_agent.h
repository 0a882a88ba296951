// What a transport asks of its end of ICE, whichever it is: ice_lite.h (server) or ice_client.h (client). Both know
// which paths are valid, which one is selected, and whether the peer still consents to be sent to.
#pragma once

#include <optional>

#include "session/transport.h"
#include "session/transport_outbox.h"

namespace bridgehall::session {

class IceAgent {
 public:
  virtual ~IceAgent() = default;

  virtual void handle_stun(BytesView datagram, const NetworkPath& path, TimePoint now, TransportOutbox& out) = 0;
  virtual TimePoint next_deadline() const = 0;
  virtual void handle_timeout(TimePoint now, TransportOutbox& out) = 0;
  virtual void restart(IceCredentials local, IceCredentials remote, TimePoint now, TransportOutbox& out) = 0;

  virtual bool is_valid(const NetworkPath& path) const = 0;
  // nullptr until a path is valid, and again when consent is lost.
  virtual const NetworkPath* selected_path() const = 0;
  virtual bool consent_lost() const = 0;
  virtual const IceCredentials& local_credentials() const = 0;
  // When the last authenticated check came from that address; of a client, which gets none, nothing.
  virtual std::optional<TimePoint> last_check_from(const TransportAddress&) const { return std::nullopt; }
  // Nothing can be sent there any more; another path is taken where there is one.
  virtual void lose_path(const TransportAddress&, TransportOutbox&) {}
  virtual std::optional<Duration> round_trip_time() const { return std::nullopt; }
};

}  // namespace bridgehall::session
