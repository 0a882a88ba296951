#include "web/pages.h"

#include <algorithm>

#include <fmt/format.h>

#include "conference/visibility.h"
#include "session/negotiation.h"
#include "web/authentication.h"
#include "web/page_messages.h"
#include "web/problem.h"

namespace bridgehall::web {
namespace {

using messages::RefusalCode;

// As many tiles as the role's largest layout has.
std::size_t max_tiles(conference::Role role) {
  switch (role) {
    case conference::Role::moderator:
    case conference::Role::chair:
    case conference::Role::presenter:
    case conference::Role::hall:
    case conference::Role::viewer:  // the hall's screen is one
      return 25;
    case conference::Role::site:
    case conference::Role::delegate:
      break;
  }
  return 9;
}

media::SlotUse to_media(messages::SlotUse use) {
  switch (use) {
    case messages::SlotUse::stage:
      return media::SlotUse::stage;
    case messages::SlotUse::slides:
      return media::SlotUse::slides;
    case messages::SlotUse::tile:
      return media::SlotUse::tile;
    case messages::SlotUse::voice:
      break;
  }
  return media::SlotUse::voice;
}

messages::SlotUse from_media(media::SlotUse use) {
  switch (use) {
    case media::SlotUse::stage:
      return messages::SlotUse::stage;
    case media::SlotUse::slides:
      return messages::SlotUse::slides;
    case media::SlotUse::tile:
      return messages::SlotUse::tile;
    case media::SlotUse::voice:
      break;
  }
  return messages::SlotUse::voice;
}

// More of one kind than a page may have; empty: none.
std::string too_many(const messages::Join& join, conference::Role role) {
  const auto sends = [&](messages::TrackUse use) {
    return std::count_if(join.sends.begin(), join.sends.end(), [&](const auto& s) { return s.use == use; });
  };
  const auto slots = [&](messages::SlotUse use) {
    return static_cast<std::size_t>(
        std::count_if(join.slots.begin(), join.slots.end(), [&](const auto& s) { return s.use == use; }));
  };
  if (role == conference::Role::viewer && !join.sends.empty()) return "A viewer sends nothing.";
  if (sends(messages::TrackUse::microphone) > 1) return "A seat has one microphone track.";
  if (sends(messages::TrackUse::slides) > 1) return "A seat has one track for slides.";
  if (slots(messages::SlotUse::stage) > 1 || slots(messages::SlotUse::slides) > 1)
    return "There is one slot for the stage and one for slides.";
  if (slots(messages::SlotUse::voice) > media::kVoicePlaces)
    return fmt::format("At most {} voices are heard at a time.", media::kVoicePlaces);
  if (slots(messages::SlotUse::tile) > max_tiles(role))
    return fmt::format("A {} has at most {} tiles.", conference::role_name(role), max_tiles(role));
  return {};
}

std::string bye_words(messages::ByeCode code) {
  switch (code) {
    case messages::ByeCode::replaced:
      return "This seat was joined from another page.";
    case messages::ByeCode::removed:
      return "The chair has removed this seat from the conference.";
    case messages::ByeCode::revoked:
      return "The invitation was renewed or taken back.";
    case messages::ByeCode::draining:
      return "The server is being stopped; connect again in a moment.";
    case messages::ByeCode::refused:
    case messages::ByeCode::too_slow:
    case messages::ByeCode::too_fast:
      break;
  }
  return "The server ended the connection.";
}

// Gives the media core something to do that may be refused while it has too much. Closing, going and talking never are.
bool waits_for_room(const messages::ClientMessage& message) {
  return std::holds_alternative<messages::Join>(message) || std::holds_alternative<messages::RestartIce>(message) ||
         std::holds_alternative<messages::Demand>(message) ||
         std::holds_alternative<messages::OpenMicrophone>(message) ||
         std::holds_alternative<messages::OpenCamera>(message) || std::holds_alternative<messages::SetStage>(message) ||
         std::holds_alternative<messages::ShareSlides>(message);
}

std::optional<std::uint32_t> id_of(const messages::ClientMessage& message) {
  return std::visit(
      [](const auto& m) -> std::optional<std::uint32_t> {
        if constexpr (requires { m.id; }) return m.id;
        return std::nullopt;
      },
      message);
}

// Says how things are and answers nothing that has changed anything: so it does not wait for the disk.
bool passes_answers(const messages::ServerMessage& message) {
  return std::holds_alternative<messages::Pong>(message) || std::holds_alternative<messages::IceServers>(message);
}

// In the place of an answer whose command was not written down.
messages::Refused not_recorded(const messages::ServerMessage& answer, bool closed) {
  const auto id = std::visit(
      [](const auto& m) -> std::optional<std::uint32_t> {
        if constexpr (requires { m.id; }) return m.id;
        return std::nullopt;
      },
      answer);
  return {id, closed ? RefusalCode::closed_not_recorded : RefusalCode::not_recorded,
          std::string(not_recorded_sentence(closed))};
}

// What a link has one of at a time.
bool is_long(const messages::ServerMessage& message) {
  return std::holds_alternative<messages::Answer>(message) || std::holds_alternative<messages::IceRestarted>(message);
}

}  // namespace

Pages::Pages(conference::Host& host, const crypto::TokenKey& key, LocalEnds& local_ends, IceServers& ice_servers)
    : host_(host), key_(key), local_ends_(local_ends), ice_servers_(ice_servers) {}

// -- links --

void Pages::open(LinkId link, const std::string& conference, const SocketAddress& client) {
  links_[link] = {.conference = conference, .client = client};
}

bool Pages::greeted(LinkId link) const {
  const auto found = links_.find(link);
  return found != links_.end() && !found->second.session.empty();
}

std::optional<LinkEnd> Pages::end_of(LinkId link) const {
  const auto found = links_.find(link);
  return found == links_.end() ? std::nullopt : found->second.end;
}

void Pages::close(LinkId id, const Instant& now) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  const auto session = found->second.session;
  links_.erase(found);
  if (const auto own = by_session_.find(session); own != by_session_.end() && own->second == id) {
    by_session_.erase(own);
    host_.unlink(session, now);
  }
}

