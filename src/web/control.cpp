#include "web/control.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "web/demo_api.h"
#include "web/host_names.h"
#include "web/problem.h"
#include "web/publications_api.h"

namespace bridgehall::web {
namespace {

using Path = std::vector<std::string>;

constexpr std::string_view kStage = "~";
constexpr std::string_view kChangeRoute = "/api/conferences/{conference}/publications/{publication}";

bool reads(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

Response wrong_method(std::string_view allow, const Request& request) {
  auto response = make_problem(
      {405, "method-not-allowed", fmt::format("{} is not possible here; {} is.", request.method, allow), {}});
  response.headers.add("Allow", std::string(allow));
  return response;
}

Response text(unsigned status, std::string_view words) {
  Response response{.status = status};
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  response.body = words;
  return response;
}

Response try_again(std::string_view kind, std::string detail) {
  auto response = make_problem({503, kind, std::move(detail), {}});
  response.headers.add("Retry-After", "5");
  return response;
}

std::optional<SignallingResource> signalling_resource(const Path& path) {
  if (path.size() < 2 || path.size() > 4 || (path[0] != "whip" && path[0] != "whep")) return std::nullopt;
  if (path.size() == 4 && path[3].empty()) return std::nullopt;
  // Without a name: the conference's stage. Its sessions have "~" in the name's place, which is no valid name.
  if (path[0] == "whep" && (path.size() == 2 || path[2] == kStage))
    return SignallingResource{conference::SessionKind::stage, path[1], {}, path.size() == 4 ? path[3] : std::string()};
  if (path.size() == 2) return std::nullopt;
  return SignallingResource{path[0] == "whip" ? conference::SessionKind::publish : conference::SessionKind::view,
                            path[1], path[2], path.size() == 4 ? path[3] : std::string()};
}

std::string_view close_reason(session::CloseReason reason) {
  switch (reason) {
    case session::CloseReason::requested:
      return "asked to";
    case session::CloseReason::peer_closed:
      return "by the client";
    case session::CloseReason::connect_timeout:
      return "never connected";
    case session::CloseReason::consent_lost:
      return "the client fell silent";
    case session::CloseReason::handshake_failed:
      return "the DTLS handshake failed";
  }
  return "for another reason";
}

std::string_view signalling_route(const SignallingResource& resource) {
  if (resource.kind == conference::SessionKind::stage)
    return resource.session.empty() ? "/whep/{conference}" : "/whep/{conference}/~/{session}";
  if (resource.kind == conference::SessionKind::publish)
    return resource.session.empty() ? "/whip/{conference}/{publication}" : "/whip/{conference}/{publication}/{session}";
  return resource.session.empty() ? "/whep/{conference}/{publication}" : "/whep/{conference}/{publication}/{session}";
}

}  // namespace

Control::Control(ControlSettings settings, crypto::TokenKey key, StaticFiles files, RandomSource& random,
                 MediaCore& core)
    : settings_(std::move(settings)),
      key_(std::move(key)),
      files_(std::move(files)),
      core_(core),
      journal_(settings_.journal ? *settings_.journal : memory_),
      host_(settings_.limits, random),
      local_ends_(settings_.fingerprint, settings_.media_port, random, core),
      ice_servers_(settings_.ice_servers, random),
      signalling_(ice_servers_, host_, local_ends_),
      pages_(host_, key_, local_ends_, ice_servers_),
      failures_(random) {
  for (const auto& roster : settings_.conferences) host_.add_conference(roster);
}

void Control::recover(std::vector<conference::Recovered> conferences, const Instant& now) {
  for (auto& conference : conferences) host_.recover(std::move(conference), now);
  turn(now);
}

void Control::submit(Ticket ticket, const Request& request, Instant now) {
  std::string_view route = "none";
  caller_ = Caller::stranger;
  auto response = dispatch(ticket, request, now, route);
  asked_[ticket] = {route, caller_};
  if (response) answer(ticket, std::move(*response));
  turn(now);
}

std::optional<Response> Control::dispatch(Ticket ticket, const Request& request, Instant now, std::string_view& route) {
  if (auto refusal = refuse_host(request)) return refusal;
  if (request.body.size() > kMaxBody && request.body.size() > body_limit(request, now)) return make_too_large();
  const auto path = split_path(request.target);
  if (!path) return make_problem({400, "bad-target", "The request's target is not a path.", {}});
  if (const auto resource = signalling_resource(*path)) {
    route = signalling_route(*resource);
    auto response = signalling_request(ticket, *resource, request, now);
    if (response) Signalling::add_cors(response->headers);
    return response;
  }
  if (path->size() == 2 && path->front() == "api" && path->back() == "diagnosis") {
    route = "/api/diagnosis";
    return diagnosis_request(ticket, request, now);
  }
  if (path->size() == 2 && path->front() == "api" && path->back() == "backups") {
    route = "/api/backups";
    return backup_request(ticket, request, now);
  }
  if (path->size() == 2 && path->front() == "api" && path->back() == "demo") {
    route = "/api/demo";
    return reads(request) ? demo_links(host_.roster(settings_.demo), request) : wrong_method("GET, HEAD", request);
  }
  if (path->front() == "api") {
    if (auto response = api_request(ticket, *path, request, now, route)) return response;
    if (route == kChangeRoute) return std::nullopt;
  }
  const auto& first = path->front();
  const bool monitoring = path->size() == 1 && (first == "metrics" || first == "healthz" || first == "readyz");
  route = !monitoring ? "static" : first == "metrics" ? "/metrics" : first == "healthz" ? "/healthz" : "/readyz";
  if (!reads(request)) return wrong_method("GET, HEAD", request);
  if (!monitoring) return files_.serve(*path, request);
  if (first == "metrics" && request.secure && !request.peer.ip.is_loopback())
    return make_problem(
        {403, "this-machine-only", "Metrics are told to this machine; a proxy on it may pass them on.", {}});
  if (first == "metrics") return read_counters(ticket, Reading::metrics, now.monotonic);
  if (first == "healthz") return text(200, "ok\n");
  return draining_ ? text(503, "draining\n") : text(200, "ready\n");
}

std::size_t Control::body_limit(const Request& head, const Instant& now) const {
  const auto path = split_path(head.target);
  const bool offers = path && signalling_resource(*path) && head.method == "POST";
  return offers && authenticate(head, key_, host_, unix_time(now)) ? kMaxOffer : kMaxBody;
}

Response Control::make_too_large() {
  return make_problem({413,
                       "too-large",
                       fmt::format("A body has at most {} bytes here; an offer that comes with a valid token, {}.",
                                   kMaxBody, kMaxOffer),
                       {}});
}

// Over TLS addresses are as good as names: no DNS led there.
std::optional<Response> Control::refuse_host(const Request& request) const {
  const auto fields = std::count_if(request.headers.begin(), request.headers.end(),
                                    [](const auto& field) { return equal_ignoring_case(field.first, "Host"); });
  if (fields != 1) return make_problem({400, "bad-host", "A request has exactly one Host header.", "Host"});
  const auto name = host_name(trimmed(*request.headers.find("Host")));
  if (is_own_name(name, settings_.names) || (request.secure && is_address(name))) return std::nullopt;
  return make_problem({421, "wrong-host",
                       "This server does not answer for that name; names have to be listed in the setting http.names.",
                       "Host"});
}

std::expected<Identity, Response> Control::admit(const Request& request, const Instant& now) {
  auto identity = authenticate(request, key_, host_, unix_time(now));
  if (!identity) return std::unexpected(refuse_caller(request, std::move(identity.error()), now.monotonic));
  caller_ = Caller::known;
  return identity;
}

Response Control::exchange(const Request& request, const Instant& now) {
  auto response = exchange_invitation(host_, key_, request, now);
  if (response.status != 200) return refuse_caller(request, std::move(response), now.monotonic);
  caller_ = Caller::known;
  return response;
}

Response Control::refuse_caller(const Request& request, Response refusal, TimePoint now) {
  caller_ = Caller::refused;
  if (failures_.take(request.peer.ip, now)) return refusal;
  caller_ = Caller::refused_often;
  auto response =
      make_problem({429, "too-many-failures", "Too many refusals for this address; valid tokens are taken.", {}});
  response.headers.add("Retry-After", "1");
  return response;
}

std::optional<Response> Control::signalling_request(Ticket ticket, const SignallingResource& resource,
                                                    const Request& request, Instant now) {
  if (auto response = signalling_.check(resource, request)) {
    if (request.method == "OPTIONS" && authenticate(request, key_, host_, unix_time(now)))
      signalling_.add_ice_servers(*response, now);
    return response;
  }
  const auto identity = admit(request, now);
  if (!identity) return identity.error();
  if (request.method != "DELETE") {
    if (draining_) return try_again("draining", "This server is being stopped.");
    if (stuck_) return try_again("media-core-busy", "The media core has too much to do at the moment.");
  }
  return signalling_.handle(ticket, resource, request, *identity, now);
}

std::optional<Response> Control::api_request(Ticket ticket, const Path& path, const Request& request, Instant now,
                                             std::string_view& route) {
  if (path.size() == 3 && path[1] == "invitations" && path[2] == "exchange") {
    route = "/api/invitations/exchange";
    if (request.method != "POST") return wrong_method("POST", request);
    return exchange(request, now);
  }
  if (link_conference(request)) {  // what asks for a WebSocket does not come here
    route = kLinkRoute;
    return request.method == "GET" ? make_upgrade_required() : wrong_method("GET", request);
  }
  if (path.size() < 4 || path[1] != "conferences") return std::nullopt;
  const bool list = path.size() == 4 && path[3] == "publications";
  const bool change = path.size() == 5 && path[3] == "publications";
  const bool renew = path.size() == 6 && path[3] == "seats" && path[5] == "invitation";
  if (!list && !change && !renew) return std::nullopt;
  route = list     ? "/api/conferences/{conference}/publications"
          : change ? kChangeRoute
                   : "/api/conferences/{conference}/seats/{seat}/invitation";
  if (list ? !reads(request) : request.method != (change ? "PATCH" : "POST"))
    return wrong_method(list ? "GET, HEAD" : change ? "PATCH" : "POST", request);
  const auto identity = admit(request, now);
  if (!identity) return identity.error();
  if (list) return list_publications(host_.directory(), path[2], *identity);
  if (change) return change_request(ticket, path[2], path[4], request, *identity, now);
  return renew_invitation(host_, path[2], path[4], *identity, settings_.save_roster, now);
}

std::optional<Response> Control::change_request(Ticket ticket, const std::string& conference,
                                                const std::string& publication, const Request& request,
                                                const Identity& identity, Instant now) {
  auto accepted = change_publication(host_, conference, publication, request, identity, now);
  if (!accepted) return std::move(accepted.error());
  changes_.await(*accepted, {ticket, conference, publication, {}});
  return std::nullopt;
}

std::optional<Response> Control::diagnosis_request(Ticket ticket, const Request& request, Instant now) {
  if (!reads(request)) return wrong_method("GET, HEAD", request);
  if (auto refusal = refuse_all_but_administrators(request, key_, unix_time(now))) return refusal;
  return read_counters(ticket, Reading::diagnosis, now.monotonic);
}

std::optional<Response> Control::backup_request(Ticket ticket, const Request& request, Instant now) {
  if (request.method != "POST") return wrong_method("POST", request);
  if (auto refusal = refuse_all_but_administrators(request, key_, unix_time(now))) return refusal;
  if (!settings_.back_up) return make_problem({409, "no-record", "This server keeps no record.", {}});
  if (!settings_.back_up(
          [this, ticket](const Result<std::string>& folder) { answer(ticket, backup_response(folder)); }))
    return try_again("backup-under-way", "Another backup is being made.");
  return std::nullopt;
}

std::optional<Response> Control::read_counters(Ticket ticket, Reading reading, TimePoint now) {
  const auto request = ++last_scrape_;
  if (stuck_ || !core_.push(media::ReadCounters{request})) return response_of(reading, nullptr);
  scrapes_[request] = {ticket, reading, now + kCountersTimeout};
  return std::nullopt;
}

Response Control::response_of(Reading reading, const media::ShardCounters* counters) const {
  if (reading == Reading::diagnosis) {
    const auto& tally = host_.directory().tally();
    const auto connected = tally.connected + host_.directory().counts().connected;
    return diagnosis_response(settings_.diagnose
                                  ? settings_.diagnose({.shard = counters,
                                                        .sessions_connected = connected,
                                                        .sessions_never_heard = tally.never_heard,
                                                        .sessions_never_connected = tally.never_connected})
                                  : std::vector<Finding>());
  }
  Response response;
  response.headers.add("Content-Type", std::string(kMetricsContentType));
  response.headers.add("Cache-Control", "no-store");
  response.body = render_metrics(counters, host_.directory().counts(), http_, links_, port_, read_process_statistics(),
                                 journal_.counters());
  return response;
}

void Control::finish_scrapes(const media::ShardCounters& counters) {
  const auto found = scrapes_.find(counters.request);
  if (found == scrapes_.end()) return;  // answered by its timeout before
  answer(found->second.ticket, response_of(found->second.reading, &counters));
  scrapes_.erase(found);
}

void Control::answer(Ticket ticket, Response response) {
  const auto asked = asked_.find(ticket);
  if (asked != asked_.end()) {
    http_.count(asked->second.route, response.status);
    response.caller = asked->second.caller;
    asked_.erase(asked);
  }
  answers_.push_back({ticket, std::move(response)});
}

std::optional<Answer> Control::poll_answer() {
  if (answers_.empty()) return std::nullopt;
  std::optional<Answer> next{std::move(answers_.front())};
  answers_.pop_front();
  return next;
}

void Control::handle_events(const Instant& now) {
  while (const auto event = core_.pop()) {
    if (const auto* counters = std::get_if<std::unique_ptr<media::ShardCounters>>(&*event)) {
      finish_scrapes(**counters);
      continue;
    }
    log_event(*event);
    host_.handle_event(*event, now);
    signalling_.handle_event(*event);
    pages_.handle_event(*event);
  }
  turn(now);
}

// Names are of a harmless alphabet, and neither tokens nor session addresses are among them.
void Control::log_event(const media::Event& event) const {
  if (const auto* connected = std::get_if<media::PeerConnected>(&event)) {
    const auto* session = host_.directory().find(connected->peer);
    if (!session) return;
    spdlog::info("peer {} connected: {} {} {} {}", session->peer.value(), session->subject,
                 session->kind == conference::SessionKind::publish       ? "publishes"
                 : session->kind == conference::SessionKind::participant ? "takes part"
                                                                         : "views",
                 session->conference, session->publication);
  } else if (const auto* closed = std::get_if<media::PeerClosed>(&event)) {
    spdlog::info("peer {} closed: {}", closed->peer.value(), close_reason(closed->reason));
  } else if (const auto* refused = std::get_if<media::PeerRefused>(&event)) {
    spdlog::warn("peer {} refused: the media server is full", refused->peer.value());
  }
}

void Control::turn(const Instant& now) {
  exchange_with_journal(now);
  release_changes();
  pages_.refresh();
  push_commands();
  retry_push_ = stuck_ ? now.monotonic + kRetryPush : kNever;
  while (auto late = signalling_.poll_answer()) {
    Signalling::add_cors(late->response.headers);
    answer(late->ticket, std::move(late->response));
  }
}

// What is committed or refused may be followed by more that is to be written.
void Control::exchange_with_journal(const Instant& now) {
  write_batches();
  while (const auto result = journal_.poll()) {
    take_result(*result, now);
    write_batches();
  }
}

void Control::write_batches() {
  if (!unwritten_) unwritten_ = host_.poll_batch();
  while (unwritten_ && journal_.write(std::move(*unwritten_))) unwritten_ = host_.poll_batch();
}

void Control::take_result(const conference::JournalResult& result, const Instant& now) {
  if (const auto* committed = std::get_if<conference::BatchesCommitted>(&result)) {
    host_.handle_committed(committed->number, now);
    signalling_.handle_committed();
    pages_.handle_committed();
    return;
  }
  const auto& failed = std::get<conference::BatchesFailed>(result);
  if (unwritten_ && unwritten_->number >= failed.from) unwritten_.reset();
  host_.handle_commit_failed(failed.from, failed.why, now);
  signalling_.handle_commit_failed(failed.from);
  pages_.handle_commit_failed(failed.from);
  changes_.refuse_from(failed.from, [](const conference::Accepted& accepted, ChangedPublication& change) {
    change.refusal = make_not_recorded(accepted.closed);
  });
}

void Control::release_changes() {
  changes_.release(host_.recorded(), [&](ChangedPublication change) {
    answer(change.ticket, change.refusal ? std::move(*change.refusal)
                                         : show_publication(host_.directory(), change.conference, change.publication));
  });
}

void Control::push_commands() {
  if (!stuck_) stuck_ = host_.directory().poll_command();
  while (stuck_ && core_.push(std::move(*stuck_))) stuck_ = host_.directory().poll_command();
}

TimePoint Control::next_deadline() const {
  auto deadline = std::min({host_.next_deadline(), signalling_.next_deadline(), pages_.next_deadline(), retry_push_});
  for (const auto& [request, scrape] : scrapes_) deadline = std::min(deadline, scrape.deadline);
  return deadline;
}

void Control::handle_timeout(const Instant& now) {
  host_.handle_timeout(now);
  signalling_.handle_timeout(now);
  pages_.handle_timeout(now);
  for (auto next = scrapes_.begin(); next != scrapes_.end();) {
    const auto entry = next++;
    if (entry->second.deadline > now.monotonic) continue;
    answer(entry->second.ticket, response_of(entry->second.reading, nullptr));
    scrapes_.erase(entry);
  }
  turn(now);
}

void Control::drain(const Instant& now) {
  draining_ = true;
  pages_.drain();
  host_.close_all(now);
  turn(now);
}

// -- pages --

std::optional<Response> Control::open_link(LinkId link, const std::string& conference, const Request& request,
                                           Instant) {
  if (auto refusal = refuse_host(request)) return refusal;
  if (draining_) return try_again("draining", "This server is being stopped.");
  if (!host_.state(conference))
    return make_problem(
        {404, "unknown-conference", fmt::format("There is no conference {} here.", conference), "conference"});
  pages_.open(link, conference, request.peer);
  return std::nullopt;
}

void Control::handle_message(LinkId link, std::string_view text, Instant now) {
  pages_.receive(link, text, stuck_.has_value(), now);
  turn(now);
}

std::optional<std::string> Control::next_message(LinkId link, Instant) { return pages_.next(link); }

void Control::close_link(LinkId link, Instant now) {
  pages_.close(link, now);
  turn(now);
}

}  // namespace bridgehall::web
