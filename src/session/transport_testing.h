// What tests of transports share: Binding requests made by hand, and a client and a server joined by a bad network in
// virtual time. Not for the program.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "session/stun_integrity.h"
#include "session/transport.h"
#include "wire/rtp.h"
#include "wire/stun.h"

namespace bridgehall::session::testing {

inline constexpr TimePoint kStart{1'000s};
inline const IceCredentials kServerCredentials{"serverUfrag", "serverPasswordServerPassword"};
inline const IceCredentials kClientCredentials{"clientUfrag", "clientPasswordClientPassword"};
inline const SocketAddress kServerAddress{IpAddress::v4(192, 0, 2, 1), 8443};

// The end of a message, which MESSAGE-INTEGRITY does not cover: renamed to an unknown attribute there it is ignored.
inline constexpr std::size_t kFingerprintSize = 8;

// The path from the server's address to client number `number`.
inline NetworkPath path_to(std::uint8_t number) {
  return {kServerAddress.ip, {IpAddress::v4(198, 51, 100, number), static_cast<std::uint16_t>(40'000 + number)}};
}

struct Request {
  std::string username = kServerCredentials.ufrag + ":" + kClientCredentials.ufrag;
  std::string password = kServerCredentials.password;
  std::uint32_t priority = 1'000;
  bool use_candidate = false;
  bool controlled = false;
  wire::StunClass message_class = wire::StunClass::request;
  std::uint8_t transaction = 1;
};

inline std::vector<std::uint8_t> make_request(const Request& request) {
  std::vector<std::uint8_t> bytes(wire::kStunMaxMessage);
  wire::StunTransactionId transaction{};
  transaction[0] = request.transaction;
  wire::StunWriter writer{bytes, request.message_class, wire::kStunBinding, transaction};
  writer.username(request.username);
  writer.priority(request.priority);
  if (request.controlled)
    writer.ice_controlled(1);
  else
    writer.ice_controlling(1);
  if (request.use_candidate) writer.use_candidate();
  bytes.resize(seal_stun(writer, request.password));
  return bytes;
}

inline std::vector<TransportEvent> take_events(Transport& transport) {
  std::vector<TransportEvent> events;
  while (const auto event = transport.poll_event()) events.push_back(*event);
  return events;
}

inline std::vector<OutgoingDatagram> take_datagrams(Transport& transport) {
  std::vector<OutgoingDatagram> datagrams;
  for (OutgoingDatagram datagram; transport.poll_transmit(datagram);) datagrams.push_back(std::move(datagram));
  return datagrams;
}

inline bool has_event(const std::vector<TransportEvent>& events, TransportEvent::Kind kind) {
  for (const auto& event : events)
    if (event.kind == kind) return true;
  return false;
}

struct NetworkFaults {
  double loss = 0;
  double duplication = 0;
  Duration least_delay = 10ms;
  Duration most_delay = 10ms;  // each datagram its own: so they overtake each other
};

// A client and a server transport in virtual time. The client's address may change on the way, as behind a NAT.
class TransportPair {
 public:
  struct End {
    Transport transport;
    std::vector<TransportEvent> events;

    bool has(TransportEvent::Kind kind) const { return has_event(events, kind); }
  };

  TransportPair(crypto::DtlsFactory& server_dtls, crypto::DtlsFactory& client_dtls, RandomSource& random,
                NetworkFaults faults = {})
      : random_(random),
        faults_(faults),
        server_{Transport{{.role = TransportRole::server,
                           .local = kServerCredentials,
                           .remote = kClientCredentials,
                           .remote_fingerprint = client_dtls.local_fingerprint()},
                          server_dtls,
                          random,
                          now_},
                {}},
        client_{Transport{{.role = TransportRole::client,
                           .local = kClientCredentials,
                           .remote = kServerCredentials,
                           .remote_fingerprint = server_dtls.local_fingerprint(),
                           .remote_candidate = kServerAddress},
                          client_dtls,
                          random,
                          now_},
                {}} {
    collect();
  }

  End& server() { return server_; }
  End& client() { return client_; }
  TimePoint now() const { return now_; }
  bool connected() const { return server_.transport.connected() && client_.transport.connected(); }
  void set_faults(NetworkFaults faults) { faults_ = faults; }
  void move_client_to(std::uint8_t number) { client_number_ = number; }
  NetworkPath client_path() const { return path_to(client_number_); }

  // Runs until `done()` or `end`; true when done.
  template <class Done>
  bool run_until(TimePoint end, Done&& done) {
    collect();
    while (!done()) {
      const auto next = next_time();
      if (next > end) {
        now_ = end;
        return false;
      }
      now_ = std::max(now_, next);
      deliver();
      for (auto* side : {&server_, &client_}) {
        if (side->transport.next_deadline() > now_) continue;
        side->transport.handle_timeout(now_);
        stuck_ |= side->transport.next_deadline() <= now_;
      }
      collect();
    }
    return true;
  }
  void run_for(Duration duration) {
    run_until(now_ + duration, [] { return false; });
  }
  bool connect_within(Duration duration) {
    return run_until(now_ + duration, [this] { return connected(); });
  }
  // Whether a deadline lay in the past after it was handled.
  bool stuck() const { return stuck_; }

 private:
  struct InFlight {
    bool to_server;
    NetworkPath path;  // as the receiver sees it
    std::vector<std::uint8_t> bytes;
  };

  TimePoint next_time() const {
    auto next = std::min(server_.transport.next_deadline(), client_.transport.next_deadline());
    if (!in_flight_.empty()) next = std::min(next, in_flight_.begin()->first);
    return next;
  }

  void deliver() {
    while (!in_flight_.empty() && in_flight_.begin()->first <= now_) {
      const auto datagram = std::move(in_flight_.begin()->second);
      in_flight_.erase(in_flight_.begin());
      auto& transport = (datagram.to_server ? server_ : client_).transport;
      if (wire::classify_datagram(datagram.bytes) == wire::DatagramKind::stun)
        transport.handle_stun(datagram.bytes, datagram.path, now_);
      else
        transport.handle_dtls(datagram.bytes, datagram.path, now_);
    }
  }

  void collect() {
    for (auto* side : {&server_, &client_}) {
      for (auto& event : take_events(side->transport)) side->events.push_back(event);
      for (auto& datagram : take_datagrams(side->transport)) send(side == &client_, datagram);
    }
  }

  void send(bool to_server, const OutgoingDatagram& datagram) {
    // What the server sends to an address that the client has left is lost.
    if (!to_server && datagram.path != client_path()) return;
    const auto path = to_server ? client_path() : NetworkPath{client_path().remote.ip, kServerAddress};
    const int copies = random_.chance(faults_.duplication) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (random_.chance(faults_.loss)) continue;
      const auto spread = static_cast<std::uint64_t>((faults_.most_delay - faults_.least_delay).count());
      const auto delay = faults_.least_delay + Duration{random_.below(spread + 1)};
      in_flight_.emplace(now_ + delay, InFlight{to_server, path, datagram.bytes});
    }
  }

  RandomSource& random_;
  NetworkFaults faults_;
  TimePoint now_ = kStart;
  std::uint8_t client_number_ = 1;
  End server_;
  End client_;
  std::multimap<TimePoint, InFlight> in_flight_;
  bool stuck_ = false;
};

}  // namespace bridgehall::session::testing
