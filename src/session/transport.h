// One peer's transport: ICE, consent, DTLS and the SRTP keys that come of it, for everything bundled (RFC 9143) on it.
// The server end is ICE-lite (RFC 8445 section 2.5), the client end a controlling agent with one remote candidate (the
// load generator and the simulator). Sans-IO: STUN and DTLS datagrams and `now` go in; datagrams and events are polled
// out. RTP and RTCP pass through sealer() and opener() without touching this object's state. Lives on one shard.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "crypto/dtls.h"
#include "crypto/srtp.h"

namespace bridgehall::session {

struct IceCredentials {
  std::string ufrag;     // 4–256 ice-chars (RFC 8839 section 5.4)
  std::string password;  // 22–256 ice-chars
  bool operator==(const IceCredentials&) const = default;
};

enum class TransportRole : std::uint8_t { server, client };

struct TransportConfiguration {
  TransportRole role = TransportRole::server;
  IceCredentials local;
  IceCredentials remote;
  crypto::Fingerprint remote_fingerprint;
  SocketAddress remote_candidate{};  // client role only: where the server listens
};

enum class CloseReason : std::uint8_t {
  requested,         // close() was called
  peer_closed,       // DTLS close_notify
  connect_timeout,   // no connection within kConnectTimeout of creation
  consent_lost,      // no authenticated check (server) or response (client) for 30 s (RFC 7675)
  handshake_failed,  // wrong fingerprint, or no common SRTP profile
};

// What can be dropped before it reaches media; counted by the owner through take_drops().
enum class TransportDrop : std::uint8_t {
  stun_malformed,
  stun_integrity,
  stun_unexpected,
  dtls_before_check,
  dtls_malformed,
  count
};

struct TransportEvent {
  enum class Kind : std::uint8_t {
    path_validated,  // an authenticated check came over `path`: the owner may route datagrams from it to this transport
    path_forgotten,  // ... may no longer (bound: kMaxPaths)
    path_selected,   // `path` is where we send from now on
    connected,       // DTLS done: sealer() and opener() exist
    closed,          // with `reason`; nothing comes after
  };
  Kind kind{};
  NetworkPath path{};
  CloseReason reason{};
};

struct OutgoingDatagram {
  NetworkPath path;
  std::vector<std::uint8_t> bytes;
};

class Transport {
 public:
  static constexpr std::size_t kMaxPaths = 8;
  static constexpr Duration kConnectTimeout = 30s;
  static constexpr Duration kConsentTimeout = 30s;  // RFC 7675 section 5.1

  Transport(TransportConfiguration configuration, crypto::DtlsFactory& dtls, RandomSource& random, TimePoint now);
  ~Transport();

  // STUN or DTLS (wire::classify_datagram). Over a path not yet validated only STUN is looked at.
  void handle_stun(BytesView datagram, const NetworkPath& path, TimePoint now);
  void handle_dtls(BytesView datagram, const NetworkPath& path, TimePoint now);
  bool poll_transmit(OutgoingDatagram& out);
  std::optional<TransportEvent> poll_event();
  TimePoint next_deadline() const;
  void handle_timeout(TimePoint now);

  // Server: new credentials from a PATCH (RFC 9725 section 4.5.1; RFC 8445 section 9). The old path keeps carrying
  // media until a check with the new credentials arrives; old credentials stay valid until then. Client: starts checks
  // with the new ones.
  void restart_ice(IceCredentials local, IceCredentials remote, TimePoint now);
  // Client: the local address changed (roaming); checks start anew over it. Nothing to do for a server.
  void recheck_path(TimePoint now);
  // Server: nothing can be sent to that address any more (a TCP connection has closed). Another path is taken where
  // there is one; otherwise the peer may still come back until its consent ends.
  void lose_path(const TransportAddress& remote, TimePoint now);
  // Tells the peer (DTLS close_notify) and ends; what is to be sent can still be polled.
  void close();

  bool connected() const;  // DTLS done and a path selected and consent alive
  const NetworkPath& path() const;
  // Server: when the last authenticated check came from that address; nullopt when none did, or it was forgotten.
  std::optional<TimePoint> last_check_from(const TransportAddress& remote) const;
  const IceCredentials& local_credentials() const;  // the newest: those of a restart from its beginning
  // Only when connected.
  crypto::Sealer& sealer();
  const crypto::Sealer& sealer() const;
  crypto::Opener& opener();
  // Asks the processor for what sealer() will read.
  void prefetch_sealer() const;
  // Round-trip time seen by STUN (client role); nullopt before the first response.
  std::optional<Duration> round_trip_time() const;
  // Drops since the last call, indexed by TransportDrop.
  std::array<std::uint32_t, static_cast<std::size_t>(TransportDrop::count)> take_drops();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The ufrag of ours that a Binding request is addressed to (the part of USERNAME before ':'), read without any
// authentication, so that a shard can find the peer. nullopt when it is not a Binding request with a USERNAME.
std::optional<std::string_view> addressed_ufrag(BytesView stun_datagram);

// Fresh credentials: ufrag of 8 and password of 24 ice-chars (RFC 8445 asks for 24 and 128 bits at least). `prefix` is
// put before the ufrag (it names the shard).
IceCredentials make_ice_credentials(RandomSource& random, std::string_view prefix = {});

}  // namespace bridgehall::session
