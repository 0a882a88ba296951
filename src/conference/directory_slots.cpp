// What each slot should show, what it was filled with, and what its page is told: the directory compares the three
// whenever one of them may have changed.
#include <utility>

#include "conference/directory.h"

namespace bridgehall::conference {

void Directory::demand(media::PeerId peer, const SlotDemand& demand) {
  const auto found = sessions_.find(peer);
  if (found == sessions_.end() || demand.slot >= found->second.slots.size()) return;
  auto& slot = found->second.slots[demand.slot];
  if (slot.use == media::SlotUse::tile) {
    slot.seat = demand.seat;
    slot.camera = demand.camera;
  }
  slot.quality = demand.quality;
  fill_slot(*find_conference(found->second.conference), found->second, demand.slot);
}

// Compares names and looks up nothing: with 400 pages of 27 slots it goes through 10,000 of them.
void Directory::fill_slots(Conference& conference, std::string_view name) {
  for (const auto peer : conference.with_slots) {
    auto& session = sessions_.at(peer);
    for (std::size_t i = 0; i < session.slots.size(); ++i)
      if (seat_of(conference, session.slots[i]) == name)
        fill_slot(conference, session, static_cast<media::SlotNumber>(i));
  }
}

void Directory::fill_slots(const Conference& conference, Session& session) {
  for (std::size_t i = 0; i < session.slots.size(); ++i)
    fill_slot(conference, session, static_cast<media::SlotNumber>(i));
}

void Directory::fill_slot(const Conference& conference, Session& session, media::SlotNumber number) {
  const auto& slot = session.slots[number];
  if (slot.use == media::SlotUse::voice) return;  // the media core fills them
  const auto content = content_of(conference, session, slot);
  fill(session, number, content);
  tell(session, number, content);
}

const std::string& Directory::seat_of(const Conference& conference, const Slot& slot) {
  return slot.use == media::SlotUse::stage    ? conference.stage
         : slot.use == media::SlotUse::slides ? conference.slides
                                              : slot.seat;
}

Directory::Content Directory::content_of(const Conference& conference, const Session& session, const Slot& slot) const {
  Content content{.seat = seat_of(conference, slot), .quality = slot.quality};
  const auto use = slot.use == media::SlotUse::slides ? TrackUse::slides : TrackUse::camera;
  const std::uint8_t number = slot.use == media::SlotUse::tile ? slot.camera : 0;
  // Nobody is sent the own picture: the page has it without the way round.
  if (content.seat.empty() || (session.kind == SessionKind::participant && content.seat == session.publication))
    return content;
  const auto found = conference.publications.find(content.seat);
  if (found == conference.publications.end()) return content;
  const auto* track = found->second.find(use, number);
  if (track && track->sent) content.track = track;
  return content;
}

void Directory::fill(Session& session, media::SlotNumber number, const Content& content) {
  auto& slot = session.slots[number];
  const auto* codec = content.track && content.quality != Quality::off
                          ? slot.negotiated.codec_for(content.track->codec, content.track->fmtp)
                          : nullptr;
  if (!codec) {
    if (slot.filled != media::PublicationId{}) commands_.emplace_back(media::EmptySlot{session.peer, number});
    slot.filled = {};
    slot.keeps = false;
    return;
  }
  drop_kept_picture(session, number, *content.track);
  const auto layer = static_cast<std::uint8_t>(static_cast<std::uint8_t>(content.quality) - 1);
  if (slot.filled == content.track->id && slot.layer == layer && slot.payload_type == codec->payload_type) return;
  if (slot.filled != content.track->id) {
    slot.flow = media::SlotFlow::waiting;
    slot.keeps = slot.filled != media::PublicationId{};
  }
  slot.filled = content.track->id;
  slot.layer = layer;
  slot.payload_type = codec->payload_type;
  commands_.emplace_back(media::FillSlot{.peer = session.peer,
                                         .slot = number,
                                         .publication = slot.filled,
                                         .payload_type = codec->payload_type,
                                         .rtx_payload_type = codec->rtx_payload_type,
                                         .layer = layer});
}

// A slot shows what it had until the first keyframe of what comes next. Where none comes nobody is to be seen in the
// place of another.
void Directory::drop_kept_picture(Session& session, media::SlotNumber number, const Track& next) {
  auto& slot = session.slots[number];
  const bool keeps = slot.filled == next.id ? slot.keeps : slot.filled != media::PublicationId{};
  if (!keeps || (next.open && !next.stopped)) return;
  commands_.emplace_back(media::EmptySlot{session.peer, number});
  slot.filled = {};
  slot.keeps = false;
}

void Directory::tell(Session& session, media::SlotNumber number, const Content& content) {
  auto& slot = session.slots[number];
  SlotContent now{.seat = content.seat, .quality = content.quality};
  if (content.seat.empty() || content.quality == Quality::off ||
      (session.kind == SessionKind::participant && content.seat == session.publication)) {
    now.state = SlotState::empty;
  } else if (!content.track || content.track->stopped) {
    now.state = SlotState::not_sending;
  } else if (!content.track->open) {
    now.state = SlotState::closed;
  } else if (slot.filled == media::PublicationId{}) {
    now.state = SlotState::undecodable;
  } else if (slot.flow == media::SlotFlow::off_by_line) {
    now.state = SlotState::line;
  } else {
    now.state = slot.flow == media::SlotFlow::waiting ? SlotState::waiting : SlotState::showing;
  }
  if (now == slot.content) return;
  slot.content = now;
  slot.told = false;
  changed_.insert(session.peer);
}

std::vector<media::PeerId> Directory::take_changed_sessions() {
  std::vector<media::PeerId> changed(changed_.begin(), changed_.end());
  changed_.clear();
  return changed;
}

std::vector<Directory::ChangedSlot> Directory::take_changed_slots(media::PeerId peer) {
  std::vector<ChangedSlot> changed;
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return changed;
  for (std::size_t i = 0; i < found->second.slots.size(); ++i) {
    auto& slot = found->second.slots[i];
    if (std::exchange(slot.told, true)) continue;
    changed.push_back({static_cast<media::SlotNumber>(i), slot.content});
  }
  return changed;
}

void Directory::tell_slots_again(media::PeerId peer) {
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return;
  for (auto& slot : found->second.slots) slot.told = slot.use == media::SlotUse::voice;  // of these nothing is told
}

}  // namespace bridgehall::conference