std::optional<LinkId> Pages::poll_ready() {
  if (ready_.empty()) return std::nullopt;
  const auto link = ready_.front();
  ready_.pop_front();
  in_ready_.erase(link);
  return link;
}

void Pages::mark_ready(LinkId link) {
  if (in_ready_.insert(link).second) ready_.push_back(link);
}

const conference::Participant* Pages::participant_of(const Link& link) const {
  return host_.find_participant(link.session);
}

// -- in --

void Pages::receive(LinkId id, std::string_view text, bool busy, const Instant& now) {
  const auto found = links_.find(id);
  if (found == links_.end() || found->second.end || found->second.leaving) return;
  auto& link = found->second;
  take_credit(link, text.size(), now.monotonic);
  if (link.credit < -kBurst)
    return say_bye(id, link, messages::ByeCode::too_fast, "This page sends more than the server takes.");
  const auto message = messages::parse_client_message(text);
  if (!message) {
    refuse(id, link, message.error().id, message.error().code, message.error().message, message.error().field);
    if (link.session.empty()) say_bye(id, link, messages::ByeCode::refused, "The first message has to be a hello.");
    return;
  }
  handle(id, link, *message, busy, now);
}

void Pages::take_credit(Link& link, std::size_t octets, TimePoint now) {
  const auto since = link.credit_at ? std::chrono::duration<double>(now - *link.credit_at).count() : 0;
  link.credit_at = now;
  link.credit = std::min(kBurst, link.credit + since * kPerSecond) - 1 - static_cast<double>(octets) / kOctetsOfOne;
}

