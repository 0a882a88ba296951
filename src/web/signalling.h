// WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) without sockets: a request goes in, an answer comes out at once or,
// when the media core has to speak first, later under the request's ticket. Owned by Control; control thread. Bounds:
// one waiting answer per HTTP connection; kAnswerTimeout ends each wait.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/random.h"
#include "conference/directory.h"
#include "crypto/dtls.h"
#include "web/authentication.h"
#include "web/message.h"

namespace bridgehall::web {

// A request's name while its answer is awaited; given by whoever owns the connection.
using Ticket = std::uint64_t;

struct Answer {
  Ticket ticket = 0;
  Response response;
};

struct SignallingSettings {
  crypto::Fingerprint fingerprint;
  std::uint16_t media_port = 0;
  // Values of Link header fields: <stun:stun.example.org>; rel="ice-server".
  std::vector<std::string> ice_server_links;
};

// What a path like /whip/demo/stage/5f… names.
struct SignallingResource {
  conference::SessionKind kind{};
  std::string conference;
  std::string publication;
  std::string session;  // empty: the endpoint
};

class Signalling {
 public:
  static constexpr Duration kAnswerTimeout = 5s;

  Signalling(SignallingSettings settings, conference::Directory& directory, RandomSource& random);

  // The machine's addresses that candidates are made of.
  void set_addresses(std::vector<IpAddress> addresses) { addresses_ = std::move(addresses); }

  // What any method needs before it is authenticated: preflights, wrong methods, wrong content types. nullopt: go on.
  std::optional<Response> check(const SignallingResource& resource, const Request& request) const;
  // POST, PATCH or DELETE of someone known. nullopt: the answer comes later.
  std::optional<Response> handle(Ticket ticket, const SignallingResource& resource, const Request& request,
                                 const Identity& identity, TimePoint now);

  void handle_event(const media::Event& event);
  std::optional<Answer> poll_answer();
  TimePoint next_deadline() const;
  void handle_timeout(TimePoint now);

  static void add_cors(Headers& headers);

 private:
  struct Waiting {
    Ticket ticket = 0;
    Response success;
    TimePoint deadline;
    bool restart = false;  // else: a session being made
  };

  std::optional<Response> publish(Ticket, const SignallingResource&, const Request&, const Identity&, TimePoint);
  std::optional<Response> view(Ticket, const SignallingResource&, const Request&, const Identity&, TimePoint);
  std::optional<Response> patch(Ticket, const conference::Session&, const Request&, TimePoint);
  conference::SessionOrder make_order(const SignallingResource&, const Identity&);
  session::LocalEnd make_local_end(const conference::SessionOrder&, const Request&);
  void await_creation(Ticket, const SignallingResource&, const conference::Session&, std::string answer, TimePoint);
  std::vector<SocketAddress> candidates_for(const SocketAddress& client) const;
  void resolve(media::PeerId peer, bool restart, bool success);
  void resolve_all(media::PeerId peer);

  SignallingSettings settings_;
  conference::Directory& directory_;
  RandomSource& random_;
  std::vector<IpAddress> addresses_;
  // In the order of the commands, which is the order of the events.
  std::map<media::PeerId, std::deque<Waiting>> waiting_;
  std::deque<Answer> answers_;
};

}  // namespace bridgehall::web
