// WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) without sockets: a request goes in, an answer comes out at once or,
// when the media core has to speak first, later under the request's ticket. Owned by Control; control thread. Bounds:
// one waiting answer per HTTP connection; MediaReplies ends each wait, and then the disk's answer.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/random.h"
#include "conference/host.h"
#include "web/authentication.h"
#include "web/ice_servers.h"
#include "web/instant.h"
#include "web/local_ends.h"
#include "web/media_replies.h"
#include "web/message.h"
#include "web/recorded_replies.h"

namespace bridgehall::web {

// A request's name while its answer is awaited; given by whoever owns the connection.
using Ticket = std::uint64_t;

struct Answer {
  Ticket ticket = 0;
  Response response;
};

// What a path like /whip/demo/hall/5f… names.
struct SignallingResource {
  conference::SessionKind kind{};
  std::string conference;
  std::string publication;  // of WHEP: names with commas between; empty: the conference's stage
  std::string session;      // empty: the endpoint
};

class Signalling {
 public:
  Signalling(IceServers& ice_servers, conference::Host& host, LocalEnds& local_ends);

  // What any method needs before it is authenticated: preflights, wrong methods, wrong content types. nullopt: go on.
  std::optional<Response> check(const SignallingResource& resource, const Request& request) const;
  // POST, PATCH or DELETE of someone known. nullopt: the answer comes later.
  std::optional<Response> handle(Ticket ticket, const SignallingResource& resource, const Request& request,
                                 const Identity& identity, const Instant& now);

  // To the answer of an OPTIONS that came with a good token.
  void add_ice_servers(Response& response, const Instant& now);

  void handle_event(const media::Event& event);
  void handle_committed();
  void handle_commit_failed(std::uint64_t from);
  std::optional<Answer> poll_answer();
  TimePoint next_deadline() const;
  void handle_timeout(const Instant& now);

  static void add_cors(Headers& headers);

 private:
  // Waits for the media core, and for the disk after that.
  struct Awaited {
    Answer answer;
    conference::Accepted accepted;
  };

  std::optional<Response> publish(Ticket, const SignallingResource&, const Request&, const Identity&, const Instant&);
  std::optional<Response> view(Ticket, const SignallingResource&, const Request&, const Identity&, const Instant&);
  std::optional<Response> view_stage(Ticket, const SignallingResource&, const Request&, const Identity&,
                                     const Instant&);
  std::optional<Response> patch(Ticket, const conference::Session&, const Request&, const Instant&);
  conference::SessionOrder make_order(const SignallingResource&, const Identity&);
  void await_creation(Ticket, const SignallingResource&, const conference::Admitted&, std::string answer,
                      const Instant&);
  void settle(MediaReplies<Awaited>::Waiting waiting, Outcome outcome);

  IceServers& ice_servers_;
  conference::Host& host_;
  conference::Directory& directory_;
  LocalEnds& local_ends_;
  MediaReplies<Awaited> waiting_;
  RecordedReplies<Answer> unrecorded_;
  std::deque<Answer> answers_;
};

}  // namespace bridgehall::web
