// The host's side of the record: what is on its way to the disk, what becomes of it there, and how a server begins with
// what is on it.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/random_text.h"
#include "conference/apply.h"
#include "conference/host.h"

namespace bridgehall::conference {

// -- on its way --

void Host::write(Conference& conference, std::vector<RecordedEvent> events, const Moment& now) {
  for (auto& event : events) {
    apply(conference.pending, std::as_const(event.event));
    event.sequence = conference.pending.sequence;
    event.at = now.wall;
  }
  conference.last_batch = ++last_batch_;
  uncommitted_.push_back({{last_batch_, conference.pending.id, std::move(events)}, {}});
  ++unpolled_;
}

std::optional<Batch> Host::poll_batch() {
  if (unpolled_ == 0) return std::nullopt;
  return uncommitted_[uncommitted_.size() - unpolled_--].batch;
}

// A session whose right to be here is in that batch.
void Host::depends_on(std::uint64_t batch, media::PeerId admitted) {
  if (batch == 0) return;
  for (auto& waiting : uncommitted_)
    if (waiting.batch.number == batch) waiting.admitted.push_back(admitted);
}

// -- written --

void Host::handle_committed(std::uint64_t number, const Moment& now) {
  while (!uncommitted_.empty() && uncommitted_.front().batch.number <= number) {
    BRIDGEHALL_CHECK(unpolled_ < uncommitted_.size());
    const auto batch = std::move(uncommitted_.front().batch);
    uncommitted_.pop_front();
    recorded_ = batch.number;
    commit(batch, now);
  }
  if (!trouble_) return;
  trouble_.reset();
  record_again_ = kNever;
  ++report_version_;
  for (auto& [id, conference] : conferences_) record_closings(conference, now);
}

void Host::commit(const Batch& batch, const Moment& now) {
  auto& conference = *find(batch.conference);
  for (const auto& [sequence, at, actor, event] : batch.events) {
    apply(conference.state, event);
    BRIDGEHALL_CHECK(conference.state.sequence == sequence);
    conference.log.push(event);
    report_version_ += conference.unrecorded.settle(event);
  }
  if (conference.unrecorded_batch == batch.number) conference.unrecorded_batch = 0;
  for (const auto& recorded : batch.events)
    if (!closes(recorded.event) && !closes_later(batch.conference, recorded.event))
      act(conference, recorded.event, now);
}

// What was closed since it was decided stays closed: that took effect when it was decided.
bool Host::closes_later(std::string_view conference, const Event& event) const {
  return std::any_of(uncommitted_.begin(), uncommitted_.end(), [&](const Uncommitted& waiting) {
    const auto& events = waiting.batch.events;
    return waiting.batch.conference == conference && std::any_of(events.begin(), events.end(), [&](const auto& later) {
             return closes(later.event) && same_subject(later.event, event);
           });
  });
}

// -- not written --

void Host::handle_commit_failed(std::uint64_t from, RecordTrouble why, const Moment& now) {
  trouble_ = why;
  ++report_version_;
  record_again_ = now.monotonic + kRecordAgain;
  std::deque<Uncommitted> refused;
  while (!uncommitted_.empty() && uncommitted_.back().batch.number >= from) {
    refused.push_front(std::move(uncommitted_.back()));
    uncommitted_.pop_back();
  }
  unpolled_ -= std::min(unpolled_, refused.size());
  for (auto& each : refused) {
    auto& conference = *find(each.batch.conference);
    for (auto& event : each.batch.events)
      if (closes(event.event)) conference.unrecorded.add(std::move(event));
    if (conference.unrecorded_batch == each.batch.number) conference.unrecorded_batch = 0;
    rebuild_pending(conference);
  }
  for (const auto& each : refused)
    for (const auto peer : each.admitted) dismiss(peer, now);
}

void Host::rebuild_pending(Conference& conference) {
  conference.pending = conference.state;
  conference.last_batch = 0;
  for (const auto& waiting : uncommitted_) {
    if (waiting.batch.conference != conference.state.id) continue;
    for (const auto& recorded : waiting.batch.events) apply(conference.pending, recorded.event);
    conference.last_batch = waiting.batch.number;
  }
}

// Its coming could not be written down, so it has not come.
void Host::dismiss(media::PeerId admitted, const Moment& now) {
  const auto* session = directory_.find(admitted);
  if (!session) return;  // another one came in its place, or it has gone
  const auto copy = *session;
  directory_.close(admitted, now.monotonic);
  media_ended(copy, LeaveReason::lost, now);
  if (auto* participant = participant_on(copy.conference, copy.publication)) {
    const auto* seat = find(copy.conference)->pending.find(copy.publication);
    participant->joined = seat && seat->present;
  }
}

// Tries to write down what has taken effect: decided anew upon what the record says by now.
void Host::record_closings(Conference& conference, const Moment& now) {
  if (conference.unrecorded.empty() || conference.unrecorded_batch != 0) return;
  auto closings = conference.unrecorded.against(conference.pending);
  ++report_version_;
  if (closings.empty()) return;
  write(conference, std::move(closings), now);
  conference.unrecorded_batch = conference.last_batch;
}

RecordReport Host::record_report(std::string_view id) const {
  const auto* conference = find(id);
  return {trouble_, conference ? conference->unrecorded.for_people() : std::vector<UnrecordedClosing>()};
}

// -- a server begins --

void follow_roster(State& state, const Roster& roster) {
  state.title = roster.title;
  state.time_zone = roster.time_zone;
  for (const auto& invited : roster.seats) {
    auto* seat = state.find(invited.id);
    if (!seat) continue;
    seat->name = invited.name;
    seat->place = invited.place;
    seat->role = invited.role;
  }
}

void Host::recover(Recovered recovered, const Moment& now) {
  auto* known = find(recovered.state.id);
  if (!known) return;  // it was taken out of the settings; its record stays where it is
  auto& conference = *known;
  auto& state = conference.state = std::move(recovered.state);
  const auto& id = state.id;
  const auto recorded = state;
  follow_roster(state, conference.roster);
  const bool other_roster = state != recorded;
  std::vector<RecordedEvent> added;
  for (const auto& invited : conference.roster.seats)
    if (!state.find(invited.id))
      added.push_back({.event = SeatAdded{invited.id, invited.name, invited.place, invited.role}});
  const auto& recent = recovered.recent;
  const bool follows = !other_roster && !recent.empty() && recent.back().sequence == state.sequence &&
                       recent.front().sequence + recent.size() == state.sequence + 1;
  conference.log =
      follows ? EventLog(recent.front().sequence - 1) : EventLog(state.sequence, other_roster ? state.sequence + 1 : 0);
  if (follows)
    for (const auto& event : recent) conference.log.push(event.event);
  conference.pending = state;
  if (!added.empty()) write(conference, std::move(added), now);

  for (const auto& seat : state.seats) {
    if (seat.microphone.open || seat.microphone.granted)
      directory_.set_microphone(id, seat.id, seat.microphone.open, seat.microphone.granted);
    if (seat.camera.open) directory_.set_camera(id, seat.id, true);
  }
  directory_.set_stage(id, state.stage);
  for (const auto& seat : state.seats) {
    if (!seat.present) continue;
    Participant participant{.session = random_hex(random_, kKeyBytes),
                            .conference = id,
                            .seat = seat.id,
                            .name = seat.name,
                            .role = seat.role,
                            .joined = true,
                            .recovered = true,
                            .linked = false,
                            .expires = now.monotonic + kGraceAfterRestart};
    (void)carry_out(id, {}, ChangeSends{seat.id, {}}, now);
    participants_[participant.session] = std::move(participant);
  }
}

}  // namespace bridgehall::conference