void Pages::handle(LinkId id, Link& link, const messages::ClientMessage& message, bool busy, const Instant& now) {
  if (const auto* hello = std::get_if<messages::Hello>(&message)) {
    if (link.session.empty()) return greet(id, link, *hello, now);
    return refuse(id, link, {}, RefusalCode::malformed, "This connection has said hello already.");
  }
  const auto request = id_of(message);
  if (link.session.empty()) {
    refuse(id, link, request, RefusalCode::not_greeted, "Say hello with a token first.");
    return say_bye(id, link, messages::ByeCode::refused, "The first message has to be a hello.");
  }
  if (std::holds_alternative<messages::Ping>(message)) {
    // A page pings all the time, so no timer is needed to renew what expires.
    if (now.monotonic - link.ice_servers_at >= ice_servers_.renewal())
      reply(id, link, messages::IceServers{tell_ice_servers(link, now)});
    return reply(id, link, messages::Pong{heard_of(link)});
  }
  if (const auto* leaves = std::get_if<messages::Leave>(&message)) return leave(id, link, *leaves, now);
  if (link.credit < 0)
    return refuse(id, link, request, RefusalCode::too_fast, "Too many messages at once; wait a second.");
  carry_out(id, link, message, busy, now);
}

void Pages::carry_out(LinkId id, Link& link, const messages::ClientMessage& message, bool busy, const Instant& now) {
  const auto request = id_of(message);
  if (busy && waits_for_room(message))
    return refuse(id, link, request, RefusalCode::busy, "The media server has too much to do at the moment.");
  if (const auto* joins = std::get_if<messages::Join>(&message)) return join(id, link, *joins, now);
  if (const auto* restarts = std::get_if<messages::RestartIce>(&message)) return restart_ice(id, link, *restarts, now);
  if (const auto* demands = std::get_if<messages::Demand>(&message)) {
    demand(link, *demands);
    return reply(id, link, messages::Done{*request});
  }
  const auto command = to_command(message);
  const auto done = host_.carry_out(link.conference, link.seat, *command, now);
  if (!done) return refuse(id, link, request, to_message(done.error().code), done.error().message, done.error().field);
  reply(id, link, messages::Done{*request}, *done);
}

void Pages::leave(LinkId id, Link& link, const messages::Leave& leave, const Instant& now) {
  by_session_.erase(link.session);
  link.leaving = true;
  reply(id, link, messages::Done{leave.id}, host_.leave(link.session, now));
  release(id, link);
}

void Pages::greet(LinkId id, Link& link, const messages::Hello& hello, const Instant& now) {
  const auto turn_away = [&](RefusalCode code, std::string message, std::string field = {}) {
    refuse(id, link, {}, code, message, std::move(field));
    say_bye(id, link, messages::ByeCode::refused, std::move(message));
  };
  if (hello.version != messages::kVersion)
    return turn_away(
        RefusalCode::wrong_version,
        fmt::format("This server speaks version {} of the messages; load the page again.", messages::kVersion),
        "version");
  const auto identity = identify(hello.token, key_, host_, unix_time(now));
  if (!identity)
    return turn_away(identity.error().expired ? RefusalCode::token_expired : RefusalCode::token_invalid,
                     identity.error().message, "token");
  if (identity->conference != link.conference)
    return turn_away(RefusalCode::token_invalid, "The token is for another conference.", "token");

  const auto& who = identity->principal;
  const auto resume = hello.resume ? std::string_view(hello.resume->session) : std::string_view();
  const auto greeted = host_.greet(link.conference, who, resume);
  if (!greeted) return turn_away(to_message(greeted.error().code), greeted.error().message, greeted.error().field);
  const auto& greeting = *greeted;
  const auto& participant = *greeting.participant;
  link.session = participant.session;
  link.seat = participant.seat;
  link.role = participant.role;
  link.returning = hello.resume && !greeting.resumed;
  const auto* log = host_.log(link.conference);
  const auto* state = host_.state(link.conference);
  const bool follows = greeting.resumed && log->resumes(hello.resume->sequence);
  link.wants_snapshot = !follows;
  link.cursor = follows ? hello.resume->sequence : 0;
  const bool joined = greeting.resumed && participant.media;
  if (joined) host_.directory().tell_slots_again(*participant.media);
  link.knows_slots = joined;
  link.slots_changed = link.speakers_changed = true;
  const auto* seat = state->find(link.seat);
  link.told_actions =
      conference::allowed_actions(*state, seat ? *seat : conference::Seat{.id = link.seat, .role = link.role});

  // A socket that this one takes over from is not told: its page has this one.
  if (const auto before = by_session_.find(link.session); before != by_session_.end()) {
    links_.at(before->second).end = LinkEnd{1000, "resumed"};
    mark_ready(before->second);
  }
  by_session_[link.session] = id;
  reply(id, link,
        messages::Welcome{.version = messages::kVersion,
                          .session = link.session,
                          .seat = link.seat,
                          .role = static_cast<messages::Role>(link.role),
                          .may = to_message(link.told_actions),
                          .resumed = greeting.resumed,
                          .joined = joined,
                          .max_tiles = static_cast<std::uint32_t>(max_tiles(link.role)),
                          .ice_servers = tell_ice_servers(link, now)});
}

