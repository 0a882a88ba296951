#include "conference/host.h"

#include <fmt/format.h>

#include "base/random_text.h"
#include "conference/apply.h"

namespace bridgehall::conference {
namespace {

// Takes something away from somebody: carried out on media before anything else.
bool closes(const Event& event) {
  if (const auto* changed = std::get_if<MicrophoneChanged>(&event)) return !changed->microphone.open;
  if (const auto* changed = std::get_if<CameraChanged>(&event)) return !changed->camera.open;
  if (const auto* changed = std::get_if<SlidesChanged>(&event)) return changed->seat.empty();
  return std::holds_alternative<Left>(event);
}

std::string name_of(const Principal& principal) { return principal.name.empty() ? principal.subject : principal.name; }

CommandRefusal unknown_conference() {
  return {RefusalCode::not_connected, "There is no such conference here.", "conference"};
}

CommandRefusal session_gone() { return {RefusalCode::not_connected, "This session has ended; connect again.", {}}; }

}  // namespace

Host::Host(DirectoryLimits limits, RandomSource& random) : random_(random), directory_(limits, random) {}

void Host::add_conference(Roster roster) {
  directory_.add_conference(roster.id);
  auto& conference = conferences_[roster.id];
  auto& state = conference.state;
  state.id = roster.id;
  state.title = roster.title;
  state.mode = roster.mode;
  state.stage = roster.stage;
  for (const auto& seat : roster.seats) {
    state.seats.push_back({.id = seat.id, .name = seat.name, .role = seat.role});
    if (!seat.invitation.empty()) invitations_[seat.invitation] = {roster.id, seat.id};
  }
  directory_.set_stage(roster.id, roster.stage);
  conference.roster = std::move(roster);
}

Host::Conference* Host::find(std::string_view id) {
  const auto found = conferences_.find(id);
  return found == conferences_.end() ? nullptr : &found->second;
}

const Host::Conference* Host::find(std::string_view id) const {
  const auto found = conferences_.find(id);
  return found == conferences_.end() ? nullptr : &found->second;
}

const State* Host::state(std::string_view id) const {
  const auto* conference = find(id);
  return conference ? &conference->state : nullptr;
}

const EventLog* Host::log(std::string_view id) const {
  const auto* conference = find(id);
  return conference ? &conference->log : nullptr;
}

const Roster* Host::roster(std::string_view id) const {
  const auto* conference = find(id);
  return conference ? &conference->roster : nullptr;
}

// -- invitations --

std::optional<Invited> Host::find_invitation(std::string_view invitation) const {
  const auto found = invitations_.find(invitation);
  if (found == invitations_.end()) return std::nullopt;
  const auto& [conference, seat] = found->second;
  return Invited{conference, find_seat(conference, seat)};
}

const InvitedSeat* Host::find_seat(std::string_view id, std::string_view seat) const {
  const auto* conference = find(id);
  if (!conference) return nullptr;
  const auto& seats = conference->roster.seats;
  const auto found = std::find_if(seats.begin(), seats.end(), [&](const auto& s) { return s.id == seat; });
  return found == seats.end() ? nullptr : &*found;
}

std::optional<Roster> Host::renewed_roster(std::string_view id, std::string_view seat) {
  const auto* conference = find(id);
  if (!conference || !find_seat(id, seat)) return std::nullopt;
  auto roster = conference->roster;
  for (auto& invited : roster.seats) {
    if (invited.id != seat) continue;
    invited.invitation = random_hex(random_, kKeyBytes);
    ++invited.serial;
  }
  return roster;
}

void Host::replace_roster(Roster roster, const SeatId& renewed, const Moment& now) {
  const auto id = roster.id;
  std::erase_if(invitations_, [&](const auto& entry) { return entry.second.first == id; });
  for (const auto& seat : roster.seats)
    if (!seat.invitation.empty()) invitations_[seat.invitation] = {id, seat.id};
  find(id)->roster = std::move(roster);
  if (const auto* participant = participant_on(id, renewed)) end(participant->session, LeaveReason::revoked);
  depart(id, renewed, LeaveReason::revoked, now);
  for (const auto peer : directory_.sessions_of(id, renewed)) close(peer, now);
}

// -- pages --

Participant* Host::participant_on(std::string_view conference, std::string_view seat) {
  for (auto& [session, participant] : participants_)
    if (participant.conference == conference && participant.seat == seat) return &participant;
  return nullptr;
}

const Participant* Host::find_participant(std::string_view session) const {
  const auto found = participants_.find(session);
  return found == participants_.end() ? nullptr : &found->second;
}

void Host::end(std::string session, LeaveReason reason) {
  participants_.erase(session);
  ended_.push_back({std::move(session), reason});
}

std::expected<Host::Greeting, CommandRefusal> Host::greet(const std::string& conference, const Principal& principal,
                                                          std::string_view resume) {
  const auto* seat = find(conference)->state.find(principal.subject);
  if (seat && seat->role != principal.role)
    return std::unexpected(CommandRefusal{RefusalCode::not_allowed,
                                          fmt::format("The token's role is {}, but seat {}'s is {}.",
                                                      role_name(principal.role), seat->id, role_name(seat->role)),
                                          "token"});
  auto* before = participant_on(conference, principal.subject);
  if (before && before->session == resume) {
    before->linked = true;
    before->expires = kNever;
    return Greeting{before, true};
  }
  Participant participant{.session = random_hex(random_, kKeyBytes),
                          .conference = conference,
                          .seat = principal.subject,
                          .name = name_of(principal),
                          .role = principal.role};
  if (before) {
    // Its media go when the new page has joined: until then the seat is not empty.
    participant.media = before->media;
    participant.joined = before->joined;
    end(before->session, LeaveReason::replaced);
  }
  auto& kept = participants_[participant.session];
  kept = std::move(participant);
  return Greeting{&kept, false};
}

void Host::unlink(std::string_view session, const Moment& now) {
  const auto found = participants_.find(session);
  if (found == participants_.end()) return;
  if (!found->second.joined) {
    participants_.erase(found);
    return;
  }
  found->second.linked = false;
  found->second.expires = now.monotonic + kGrace;
}

void Host::leave(std::string_view session, const Moment& now) {
  const auto found = participants_.find(session);
  if (found == participants_.end()) return;
  const auto participant = found->second;
  end(participant.session, LeaveReason::left);
  if (participant.joined) depart(participant.conference, participant.seat, LeaveReason::left, now);
}

std::expected<void, CommandRefusal> Host::may_join(std::string_view session, const Moment& now) const {
  const auto* participant = find_participant(session);
  if (!participant) return std::unexpected(session_gone());
  const auto decided = decide(find(participant->conference)->state, now.wall, {},
                              Arrive{.seat = participant->seat, .role = participant->role});
  if (!decided) return std::unexpected(decided.error());
  return {};
}

std::expected<const Session*, CommandRefusal> Host::join(std::string_view session, ParticipantOrder order,
                                                         bool microphone, bool camera, const Moment& now) {
  const auto found = participants_.find(session);
  if (found == participants_.end()) return std::unexpected(session_gone());
  auto& participant = found->second;
  auto& conference = *find(participant.conference);
  Arrive arrive{.seat = participant.seat,
                .name = participant.name,
                .role = participant.role,
                .microphone = microphone,
                .camera = camera};
  for (const auto& sent : order.sends) arrive.sends.push_back(sent.use);
  const auto events = decide(conference.state, now.wall, {}, arrive);
  if (!events) return std::unexpected(events.error());
  begin(conference, *events, now);
  const auto* joined = directory_.join(std::move(order), now.monotonic);
  participant.media = joined->peer;
  participant.joined = true;
  finish(conference, *events, now);
  return joined;
}

// -- commands --

std::expected<void, CommandRefusal> Host::carry_out(std::string_view id, const SeatId& actor, const Command& command,
                                                    const Moment& now) {
  auto* conference = find(id);
  if (!conference) return std::unexpected(unknown_conference());
  const auto events = decide(conference->state, now.wall, actor, command);
  if (!events) return std::unexpected(events.error());
  commit(*conference, *events, now);
  return {};
}

void Host::commit(Conference& conference, const std::vector<Event>& events, const Moment& now) {
  begin(conference, events, now);
  finish(conference, events, now);
}

void Host::begin(Conference& conference, const std::vector<Event>& events, const Moment& now) {
  for (const auto& event : events)
    if (closes(event)) act(conference, event, now);
}

void Host::finish(Conference& conference, const std::vector<Event>& events, const Moment& now) {
  for (const auto& event : events) {
    apply(conference.state, event);
    conference.log.push(event);
  }
  for (const auto& event : events)
    if (!closes(event)) act(conference, event, now);
}

void Host::act(Conference& conference, const Event& event, const Moment& now) {
  const auto& id = conference.state.id;
  if (const auto* microphone = std::get_if<MicrophoneChanged>(&event)) {
    directory_.set_microphone(id, microphone->seat, microphone->microphone.open, microphone->microphone.granted);
  } else if (const auto* camera = std::get_if<CameraChanged>(&event)) {
    directory_.set_camera(id, camera->seat, camera->camera.open);
  } else if (const auto* stage = std::get_if<StageChanged>(&event)) {
    directory_.set_stage(id, stage->seat);
  } else if (const auto* slides = std::get_if<SlidesChanged>(&event)) {
    directory_.set_slides(id, slides->seat);
  } else if (const auto* left = std::get_if<Left>(&event)) {
    if (const auto* sender = directory_.sender_of(id, left->seat)) directory_.close(sender->peer, now.monotonic);
    // A page that goes by itself has gone by now; one that has only said hello may stay.
    const auto* participant = left->reason == LeaveReason::removed ? participant_on(id, left->seat) : nullptr;
    if (participant) end(participant->session, left->reason);
  }
}

void Host::depart(const std::string& id, const SeatId& seat, LeaveReason reason, const Moment& now) {
  (void)carry_out(id, {}, Depart{seat, reason}, now);  // never refused
}

// -- WHIP --

// Whoever comes back under the own name finds the gates as they were left; for anyone else they start closed.
Arrive Host::arrival_of(const SessionOrder& order) const {
  const auto& who = order.principal;
  const auto* publication = directory_.publication(order.conference, order.publication);
  const bool returns = publication && publication->owner == who.subject;
  const bool forced = opens_at_once(who.role);
  const bool own = who.subject == order.publication;
  Arrive arrive{.seat = order.publication,
                .name = own ? name_of(who) : order.publication,
                .role = own ? who.role : Role::site,
                .microphone = forced || (returns && publication->microphone_open),
                .camera = forced || (returns && publication->camera_open),
                .forced = forced};
  for (const auto& track : order.negotiated.tracks)
    arrive.sends.push_back(track.kind == wire::MediaKind::audio ? TrackUse::microphone : TrackUse::camera);
  return arrive;
}

std::expected<void, CommandRefusal> Host::may_publish_now(const SessionOrder& order, const Moment& now) const {
  const auto* conference = find(order.conference);
  if (!conference) return std::unexpected(unknown_conference());
  const auto decided = decide(conference->state, now.wall, {}, arrival_of(order));
  if (!decided) return std::unexpected(decided.error());
  return {};
}

std::expected<const Session*, CommandRefusal> Host::publish(SessionOrder order, const Moment& now) {
  auto* conference = find(order.conference);
  if (!conference) return std::unexpected(unknown_conference());
  const auto events = decide(conference->state, now.wall, {}, arrival_of(order));
  if (!events) return std::unexpected(events.error());
  if (const auto* participant = participant_on(order.conference, order.publication); participant && participant->joined)
    end(participant->session, LeaveReason::replaced);
  begin(*conference, *events, now);
  const auto* session = directory_.publish(std::move(order), now.monotonic);
  finish(*conference, *events, now);
  return session;
}

std::expected<void, CommandRefusal> Host::set_open(std::string_view id, const std::string& name, bool open,
                                                   const Moment& now) {
  const auto microphone = open ? Command(OpenMicrophone{name}) : Command(CloseMicrophone{name});
  const auto camera = open ? Command(OpenCamera{name}) : Command(CloseCamera{name});
  auto done = carry_out(id, {}, microphone, now);
  if (done) done = carry_out(id, {}, camera, now);
  return done;
}

void Host::close(media::PeerId peer, const Moment& now) {
  const auto* session = directory_.find(peer);
  if (!session) return;
  const auto copy = *session;
  directory_.close(peer, now.monotonic);
  media_ended(copy, LeaveReason::left, now);
}

void Host::media_ended(const Session& session, LeaveReason reason, const Moment& now) {
  if (session.kind == SessionKind::publish && !directory_.sender_of(session.conference, session.publication))
    depart(session.conference, session.publication, reason, now);
  if (session.kind != SessionKind::participant) return;
  auto* participant = participant_on(session.conference, session.publication);
  if (!participant || participant->media != session.peer) return;
  participant->media.reset();
  if (participant->linked) {  // the page is still here and joins again by itself
    (void)carry_out(session.conference, {}, ChangeSends{session.publication, {}}, now);
    return;
  }
  participants_.erase(std::string(participant->session));
  depart(session.conference, session.publication, reason, now);
}

// -- time and the media core --

void Host::handle_event(const media::Event& event, const Moment& now) {
  std::optional<Session> ended;
  media::PeerId peer{};
  if (const auto* closed = std::get_if<media::PeerClosed>(&event)) peer = closed->peer;
  if (const auto* refused = std::get_if<media::PeerRefused>(&event)) peer = refused->peer;
  if (const auto* session = directory_.find(peer)) ended = *session;
  directory_.handle_event(event, now.monotonic);
  if (ended) media_ended(*ended, LeaveReason::lost, now);
}

std::optional<Ended> Host::poll_ended() {
  if (ended_.empty()) return std::nullopt;
  std::optional<Ended> next{std::move(ended_.front())};
  ended_.pop_front();
  return next;
}

TimePoint Host::next_deadline() const {
  auto deadline = directory_.next_deadline();
  for (const auto& [session, participant] : participants_) deadline = std::min(deadline, participant.expires);
  return deadline;
}

void Host::handle_timeout(const Moment& now) {
  directory_.handle_timeout(now.monotonic);
  std::vector<Participant> expired;
  for (const auto& [session, participant] : participants_)
    if (participant.expires <= now.monotonic) expired.push_back(participant);
  for (const auto& participant : expired) {
    participants_.erase(participant.session);
    depart(participant.conference, participant.seat, LeaveReason::lost, now);
  }
}

void Host::close_all(const Moment& now) {
  while (!participants_.empty()) leave(std::string(participants_.begin()->first), now);
  directory_.close_all(now.monotonic);
}

}  // namespace bridgehall::conference
