#include "web/signalling.h"

#include <algorithm>

#include <fmt/format.h>

#include "web/problem.h"
#include "web/viewed_names.h"

namespace bridgehall::web {
namespace {

using conference::DirectoryRefusal;
using conference::SessionKind;

constexpr std::string_view kSdp = "application/sdp";
constexpr std::string_view kFragment = "application/trickle-ice-sdpfrag";

std::string_view kind_path(SessionKind kind) { return kind == SessionKind::publish ? "whip" : "whep"; }

// RFC 9725 section 4.3.1: strong, names the ICE session.
std::string etag_of(const conference::Session& session) { return fmt::format("\"ice-{}\"", session.ice_generation); }

Response busy(std::string_view kind, std::string detail) {
  auto response = make_problem({503, kind, std::move(detail), {}});
  response.headers.add("Retry-After", "5");
  return response;
}

Response refused(DirectoryRefusal refusal, const SignallingResource& resource) {
  switch (refusal) {
    case DirectoryRefusal::unknown_conference:
      return make_problem({404, "unknown-conference",
                           fmt::format("There is no conference {} here.", resource.conference), "conference"});
    case DirectoryRefusal::name_in_use:
      return make_problem({409, "name-in-use",
                           fmt::format("Someone else is publishing as {} now.", resource.publication), "publication"});
    case DirectoryRefusal::nobody_publishes: {
      auto response = make_problem(
          {409, "not-live", fmt::format("Nobody is publishing as {} now; try again soon.", resource.publication),
           "publication"});
      response.headers.add("Retry-After", "2");
      return response;
    }
    case DirectoryRefusal::too_many_publications:
      return busy("full", "This conference has as many publications as it may have.");
    case DirectoryRefusal::too_many_sessions:
      return busy("full", "This conference has as many sessions as it may have.");
  }
  return busy("full", "This conference is full.");
}

Response refused(const conference::ViewRefusal& refusal, SignallingResource resource) {
  if (!refusal.names.empty()) resource.publication = fmt::format("{}", fmt::join(refusal.names, " or "));
  return refused(refusal.why, resource);
}

Response refused(const session::NegotiationError& error) {
  using session::Refusal;
  switch (error.refusal) {
    case Refusal::malformed:
      return make_problem({400, "sdp-malformed", error.message, error.field});
    case Refusal::no_fingerprint:
      return make_problem({400, "sdp-no-fingerprint", error.message, error.field});
    case Refusal::no_bundle:
      return make_problem({400, "sdp-no-bundle", error.message, error.field});
    case Refusal::no_ice:
      return make_problem({400, "sdp-no-ice", error.message, error.field});
    case Refusal::no_usable_media:
      return make_problem({406, "no-usable-media", error.message, error.field});
    case Refusal::no_common_codec:
      return make_problem({406, "no-common-codec", error.message, error.field});
  }
  return make_problem({400, "sdp-malformed", error.message, error.field});
}

Response wrong_method(std::string_view allow, const Request& request) {
  auto response = make_problem(
      {405, "method-not-allowed", fmt::format("{} is not possible here; {} are.", request.method, allow), {}});
  response.headers.add("Allow", std::string(allow));
  return response;
}

Response wrong_type(std::string_view expected, std::string_view header) {
  auto response = make_problem({415, "content-type", fmt::format("The body has to be {}.", expected), "Content-Type"});
  response.headers.add(std::string(header), std::string(expected));
  return response;
}

Response refused(const conference::CommandRefusal& refusal) {
  using conference::RefusalCode;
  switch (refusal.code) {
    case RefusalCode::locked:
      return make_problem({403, "locked", refusal.message, {}});
    case RefusalCode::full:
      return busy("full", refusal.message);
    case RefusalCode::not_recorded:
      return busy("not-recorded", refusal.message);
    default:
      return make_problem({409, "not-possible", refusal.message, refusal.field});
  }
}

}  // namespace

Signalling::Signalling(IceServers& ice_servers, conference::Host& host, LocalEnds& local_ends)
    : ice_servers_(ice_servers), host_(host), directory_(host.directory()), local_ends_(local_ends) {}

// RFC 9725 section 4.6: whoever proves to be allowed here may have the ICE servers before the offer. A preflight, which
// never carries a token, gets none: with them anybody could relay through the TURN servers.
void Signalling::add_ice_servers(Response& response, const Instant& now) {
  add_ice_server_links(response.headers, ice_servers_.make(unix_time(now)));
}

void Signalling::add_cors(Headers& headers) {
  headers.set("Access-Control-Allow-Origin", "*");
  headers.set("Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After, Accept-Post, Accept-Patch");
}

std::optional<Response> Signalling::check(const SignallingResource& resource, const Request& request) const {
  const bool endpoint = resource.session.empty();
  const std::string_view allow = endpoint ? "GET, HEAD, OPTIONS, POST" : "GET, HEAD, OPTIONS, PATCH, DELETE";
  if (request.method == "OPTIONS") {
    Response response;
    response.status = 204;
    response.headers.add("Allow", std::string(allow));
    response.headers.add("Access-Control-Allow-Methods", endpoint ? "POST, OPTIONS" : "PATCH, DELETE, OPTIONS");
    response.headers.add("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match");
    response.headers.add("Access-Control-Max-Age", "86400");
    if (endpoint)
      response.headers.add("Accept-Post", std::string(kSdp));
    else
      response.headers.add("Accept-Patch", std::string(kFragment));
    return response;
  }
  // RFC 9725 section 4.2: there is nothing to GET, which is not an error.
  if (request.method == "GET" || request.method == "HEAD") return Response{.status = 204};
  if (endpoint ? request.method != "POST" : request.method != "PATCH" && request.method != "DELETE")
    return wrong_method(allow, request);
  if (request.method == "POST" && media_type(request.headers) != kSdp) return wrong_type(kSdp, "Accept-Post");
  if (request.method == "PATCH" && media_type(request.headers) != kFragment)
    return wrong_type(kFragment, "Accept-Patch");
  return std::nullopt;
}

std::optional<Response> Signalling::handle(Ticket ticket, const SignallingResource& resource, const Request& request,
                                           const Identity& identity, const Instant& now) {
  if (!directory_.has_conference(resource.conference)) return refused(DirectoryRefusal::unknown_conference, resource);
  if (identity.conference != resource.conference) {
    return make_problem({403, "other-conference", "The token is for another conference.", "Authorization"});
  }
  if (resource.session.empty()) {
    if (resource.kind == SessionKind::stage) return view_stage(ticket, resource, request, identity, now);
    return resource.kind == SessionKind::publish ? publish(ticket, resource, request, identity, now)
                                                 : view(ticket, resource, request, identity, now);
  }
  const auto* session = directory_.find(resource.session);
  if (!session || session->kind != resource.kind || session->conference != resource.conference ||
      session->publication != resource.publication) {
    return make_problem({404, "unknown-session", "There is no such session; it may have ended.", {}});
  }
  if (!conference::may_control_session(identity.principal.role, identity.principal.subject, session->subject)) {
    return make_problem({403, "not-your-session", "This session was made with another token.", "Authorization"});
  }
  if (request.method == "PATCH") return patch(ticket, *session, request, now);
  host_.close(session->peer, now);
  return Response{.status = 200};
}

conference::SessionOrder Signalling::make_order(const SignallingResource& resource, const Identity& identity) {
  conference::SessionOrder order;
  order.conference = resource.conference;
  order.publication = resource.publication;
  order.principal = identity.principal;
  order.local = local_ends_.make_credentials();
  order.cname = local_ends_.make_cname();
  return order;
}

std::optional<Response> Signalling::publish(Ticket ticket, const SignallingResource& resource, const Request& request,
                                            const Identity& identity, const Instant& now) {
  if (!conference::is_valid_name(resource.publication)) return refuse_name(resource.publication);
  const auto& who = identity.principal;
  if (!conference::may_publish(who.role, who.subject, resource.publication)) {
    return make_problem({403, "may-not-publish",
                         who.role == conference::Role::viewer
                             ? "A viewer may not publish."
                             : fmt::format("With this token you publish as {}, under no other name.", who.subject),
                         "publication"});
  }
  const auto terms = directory_.publish_terms(resource.conference, resource.publication, who);
  if (!terms) return refused(terms.error(), resource);
  auto order = make_order(resource, identity);
  if (const auto allowed = host_.may_publish_now(order, now); !allowed) return refused(allowed.error());
  auto negotiated =
      session::answer_publisher(request.body, *terms, local_ends_.make(order.local, order.cname, request.peer));
  if (!negotiated) return refused(negotiated.error());
  order.negotiated = std::move(*negotiated);
  auto answer = std::move(order.negotiated.answer);
  const auto session = host_.publish(std::move(order), now);
  if (!session) return refused(session.error());
  await_creation(ticket, resource, *session, std::move(answer), now);
  return std::nullopt;
}

std::optional<Response> Signalling::view(Ticket ticket, const SignallingResource& resource, const Request& request,
                                         const Identity& identity, const Instant& now) {
  const auto names = read_viewed_names(resource.publication);
  if (!names) return names.error();
  if (!conference::may_view(identity.principal.role)) {
    return make_problem({403, "may-not-view", "This token does not allow viewing.", "Authorization"});
  }
  const auto terms = directory_.view_terms(resource.conference, *names);
  if (!terms) return refused(terms.error(), resource);
  auto order = make_order(resource, identity);
  auto negotiated =
      session::answer_viewer(request.body, *terms, local_ends_.make(order.local, order.cname, request.peer));
  if (!negotiated) return refused(negotiated.error());
  order.negotiated = std::move(*negotiated);
  auto answer = std::move(order.negotiated.answer);
  const auto* session = directory_.view(std::move(order), *terms, now.monotonic);
  await_creation(ticket, resource, {session, {}}, std::move(answer), now);
  return std::nullopt;
}

// One picture and one voice, whoever is on stage: slots that the conference fills.
std::optional<Response> Signalling::view_stage(Ticket ticket, const SignallingResource& resource,
                                               const Request& request, const Identity& identity, const Instant& now) {
  if (!conference::may_view(identity.principal.role)) {
    return make_problem({403, "may-not-view", "This token does not allow viewing.", "Authorization"});
  }
  const auto receives = session::receiving_media(request.body);
  if (!receives) return refused(receives.error());
  conference::ParticipantOrder order{.kind = SessionKind::stage,
                                     .conference = resource.conference,
                                     .principal = identity.principal,
                                     .local = local_ends_.make_credentials(),
                                     .cname = local_ends_.make_cname()};
  bool video = false, audio = false;
  for (const auto& media : *receives) {
    auto& taken = media.kind == wire::MediaKind::video ? video : audio;
    if (std::exchange(taken, true)) continue;
    order.slots.push_back(
        {media.mid, media.kind == wire::MediaKind::video ? media::SlotUse::stage : media::SlotUse::voice});
  }
  if (const auto terms = directory_.participant_terms(order); !terms) return refused(terms.error(), resource);
  auto negotiated =
      session::answer_participant(request.body, order.terms, local_ends_.make(order.local, order.cname, request.peer));
  if (!negotiated) return refused(negotiated.error());
  order.negotiated = std::move(*negotiated);
  auto answer = std::move(order.negotiated.answer);
  const auto* session = directory_.join(std::move(order), now.monotonic);
  await_creation(ticket, resource, {session, {}}, std::move(answer), now);
  return std::nullopt;
}

void Signalling::await_creation(Ticket ticket, const SignallingResource& resource, const conference::Admitted& admitted,
                                std::string answer, const Instant& now) {
  const auto& session = *admitted.session;
  Response created{.status = 201};
  created.headers.add("Content-Type", std::string(kSdp));
  created.headers.add("Location", session.kind == SessionKind::stage
                                      ? fmt::format("/whep/{}/~/{}", resource.conference, session.key)
                                      : fmt::format("/{}/{}/{}/{}", kind_path(resource.kind), resource.conference,
                                                    resource.publication, session.key));
  created.headers.add("ETag", etag_of(session));
  add_ice_server_links(created.headers, ice_servers_.make(unix_time(now)));
  created.body = std::move(answer);
  waiting_.await(session.peer, Asked::creation, {{ticket, std::move(created)}, admitted.accepted}, now.monotonic);
}

// RFC 9725 sections 4.3.1 to 4.3.3. If-Match names the ICE session; "*" (some clients quote it) goes with a restart.
std::optional<Response> Signalling::patch(Ticket ticket, const conference::Session& session, const Request& request,
                                          const Instant& now) {
  const auto if_match = request.headers.find("If-Match");
  if (!if_match) {
    return make_problem({428, "if-match-missing",
                         "A PATCH needs If-Match with the session's ETag, or * for an ICE restart.", "If-Match"});
  }
  const auto tag = trimmed(*if_match);
  if (tag != "*" && tag != "\"*\"" && tag != etag_of(session)) {
    return make_problem({412, "ice-session-replaced",
                         fmt::format("The session's ICE generation is {} now.", etag_of(session)), "If-Match"});
  }
  auto fragment = session::parse_ice_fragment(request.body);
  if (!fragment) return refused(fragment.error());
  if (!fragment->credentials || *fragment->credentials == session.remote) {
    // Candidates of the client are not used: an ICE-lite end learns addresses from checks.
    return Response{.status = 204};
  }
  directory_.restart_ice(session.peer, local_ends_.renew_credentials(session.local), std::move(*fragment->credentials));
  Response restarted{.status = 200};
  restarted.headers.add("Content-Type", std::string(kFragment));
  restarted.headers.add("ETag", etag_of(session));
  restarted.body =
      session::make_ice_fragment(session.local, local_ends_.candidates_for(request.peer), session.first_mid);
  add_ice_server_links(restarted.headers, ice_servers_.make(unix_time(now)));
  waiting_.await(session.peer, Asked::restart, {{ticket, std::move(restarted)}, {}}, now.monotonic);
  return std::nullopt;
}

void Signalling::handle_event(const media::Event& event) {
  waiting_.handle_event(event, [&](auto waiting, Outcome outcome) { settle(std::move(waiting), outcome); });
}

void Signalling::settle(MediaReplies<Awaited>::Waiting waiting, Outcome outcome) {
  auto& [answer, accepted] = waiting.reply;
  auto& response = answer.response;
  switch (outcome) {
    case Outcome::done:
      if (accepted.batch > host_.recorded()) return unrecorded_.await(accepted, std::move(answer));
      break;
    case Outcome::not_recorded:
      response = make_not_recorded(false);
      break;
    case Outcome::refused:
      response = busy("full", "The media server is full.");
      break;
    case Outcome::ended:
      response = waiting.asked == Asked::restart
                     ? make_problem({404, "unknown-session", "The session has ended.", {}})
                     : busy("ended", "The session ended while it was being made; try again.");
      break;
    case Outcome::late:
      response = busy("media-core-slow", "The media core did not answer in time.");
      break;
  }
  answers_.push_back(std::move(answer));
}

void Signalling::handle_committed() {
  unrecorded_.release(host_.recorded(), [&](Answer answer) { answers_.push_back(std::move(answer)); });
}

void Signalling::handle_commit_failed(std::uint64_t from) {
  waiting_.withdraw([&](const Awaited& waiting) { return waiting.accepted.batch >= from; },
                    [&](auto waiting, Outcome outcome) { settle(std::move(waiting), outcome); });
  unrecorded_.refuse_from(
      from, [](const conference::Accepted&, Answer& answer) { answer.response = make_not_recorded(false); });
  handle_committed();
}

std::optional<Answer> Signalling::poll_answer() {
  if (answers_.empty()) return std::nullopt;
  std::optional<Answer> answer{std::move(answers_.front())};
  answers_.pop_front();
  return answer;
}

TimePoint Signalling::next_deadline() const { return waiting_.next_deadline(); }

void Signalling::handle_timeout(const Instant& now) {
  waiting_.handle_timeout(now.monotonic, [&](auto waiting, Outcome outcome) {
    // A session of which nobody has heard serves nobody.
    if (waiting.asked == Asked::creation) host_.close(waiting.peer, now);
    settle(std::move(waiting), outcome);
  });
}

}  // namespace bridgehall::web