// How far the page's media come. It asks by its pings, all the time.
std::optional<messages::Heard> Pages::heard_of(const Link& link) const {
  const auto* participant = participant_of(link);
  const auto* session = participant && participant->media ? host_.directory().find(*participant->media) : nullptr;
  if (!session) return std::nullopt;
  if (session->connected) return messages::Heard::connected;
  switch (session->heard) {
    case media::Heard::nothing:
      return messages::Heard::nothing;
    case media::Heard::wrong_password:
      return messages::Heard::wrong_password;
    case media::Heard::checks:
      break;
  }
  return messages::Heard::checks;
}

std::vector<messages::IceServer> Pages::tell_ice_servers(Link& link, const Instant& now) {
  link.ice_servers_at = now.monotonic;
  std::vector<messages::IceServer> told;
  for (auto& server : ice_servers_.make(unix_time(now))) {
    told.push_back({.urls = std::move(server.url)});
    if (!server.username.empty()) told.back().username = std::move(server.username);
    if (!server.credential.empty()) told.back().credential = std::move(server.credential);
  }
  return told;
}

void Pages::join(LinkId id, Link& link, const messages::Join& join, const Instant& now) {
  if (link.making) return refuse(id, link, join.id, RefusalCode::busy, "Wait for the answer to what was asked before.");
  if (auto words = too_many(join, link.role); !words.empty())
    return refuse(id, link, join.id, RefusalCode::bad_offer, std::move(words));
  if (const auto allowed = host_.may_join(link.session, now); !allowed)
    return refuse(id, link, join.id, to_message(allowed.error().code), allowed.error().message);

  conference::ParticipantOrder order{.conference = link.conference,
                                     .publication = link.seat,
                                     .principal = {link.role, link.seat},
                                     .local = local_ends_.make_credentials(),
                                     .cname = local_ends_.make_cname()};
  for (const auto& sent : join.sends) order.sends.push_back({sent.mid, static_cast<conference::TrackUse>(sent.use)});
  for (const auto& slot : join.slots) order.slots.push_back({slot.mid, to_media(slot.use)});
  if (const auto terms = host_.directory().participant_terms(order); !terms)
    return terms.error() == conference::DirectoryRefusal::name_in_use
               ? refuse(id, link, join.id, RefusalCode::not_allowed,
                        "Someone else publishes as this seat at the moment.")
               : refuse(id, link, join.id, RefusalCode::full, "The conference has as many sessions as it may have.");
  auto negotiated =
      session::answer_participant(join.offer, order.terms, local_ends_.make(order.local, order.cname, link.client));
  if (!negotiated) return refuse(id, link, join.id, RefusalCode::bad_offer, negotiated.error().message, "offer");
  order.negotiated = std::move(*negotiated);

  messages::Answer answer{.id = join.id, .answer = std::move(order.negotiated.answer)};
  for (std::size_t i = 0; i < order.slots.size(); ++i)
    answer.slots.push_back(
        {.slot = static_cast<std::uint32_t>(i), .mid = order.slots[i].mid, .use = from_media(order.slots[i].use)});
  const auto joined = host_.join(link.session, std::move(order), join.microphone && !link.returning, join.camera, now);
  if (!joined) return refuse(id, link, join.id, to_message(joined.error().code), joined.error().message);
  link.making = true;
  link.knows_slots = false;
  awaited_.await(joined->session->peer, Asked::creation, {id, join.id, std::move(answer), joined->accepted},
                 now.monotonic);
}

