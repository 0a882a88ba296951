#include "conference/host.h"

#include <fmt/format.h>

#include "base/random_text.h"

namespace bridgehall::conference {
namespace {

std::string name_of(const Principal& principal) { return principal.name.empty() ? principal.subject : principal.name; }

CommandRefusal unknown_conference() {
  return {RefusalCode::not_connected, "There is no such conference here.", "conference"};
}

CommandRefusal storage_stands_still() {
  return {RefusalCode::not_recorded, "Too much waits to be written down; try again in a moment.", {}};
}

bool is_session_key(std::string_view text) {
  return text.size() == 2 * kKeyBytes && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

CommandRefusal session_gone() { return {RefusalCode::not_connected, "This session has ended; connect again.", {}}; }

}  // namespace

Host::Host(DirectoryLimits limits, RandomSource& random) : random_(random), directory_(limits, random) {}

State initial_state(const Roster& roster) {
  State state{.id = roster.id,
              .title = roster.title,
              .time_zone = roster.time_zone,
              .mode = roster.mode,
              .stage = roster.stage};
  for (const auto& seat : roster.seats)
    state.seats.push_back({.id = seat.id, .name = seat.name, .place = seat.place, .role = seat.role});
  return state;
}

void Host::add_conference(Roster roster) {
  directory_.add_conference(roster.id);
  auto& conference = conferences_[roster.id];
  conference.state = conference.pending = initial_state(roster);
  for (const auto& seat : roster.seats)
    if (!seat.invitation.empty()) invitations_[seat.invitation] = {roster.id, seat.id};
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
  const auto* seat = find(conference)->pending.find(principal.subject);
  if (seat && seat->role != principal.role)
    return std::unexpected(CommandRefusal{RefusalCode::not_allowed,
                                          fmt::format("The token's role is {}, but seat {}'s is {}.",
                                                      role_name(principal.role), seat->id, role_name(seat->role)),
                                          "token"});
  auto* before = participant_on(conference, principal.subject);
  if (before && before->recovered && is_session_key(resume) && !participants_.contains(resume))
    before = take_recovered(*before, resume);
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

// Which session was on that seat, the server of before knew. The token says whose seat it is, and nobody else has come
// since: so it goes on under the name that its page has for it.
Participant* Host::take_recovered(const Participant& participant, std::string_view session) {
  auto node = participants_.extract(participant.session);
  node.key() = node.mapped().session = session;
  node.mapped().recovered = false;
  return &participants_.insert(std::move(node)).position->second;
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

Accepted Host::leave(std::string_view session, const Moment& now) {
  const auto found = participants_.find(session);
  if (found == participants_.end()) return {};
  const auto participant = found->second;
  end(participant.session, LeaveReason::left);
  if (!participant.joined) return {};
  return depart(participant.conference, participant.seat, LeaveReason::left, now);
}

std::expected<void, CommandRefusal> Host::may_join(std::string_view session, const Moment& now) const {
  const auto* participant = find_participant(session);
  if (!participant) return std::unexpected(session_gone());
  const auto decided = decide(find(participant->conference)->pending, now.wall, {},
                              Arrive{.seat = participant->seat, .role = participant->role});
  if (!decided) return std::unexpected(decided.error());
  return {};
}

// The session is made at once, with its gates as the record has them, so that the media core is not waited for after
// the disk. It is of no use to anybody before its answer, which waits for both.
std::expected<Admitted, CommandRefusal> Host::join(std::string_view session, ParticipantOrder order, bool microphone,
                                                   bool camera, const Moment& now) {
  const auto found = participants_.find(session);
  if (found == participants_.end()) return std::unexpected(session_gone());
  auto& participant = found->second;
  Arrive arrive{.seat = participant.seat,
                .name = participant.name,
                .role = participant.role,
                .microphone = microphone,
                .camera = camera};
  for (const auto& sent : order.sends) arrive.sends.push_back(sent.use);
  const auto accepted = carry_out(participant.conference, {}, arrive, now);
  if (!accepted) return std::unexpected(accepted.error());
  const auto* joined = directory_.join(std::move(order), now.monotonic);
  participant.media = joined->peer;
  participant.joined = true;
  depends_on(accepted->batch, joined->peer);
  return Admitted{joined, *accepted};
}

// -- commands --

std::expected<Accepted, CommandRefusal> Host::carry_out(std::string_view id, const SeatId& actor,
                                                        const Command& command, const Moment& now) {
  auto* conference = find(id);
  if (!conference) return std::unexpected(unknown_conference());
  record_closings(*conference, now);
  const auto events = decide(conference->pending, now.wall, actor, command);
  if (!events) return std::unexpected(events.error());
  return accept(*conference, actor, *events, now);
}

std::expected<Accepted, CommandRefusal> Host::accept(Conference& conference, const SeatId& actor,
                                                     const std::vector<Event>& events, const Moment& now) {
  const bool closed = std::all_of(events.begin(), events.end(), closes);
  if (!closed && uncommitted_.size() >= kMaxUncommitted) return std::unexpected(storage_stands_still());
  if (!events.empty()) {
    for (const auto& event : events)
      if (closes(event)) act(conference, event, now);
    std::vector<RecordedEvent> recorded;
    for (const auto& event : events) recorded.push_back({.actor = actor, .event = event});
    write(conference, std::move(recorded), now);
  }
  // Where nothing was to be changed, that rests upon what is on its way to the disk.
  return Accepted{conference.last_batch > recorded_ ? conference.last_batch : 0, closed};
}

void Host::act(const Conference& conference, const Event& event, const Moment& now) {
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

Accepted Host::depart(const std::string& id, const SeatId& seat, LeaveReason reason, const Moment& now) {
  return carry_out(id, {}, Depart{seat, reason}, now).value_or(Accepted{});  // never refused
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
  const auto decided = decide(conference->pending, now.wall, {}, arrival_of(order));
  if (!decided) return std::unexpected(decided.error());
  return {};
}

std::expected<Admitted, CommandRefusal> Host::publish(SessionOrder order, const Moment& now) {
  const auto accepted = carry_out(order.conference, {}, arrival_of(order), now);
  if (!accepted) return std::unexpected(accepted.error());
  if (const auto* participant = participant_on(order.conference, order.publication); participant && participant->joined)
    end(participant->session, LeaveReason::replaced);
  const auto* session = directory_.publish(std::move(order), now.monotonic);
  depends_on(accepted->batch, session->peer);
  return Admitted{session, *accepted};
}

// Both are independent of each other, and one command.
std::expected<Accepted, CommandRefusal> Host::set_open(std::string_view id, const std::string& name, bool open,
                                                       const Moment& now) {
  auto* conference = find(id);
  if (!conference) return std::unexpected(unknown_conference());
  record_closings(*conference, now);
  const auto microphone = open ? Command(OpenMicrophone{name}) : Command(CloseMicrophone{name});
  const auto camera = open ? Command(OpenCamera{name}) : Command(CloseCamera{name});
  auto events = decide(conference->pending, now.wall, {}, microphone);
  if (!events) return std::unexpected(events.error());
  auto more = decide(conference->pending, now.wall, {}, camera);
  if (!more) return std::unexpected(more.error());
  std::move(more->begin(), more->end(), std::back_inserter(*events));
  return accept(*conference, {}, *events, now);
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
  auto deadline = std::min(directory_.next_deadline(), record_again_);
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
  if (record_again_ > now.monotonic) return;
  record_again_ = kNever;
  for (auto& [id, conference] : conferences_) record_closings(conference, now);
}

void Host::close_all(const Moment& now) {
  while (!participants_.empty()) end(std::string(participants_.begin()->first), LeaveReason::closed);
  directory_.close_all(now.monotonic);
}

}  // namespace bridgehall::conference