void Pages::restart_ice(LinkId id, Link& link, const messages::RestartIce& restart, const Instant& now) {
  if (link.making)
    return refuse(id, link, restart.id, RefusalCode::busy, "Wait for the answer to what was asked before.");
  const auto* participant = participant_of(link);
  const bool joined = link.knows_slots && participant && participant->media;
  const auto* session = joined ? host_.directory().find(*participant->media) : nullptr;
  if (!session) return refuse(id, link, restart.id, RefusalCode::not_joined, "There is no media session; join first.");
  auto fragment = session::parse_ice_fragment(restart.fragment);
  if (!fragment) return refuse(id, link, restart.id, RefusalCode::bad_offer, fragment.error().message, "fragment");
  if (!fragment->credentials)
    return refuse(id, link, restart.id, RefusalCode::bad_offer, "The fragment has no ice-ufrag and ice-pwd.",
                  "fragment");
  host_.directory().restart_ice(session->peer, local_ends_.renew_credentials(session->local),
                                std::move(*fragment->credentials));
  messages::IceRestarted restarted{.id = restart.id,
                                   .fragment = session::make_ice_fragment(
                                       session->local, local_ends_.candidates_for(link.client), session->first_mid)};
  link.making = true;
  awaited_.await(session->peer, Asked::restart, {id, restart.id, std::move(restarted), {}}, now.monotonic);
}

void Pages::demand(Link& link, const messages::Demand& demand) {
  const auto* participant = participant_of(link);
  if (!link.knows_slots || !participant || !participant->media)
    return;  // between two joins: the page asks again after the next
  for (const auto& slot : demand.slots)
    host_.directory().demand(*participant->media, {.slot = static_cast<media::SlotNumber>(slot.slot),
                                                   .seat = slot.seat.value_or(""),
                                                   .camera = static_cast<std::uint8_t>(slot.camera.value_or(0)),
                                                   .quality = static_cast<conference::Quality>(slot.quality)});
}

// -- out --

void Pages::reply(LinkId id, Link& link, messages::ServerMessage message, const conference::Accepted& accepted) {
  if (link.end) return;
  if (link.replies.size() + link.unrecorded.size() >= kMaxReplies) {
    link.replies.clear();
    return say_bye(id, link, messages::ByeCode::too_slow, "This page does not read what it is answered.");
  }
  if (passes_answers(message)) {
    link.replies.push_back(std::move(message));
    return mark_ready(id);
  }
  link.unrecorded.await(accepted, std::move(message));
  release(id, link);
}

void Pages::release(LinkId id, Link& link) {
  link.unrecorded.release(host_.recorded(), [&](messages::ServerMessage message) {
    note_answered(link, message);
    link.replies.push_back(std::move(message));
    mark_ready(id);
  });
  if (!link.unrecorded.empty()) {
    unrecorded_.insert(id);
  } else if (link.leaving && !link.end) {
    link.end = LinkEnd{1000, "left"};
    mark_ready(id);
  }
}

void Pages::note_answered(Link& link, const messages::ServerMessage& message) {
  if (!std::holds_alternative<messages::Answer>(message)) return;
  link.returning = false;
  link.knows_slots = link.slots_changed = true;
  const auto* participant = participant_of(link);
  if (participant && participant->media) host_.directory().tell_slots_again(*participant->media);
}

void Pages::handle_committed() {
  for (const auto id : std::exchange(unrecorded_, {}))
    if (const auto found = links_.find(id); found != links_.end()) release(id, found->second);
}

void Pages::handle_commit_failed(std::uint64_t from) {
  awaited_.withdraw([&](const PageReply& waiting) { return waiting.accepted.batch >= from; },
                    [&](auto waiting, Outcome outcome) { settle(std::move(waiting), outcome); });
  for (const auto id : std::exchange(unrecorded_, {})) {
    const auto found = links_.find(id);
    if (found == links_.end()) continue;
    auto& link = found->second;
    link.unrecorded.refuse_from(from, [&](const conference::Accepted& accepted, messages::ServerMessage& answer) {
      const bool joins = std::holds_alternative<messages::Answer>(answer);
      if (joins) link.making = false;
      answer = not_recorded(answer, accepted.closed && !joins);
    });
    release(id, link);
  }
}

void Pages::refuse(LinkId id, Link& link, std::optional<std::uint32_t> request, RefusalCode code, std::string message,
                   std::string field) {
  messages::Refused refused{.id = request, .code = code, .message = std::move(message)};
  if (!field.empty()) refused.field = std::move(field);
  reply(id, link, std::move(refused));
}

void Pages::say_bye(LinkId id, Link& link, messages::ByeCode code, std::string message) {
  if (link.end) return;
  link.unrecorded.clear();
  link.replies.push_back(messages::Bye{code, std::move(message)});
  // 1008: policy (RFC 6455 section 7.4.1); 1012: the service restarts (IANA).
  link.end = LinkEnd{static_cast<std::uint16_t>(code == messages::ByeCode::draining ? 1012 : 1008),
                     std::string(messages::name(code))};
  mark_ready(id);
}

std::optional<std::string> Pages::next(LinkId id) {
  const auto found = links_.find(id);
  if (found == links_.end()) return std::nullopt;
  const auto message = next_message(found->second);
  if (!message) return std::nullopt;
  return messages::to_json(*message);
}

// What was asked is answered after the events that it caused, so that a page whose command is done has seen it done.
std::optional<messages::ServerMessage> Pages::next_message(Link& link) {
  const bool welcome = !link.replies.empty() && std::holds_alternative<messages::Welcome>(link.replies.front());
  // Whoever goes or is sent away sees nothing that happens from then on.
  if (!link.session.empty() && !welcome && !link.end && !link.leaving)
    if (auto event = next_event(link)) return event;
  if (!link.replies.empty()) {
    auto message = std::move(link.replies.front());
    link.replies.pop_front();
    if (is_long(message)) link.making = false;
    return message;
  }
  if (link.session.empty() || link.end || link.leaving) return std::nullopt;

  const auto& state = *host_.state(link.conference);
  if (const auto* seat = state.find(link.seat)) {
    auto actions = conference::allowed_actions(state, *seat);
    if (actions != link.told_actions) {
      link.told_actions = std::move(actions);
      return messages::MayChanged{to_message(link.told_actions)};
    }
  }
  if (auto report = next_report(link)) return report;
  if (link.knows_slots && std::exchange(link.slots_changed, false)) {
    const auto* participant = participant_of(link);
    messages::Slots slots;
    if (participant && participant->media)
      for (const auto& changed : host_.directory().take_changed_slots(*participant->media))
        slots.slots.push_back(to_message(changed));
    if (!slots.slots.empty()) return slots;
  }
  if (std::exchange(link.speakers_changed, false))
    return messages::Speaking{host_.directory().speakers(link.conference)};
  return std::nullopt;
}

std::optional<messages::ServerMessage> Pages::next_event(Link& link) {
  const auto* log = host_.log(link.conference);
  if (link.wants_snapshot || !log->reaches(link.cursor)) {
    const auto& state = *host_.state(link.conference);
    link.wants_snapshot = false;
    link.cursor = state.sequence;
    return messages::Snapshot{state.sequence, to_message(conference::visible_state(state, link.role, link.seat))};
  }
  while (link.cursor < log->newest()) {
    const auto& event = log->at(++link.cursor);
    if (conference::may_see(link.role, link.seat, event)) return messages::Happened{link.cursor, to_message(event)};
  }
  return std::nullopt;
}

// To those who lead: they can have the machine looked after.
std::optional<messages::ServerMessage> Pages::next_report(Link& link) {
  if (!conference::sees_record(link.role)) return std::nullopt;
  auto report = host_.record_report(link.conference);
  if (report == link.told_report) return std::nullopt;
  link.told_report = std::move(report);
  return to_message(link.told_report);
}

// -- what has changed --

void Pages::handle_event(const media::Event& event) {
  awaited_.handle_event(event, [&](auto waiting, Outcome outcome) { settle(std::move(waiting), outcome); });
}

void Pages::settle(MediaReplies<PageReply>::Waiting waiting, Outcome outcome) {
  auto& awaited = waiting.reply;
  const auto link = links_.find(awaited.link);
  if (link == links_.end()) return;
  if (outcome == Outcome::not_recorded) {
    link->second.making = false;
    return reply(awaited.link, link->second, not_recorded(awaited.message, false));
  }
  if (outcome != Outcome::done) {
    link->second.making = false;
    return refuse(awaited.link, link->second, awaited.id, RefusalCode::full,
                  "The media server did not take the session; try again in a moment.");
  }
  reply(awaited.link, link->second, std::move(awaited.message), awaited.accepted);
}

void Pages::refresh() {
  while (const auto ended = host_.poll_ended()) {
    const auto found = by_session_.find(ended->session);
    if (found == by_session_.end()) continue;
    const auto id = found->second;
    by_session_.erase(found);
    const auto code = to_message(ended->reason);
    say_bye(id, links_.at(id), code, bye_words(code));
  }
  const auto changed = host_.directory().take_changed_sessions();
  if (!changed.empty()) mark_changed_slots(changed);
  const auto speakers = host_.directory().take_changed_speakers();
  const bool reports = report_version_ != host_.record_report_version();
  report_version_ = host_.record_report_version();
  for (auto& [id, link] : links_) {
    if (link.session.empty() || link.end) continue;
    const auto newest = host_.log(link.conference)->newest();
    if (link.cursor < newest || (reports && conference::sees_record(link.role))) mark_ready(id);
    if (std::find(speakers.begin(), speakers.end(), link.conference) == speakers.end()) continue;
    link.speakers_changed = true;
    mark_ready(id);
  }
}

// `changed` is sorted.
void Pages::mark_changed_slots(const std::vector<media::PeerId>& changed) {
  for (auto& [id, link] : links_) {
    const auto* participant = participant_of(link);
    if (!participant || !participant->media) continue;
    if (!std::binary_search(changed.begin(), changed.end(), *participant->media)) continue;
    link.slots_changed = true;
    mark_ready(id);
  }
}

TimePoint Pages::next_deadline() const { return awaited_.next_deadline(); }

void Pages::handle_timeout(const Instant& now) {
  awaited_.handle_timeout(now.monotonic, [&](auto waiting, Outcome outcome) {
    // A session of which nobody has heard serves nobody.
    if (waiting.asked == Asked::creation) host_.close(waiting.peer, now);
    settle(std::move(waiting), outcome);
  });
}

void Pages::drain() {
  for (auto& [id, link] : links_) {
    by_session_.erase(link.session);
    say_bye(id, link, messages::ByeCode::draining, bye_words(messages::ByeCode::draining));
  }
}

}  // namespace bridgehall::web
