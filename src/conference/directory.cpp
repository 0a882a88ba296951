#include "conference/directory.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/random_text.h"
#include "conference/roster.h"

namespace bridgehall::conference {
namespace {

using wire::MediaKind;

Ssrc random_ssrc(RandomSource& random) { return Ssrc{static_cast<std::uint32_t>(1 + random.below(0xffff'ffffu))}; }

// One that none of `taken` is; they are few.
Ssrc fresh_ssrc(RandomSource& random, std::set<Ssrc>& taken) {
  Ssrc ssrc;
  do ssrc = random_ssrc(random);
  while (!taken.insert(ssrc).second);
  return ssrc;
}

// A viewer that decodes the old track decodes the new one too. Opus parameters only state wishes (RFC 7587
// section 6.1).
bool same_coding(const Track& track, const session::NegotiatedCodec& codec) {
  return track.codec == codec.codec && (codec.codec == wire::Codec::opus || track.fmtp == codec.fmtp);
}

TrackUse use_of(MediaKind kind) { return kind == MediaKind::audio ? TrackUse::microphone : TrackUse::camera; }

// What those who watch already decode comes first.
void prefer_present_codec(std::vector<wire::Codec>& preference, const Publication* publication) {
  const auto* camera = publication ? publication->find(TrackUse::camera) : nullptr;
  if (camera)
    std::stable_partition(preference.begin(), preference.end(), [&](auto codec) { return codec == camera->codec; });
}

std::unique_ptr<media::CreatePeer> create_command(const Session& session, std::string cname,
                                                  crypto::Fingerprint fingerprint) {
  auto create = std::make_unique<media::CreatePeer>();
  create->peer = session.peer;
  create->transport.local = session.local;
  create->transport.remote = session.remote;
  create->transport.remote_fingerprint = std::move(fingerprint);
  create->cname = std::move(cname);
  return create;
}

}  // namespace

const Track* Publication::find(TrackUse use, std::uint8_t number) const {
  const auto found =
      std::find_if(tracks.begin(), tracks.end(), [&](const Track& t) { return t.use == use && t.number == number; });
  return found == tracks.end() ? nullptr : &*found;
}

Directory::Directory(DirectoryLimits limits, RandomSource& random) : limits_(limits), random_(random) {}

void Directory::add_conference(const std::string& id) {
  auto& conference = conferences_[id];
  if (conference.room != media::RoomId{}) return;
  conference.room = media::RoomId{++last_room_};
  commands_.emplace_back(media::AddRoom{conference.room});
}

bool Directory::has_conference(std::string_view id) const { return conferences_.contains(id); }

Directory::Conference* Directory::find_conference(std::string_view id) {
  const auto found = conferences_.find(id);
  return found == conferences_.end() ? nullptr : &found->second;
}

const Directory::Conference* Directory::find_conference(std::string_view id) const {
  const auto found = conferences_.find(id);
  return found == conferences_.end() ? nullptr : &found->second;
}

// -- terms --

std::expected<session::PublishTerms, DirectoryRefusal> Directory::publish_terms(std::string_view conference_id,
                                                                                std::string_view name,
                                                                                const Principal& principal) const {
  const auto* conference = find_conference(conference_id);
  if (!conference) return std::unexpected(DirectoryRefusal::unknown_conference);
  const auto publication = check_sender(*conference, name, principal, true);
  if (!publication) return std::unexpected(publication.error());
  session::PublishTerms terms;
  prefer_present_codec(terms.video_preference, *publication);
  return terms;
}

std::expected<const Publication*, DirectoryRefusal> Directory::check_sender(const Conference& conference,
                                                                            std::string_view name,
                                                                            const Principal& principal,
                                                                            bool sends) const {
  const auto found = conference.publications.find(name);
  const auto* publication = found == conference.publications.end() ? nullptr : &found->second;
  const bool replaces = publication && publication->sender;  // one session for another: the count stays
  if (replaces && !may_replace_publisher(principal.role, principal.subject, publication->owner))
    return std::unexpected(DirectoryRefusal::name_in_use);
  if (!replaces && conference.sessions >= limits_.sessions) return std::unexpected(DirectoryRefusal::too_many_sessions);
  const bool one_more = sends && (!publication || publication->tracks.empty());
  if (one_more && static_cast<std::size_t>(std::count_if(
                      conference.publications.begin(), conference.publications.end(),
                      [](const auto& entry) { return !entry.second.tracks.empty(); })) >= limits_.publications)
    return std::unexpected(DirectoryRefusal::too_many_publications);
  return publication;
}

std::expected<session::ViewTerms, ViewRefusal> Directory::view_terms(std::string_view conference_id,
                                                                     std::span<const std::string> names) {
  const auto* conference = find_conference(conference_id);
  if (!conference) return std::unexpected(ViewRefusal{DirectoryRefusal::unknown_conference, {}});
  if (conference->sessions >= limits_.sessions)
    return std::unexpected(ViewRefusal{DirectoryRefusal::too_many_sessions, {}});
  BRIDGEHALL_CHECK(!names.empty() && names.size() <= kMaxViewed);
  session::ViewTerms terms;
  std::vector<std::string> absent;
  std::set<Ssrc> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = conference->publications.find(names[i]);
    const auto before = terms.sources.size();
    for (const auto use : {TrackUse::microphone, TrackUse::camera}) {
      const auto* track = found == conference->publications.end() ? nullptr : found->second.find(use);
      if (!track || !track->sent) continue;
      terms.sources.push_back({.codec = track->codec,
                               .fmtp = track->fmtp,
                               .ssrc = fresh_ssrc(random_, taken),
                               .rtx_ssrc = track->kind() == MediaKind::video ? fresh_ssrc(random_, taken) : Ssrc{},
                               .stream_id = names[i],
                               .track_id = fmt::format("track-{}", track->id.value()),
                               .line = names.size() > 1 ? std::optional(i) : std::nullopt});
    }
    if (terms.sources.size() == before) absent.push_back(names[i]);
  }
  if (!absent.empty()) return std::unexpected(ViewRefusal{DirectoryRefusal::nobody_publishes, std::move(absent)});
  return terms;
}

std::expected<void, DirectoryRefusal> Directory::participant_terms(ParticipantOrder& order) {
  const auto* conference = find_conference(order.conference);
  if (!conference) return std::unexpected(DirectoryRefusal::unknown_conference);
  order.terms = {};
  if (order.kind == SessionKind::participant) {
    const auto publication = check_sender(*conference, order.publication, order.principal, !order.sends.empty());
    if (!publication) return std::unexpected(publication.error());
    prefer_present_codec(order.terms.video_preference, *publication);
  } else if (conference->sessions >= limits_.sessions) {
    return std::unexpected(DirectoryRefusal::too_many_sessions);
  }
  std::stable_sort(order.slots.begin(), order.slots.end(), [](const auto& a, const auto& b) {
    return a.use != media::SlotUse::voice && b.use == media::SlotUse::voice;
  });
  for (const auto& sent : order.sends) order.terms.sends.push_back(sent.mid);
  std::set<Ssrc> taken;
  std::size_t tiles = 0, voices = 0;
  for (const auto& slot : order.slots) {
    session::SlotTerms terms{.mid = slot.mid, .ssrc = fresh_ssrc(random_, taken)};
    switch (slot.use) {
      case media::SlotUse::voice:
        // The first voice place is the stage's: one stream with its picture, so that lips stay in sync.
        terms.stream_id = voices == 0 ? "stage" : fmt::format("voice-{}", voices);
        terms.track_id = fmt::format("voice-{}", voices++);
        break;
      case media::SlotUse::stage:
        terms.stream_id = "stage";
        terms.track_id = "stage";
        break;
      case media::SlotUse::slides:
        terms.stream_id = terms.track_id = "slides";
        break;
      case media::SlotUse::tile:
        terms.stream_id = terms.track_id = fmt::format("tile-{}", tiles++);
        break;
    }
    if (slot.use != media::SlotUse::voice) terms.rtx_ssrc = fresh_ssrc(random_, taken);
    order.terms.slots.push_back(std::move(terms));
  }
  return {};
}

// -- sessions --

Session& Directory::open_session(SessionKind kind, std::string conference, std::string publication, std::string subject,
                                 const session::IceCredentials& local, const session::IceCredentials& remote,
                                 TimePoint now) {
  const media::PeerId peer{++last_peer_};
  auto& session = sessions_[peer];
  session.peer = peer;
  session.since = now;
  session.kind = kind;
  session.key = random_hex(random_, kKeyBytes);
  session.conference = std::move(conference);
  session.publication = std::move(publication);
  session.subject = std::move(subject);
  session.local = local;
  session.remote = remote;
  by_key_[session.key] = peer;
  ++find_conference(session.conference)->sessions;
  return session;
}

// The name's publication with its last sender gone.
Publication& Directory::take_over(Conference& conference, const std::string& name, const Principal& principal,
                                  TimePoint now) {
  auto& publication = conference.publications[name];
  if (publication.sender) shut(*publication.sender, now);  // slots keep what they have until the new sender is known
  publication.owner = principal.subject;
  for (auto& track : publication.tracks) track.sent = track.stopped = false;
  publication.expires = kNever;
  return publication;
}

const Session* Directory::publish(SessionOrder order, TimePoint now) {
  auto* conference = find_conference(order.conference);
  BRIDGEHALL_CHECK(conference);
  auto& publication = take_over(*conference, order.publication, order.principal, now);
  std::vector<std::pair<TrackUse, const session::NegotiatedTrack*>> sent;
  for (const auto& track : order.negotiated.tracks) sent.emplace_back(use_of(track.kind), &track);
  drop_outdated_tracks(publication, sent, now);

  auto& session = open_session(SessionKind::publish, order.conference, order.publication, order.principal.subject,
                               order.local, order.negotiated.remote_credentials, now);
  if (!order.negotiated.tracks.empty()) session.first_mid = order.negotiated.tracks.front().mid;
  auto create = create_command(session, order.cname, std::move(order.negotiated.remote_fingerprint));
  for (auto& track : order.negotiated.tracks) {
    const auto id = take_track(*conference, order.publication, publication, use_of(track.kind), track.codec);
    create->incoming.push_back({id, std::move(track)});
  }
  publication.sender = session.peer;
  apply_gates(*conference, order.publication, publication);
  rank_voice(*conference, order.publication);
  commands_.emplace_back(std::move(create));
  fill_slots(*conference, order.publication);
  return &session;
}

const Session* Directory::view(SessionOrder order, const session::ViewTerms& terms, TimePoint now) {
  auto* conference = find_conference(order.conference);
  BRIDGEHALL_CHECK(conference);
  auto& session = open_session(SessionKind::view, order.conference, order.publication, order.principal.subject,
                               order.local, order.negotiated.remote_credentials, now);
  if (!order.negotiated.tracks.empty()) session.first_mid = order.negotiated.tracks.front().mid;
  auto create = create_command(session, order.cname, std::move(order.negotiated.remote_fingerprint));
  auto& tracks = order.negotiated.tracks;
  std::stable_partition(tracks.begin(), tracks.end(), [](const auto& t) { return t.kind == MediaKind::video; });
  for (auto& track : tracks) {
    const auto& source = terms.sources[track.source];
    const auto* sent = conference->publications.at(source.stream_id).find(use_of(track.kind));
    BRIDGEHALL_CHECK(sent);
    // A line that is too weak for all pictures carries that of the first name longest.
    const auto use = track.kind == MediaKind::audio ? media::SlotUse::voice
                     : source.line.value_or(0) == 0 ? media::SlotUse::stage
                                                    : media::SlotUse::tile;
    create->outgoing.push_back({.track = std::move(track),
                                .ssrc = source.ssrc,
                                .rtx_ssrc = source.rtx_ssrc,
                                .use = use,
                                .publication = sent->id});
  }
  for (const auto& source : terms.sources) {
    session.views.insert(source.stream_id);
    auto& publication = conference->publications.at(source.stream_id);
    publication.viewers.insert(session.peer);
    note_use(publication, now);
  }
  commands_.emplace_back(std::move(create));
  return &session;
}

const Session* Directory::join(ParticipantOrder order, TimePoint now) {
  auto* conference = find_conference(order.conference);
  BRIDGEHALL_CHECK(conference);
  Publication* publication = nullptr;
  if (order.kind == SessionKind::participant) {
    publication = &take_over(*conference, order.publication, order.principal, now);
    std::vector<std::pair<TrackUse, const session::NegotiatedTrack*>> sent;
    for (std::size_t i = 0; i < order.sends.size(); ++i)
      sent.emplace_back(order.sends[i].use, &order.negotiated.tracks[i]);
    drop_outdated_tracks(*publication, sent, now);
  }
  auto& session = open_session(order.kind, order.conference, order.publication, order.principal.subject, order.local,
                               order.negotiated.remote_credentials, now);
  session.first_mid = order.negotiated.first_mid;
  auto create = create_command(session, order.cname, std::move(order.negotiated.remote_fingerprint));
  create->room = conference->room;

  for (std::size_t i = 0; i < order.sends.size(); ++i) {
    auto& track = order.negotiated.tracks[i];
    const auto id = take_track(*conference, order.publication, *publication, order.sends[i].use, track.codec);
    create->incoming.push_back({id, std::move(track)});
  }
  std::uint8_t voices = 0;
  for (std::size_t i = 0; i < order.slots.size(); ++i) {
    auto& negotiated = order.negotiated.slots[i];
    const auto use = order.slots[i].use;
    media::OutgoingTrack outgoing{.ssrc = order.terms.slots[i].ssrc, .rtx_ssrc = order.terms.slots[i].rtx_ssrc};
    outgoing.track = {.mid = negotiated.mid, .kind = negotiated.kind, .codec = negotiated.codecs.front()};
    outgoing.track.extensions = negotiated.extensions;
    outgoing.use = use;
    // Whoever has one voice only hears the stage, or else who leads the talk.
    if (use == media::SlotUse::voice)
      outgoing.voice_place = order.kind == SessionKind::stage ? media::kLeadPlace : voices++;
    create->outgoing.push_back(std::move(outgoing));
    session.slots.push_back({.use = use, .negotiated = std::move(negotiated)});
  }
  if (publication) {
    publication->sender = session.peer;
    apply_gates(*conference, order.publication, *publication);
    rank_voice(*conference, order.publication);
  }
  commands_.emplace_back(std::move(create));
  if (publication) fill_slots(*conference, order.publication);
  conference->with_slots.insert(session.peer);
  fill_slots(*conference, session);
  return &session;
}

const Session* Directory::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &sessions_.at(found->second);
}

const Session* Directory::find(media::PeerId peer) const {
  const auto found = sessions_.find(peer);
  return found == sessions_.end() ? nullptr : &found->second;
}

const Session* Directory::sender_of(std::string_view conference, std::string_view name) const {
  const auto* published = publication(conference, name);
  return published && published->sender ? find(*published->sender) : nullptr;
}

void Directory::restart_ice(media::PeerId peer, session::IceCredentials local, session::IceCredentials remote) {
  auto& session = sessions_.at(peer);
  session.local = std::move(local);
  session.remote = std::move(remote);
  ++session.ice_generation;
  commands_.emplace_back(media::RestartIce{peer, session.local, session.remote});
}

Directory::Place Directory::shut(media::PeerId peer, TimePoint now) {
  if (!sessions_.contains(peer)) return {};
  closing_.insert(peer);
  commands_.emplace_back(media::ClosePeer{peer});
  return forget(peer, now);
}

void Directory::close(media::PeerId peer, TimePoint now) {
  if (const auto sent = shut(peer, now); sent.conference) fill_slots(*sent.conference, sent.name);
}

std::vector<media::PeerId> Directory::sessions_of(std::string_view conference, std::string_view subject) const {
  std::vector<media::PeerId> peers;
  for (const auto& [peer, session] : sessions_)
    if (session.conference == conference && session.subject == subject) peers.push_back(peer);
  return peers;
}

void Directory::close_all(TimePoint now) {
  while (!sessions_.empty()) close(sessions_.begin()->first, now);
}

Publication* Directory::publication_of(const Session& session) {
  auto* conference = find_conference(session.conference);
  if (!conference) return nullptr;
  const auto found = conference->publications.find(session.publication);
  return found == conference->publications.end() ? nullptr : &found->second;
}

Directory::Place Directory::forget(media::PeerId peer, TimePoint now) {
  Place sent;
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return sent;
  const auto& session = found->second;
  count_end(session, now);
  auto& conference = *find_conference(session.conference);
  if (auto* publication = publication_of(session); publication && publication->sender == peer) {
    sent = {&conference, session.publication};
    publication->sender.reset();
    for (auto& track : publication->tracks) track.sent = track.stopped = false;
    note_use(*publication, now);
  }
  for (const auto& name : session.views) {
    auto& publication = conference.publications.at(name);
    publication.viewers.erase(peer);
    note_use(publication, now);
  }
  --conference.sessions;
  conference.with_slots.erase(peer);
  changed_.erase(peer);
  by_key_.erase(session.key);
  sessions_.erase(found);
  return sent;
}

void Directory::count_end(const Session& session, TimePoint now) {
  if (session.connected)
    ++tally_.connected;
  else if (now - session.since >= kFairChance)
    ++(session.heard == media::Heard::nothing ? tally_.never_heard : tally_.never_connected);
}

void Directory::note_use(Publication& publication, TimePoint now) {
  const bool used = publication.sender || !publication.viewers.empty();
  publication.expires = used ? kNever : now + limits_.unused_publication;
}

// -- tracks and gates --

media::PublicationId Directory::take_track(Conference& conference, const std::string& name, Publication& publication,
                                           TrackUse use, const session::NegotiatedCodec& codec) {
  // The n-th track of a use that is sent now takes the n-th that there was.
  auto known = std::find_if(publication.tracks.begin(), publication.tracks.end(),
                            [&](const Track& t) { return t.use == use && !t.sent; });
  if (known == publication.tracks.end()) {
    const media::PublicationId id{++last_publication_};
    const auto number = std::count_if(publication.tracks.begin(), publication.tracks.end(),
                                      [&](const Track& t) { return t.use == use; });
    publication.tracks.push_back(
        {.id = id, .use = use, .number = static_cast<std::uint8_t>(number), .codec = codec.codec});
    known = publication.tracks.end() - 1;
    by_track_[id] = {&conference, name};
    commands_.emplace_back(media::AddPublication{id, codec.codec, conference.room});
  }
  known->fmtp = codec.fmtp;
  known->sent = true;
  return known->id;
}

// Viewers of a name were promised the codec that they negotiated: when one changes they are sent away and come back by
// themselves. Slots take any codec that their client knows.
void Directory::drop_outdated_tracks(Publication& publication,
                                     const std::vector<std::pair<TrackUse, const session::NegotiatedTrack*>>& tracks,
                                     TimePoint now) {
  std::map<TrackUse, std::uint8_t> numbers;
  const bool changed = std::any_of(tracks.begin(), tracks.end(), [&](const auto& sent) {
    const auto* present = publication.find(sent.first, numbers[sent.first]++);
    return present && !same_coding(*present, sent.second->codec);
  });
  if (!changed) return;
  const auto viewers = publication.viewers;
  for (const auto peer : viewers) close(peer, now);
  remove_tracks(publication);
}

void Directory::remove_tracks(Publication& publication) {
  for (const auto& track : publication.tracks) {
    commands_.emplace_back(media::RemovePublication{track.id});
    by_track_.erase(track.id);
  }
  publication.tracks.clear();
}

// Slides have a gate of their own: whoever shares them may have the camera closed.
void Directory::apply_gates(const Conference& conference, const std::string& name, Publication& publication) {
  for (auto& track : publication.tracks) {
    const bool open = track.use == TrackUse::microphone ? publication.microphone_open
                      : track.use == TrackUse::camera   ? publication.camera_open
                                                        : conference.slides == name;
    if (track.open == open) continue;
    track.open = open;
    commands_.emplace_back(media::SetGate{track.id, open});
  }
}

void Directory::rank_voice(const Conference& conference, const std::string& name) {
  const auto found = conference.publications.find(name);
  if (found == conference.publications.end()) return;
  for (const auto& track : found->second.tracks)
    if (track.use == TrackUse::microphone)
      commands_.emplace_back(media::SetVoiceRank{track.id, conference.stage == name ? media::VoiceRank::stage
                                                           : found->second.granted  ? media::VoiceRank::granted
                                                                                    : media::VoiceRank::open});
}

// The publication of whoever is given something to keep; nothing to keep makes none.
Publication* Directory::publication_for(Conference& conference, const std::string& name, bool keeps) {
  const auto found = conference.publications.find(name);
  if (found != conference.publications.end()) return &found->second;
  return keeps ? &conference.publications[name] : nullptr;
}

void Directory::set_microphone(std::string_view conference_id, const std::string& name, bool open, bool granted) {
  auto* conference = find_conference(conference_id);
  auto* publication = conference ? publication_for(*conference, name, open || granted) : nullptr;
  if (!publication) return;
  publication->microphone_open = open;
  apply_gates(*conference, name, *publication);
  if (publication->granted == granted) return;
  publication->granted = granted;
  rank_voice(*conference, name);
}

void Directory::set_camera(std::string_view conference_id, const std::string& name, bool open) {
  auto* conference = find_conference(conference_id);
  auto* publication = conference ? publication_for(*conference, name, open) : nullptr;
  if (!publication) return;
  publication->camera_open = open;
  apply_gates(*conference, name, *publication);
  fill_slots(*conference, name);
}

void Directory::set_stage(std::string_view conference_id, const std::string& name) {
  auto* conference = find_conference(conference_id);
  if (!conference || conference->stage == name) return;
  const auto before = std::exchange(conference->stage, name);
  rank_voice(*conference, before);
  rank_voice(*conference, name);
  fill_slots(*conference, name);
}

void Directory::set_slides(std::string_view conference_id, const std::string& name) {
  auto* conference = find_conference(conference_id);
  if (!conference || conference->slides == name) return;
  const auto before = std::exchange(conference->slides, name);
  for (const auto& each : {before, name})
    if (auto* publication = publication_for(*conference, each, false)) apply_gates(*conference, each, *publication);
  fill_slots(*conference, name);
}

// -- what the media core says --

void Directory::handle_event(const media::Event& event, TimePoint now) {
  if (const auto* heard = std::get_if<media::PeerHeard>(&event)) {
    if (const auto found = sessions_.find(heard->peer); found != sessions_.end()) found->second.heard = heard->heard;
  } else if (const auto* connected = std::get_if<media::PeerConnected>(&event)) {
    if (const auto found = sessions_.find(connected->peer); found != sessions_.end()) found->second.connected = true;
  } else if (const auto* closed = std::get_if<media::PeerClosed>(&event)) {
    ended(closed->peer, now);
  } else if (const auto* refused = std::get_if<media::PeerRefused>(&event)) {
    ended(refused->peer, now);
  } else if (const auto* slot_changed = std::get_if<media::SlotChanged>(&event)) {
    const auto found = sessions_.find(slot_changed->peer);
    if (found == sessions_.end() || slot_changed->slot >= found->second.slots.size()) return;
    auto& slot = found->second.slots[slot_changed->slot];
    if (slot.filled != slot_changed->publication) return;  // filled with something else by now
    slot.flow = slot_changed->flow;
    slot.keeps &= slot.flow == media::SlotFlow::waiting;
    const auto& conference = *find_conference(found->second.conference);
    tell(found->second, slot_changed->slot, content_of(conference, found->second, slot));
  } else if (const auto* flow = std::get_if<media::FlowChanged>(&event)) {
    const auto found = by_track_.find(flow->publication);
    if (found == by_track_.end()) return;
    auto& [conference, name] = found->second;
    for (auto& track : conference->publications.at(name).tracks)
      if (track.id == flow->publication) track.stopped = !flow->flowing;
    fill_slots(*conference, name);
  } else if (const auto* voices = std::get_if<media::VoicesChanged>(&event)) {
    for (auto& [id, conference] : conferences_) {
      if (conference.room != voices->room) continue;
      conference.voices = *voices;
      speakers_changed_.insert(id);
    }
  }
}

void Directory::ended(media::PeerId peer, TimePoint now) {
  closing_.erase(peer);
  if (const auto sent = forget(peer, now); sent.conference) fill_slots(*sent.conference, sent.name);
}

std::vector<std::string> Directory::take_changed_speakers() {
  std::vector<std::string> changed(speakers_changed_.begin(), speakers_changed_.end());
  speakers_changed_.clear();
  return changed;
}

std::vector<std::string> Directory::speakers(std::string_view conference_id) const {
  std::vector<std::string> names;
  const auto* conference = find_conference(conference_id);
  if (!conference) return names;
  for (std::size_t place = 0; place < media::kVoicePlaces; ++place) {
    if ((conference->voices.speaking >> place & 1) == 0) continue;
    const auto found = by_track_.find(conference->voices.places[place]);
    if (found != by_track_.end()) names.push_back(found->second.name);
  }
  return names;
}

std::optional<media::Command> Directory::poll_command() {
  if (commands_.empty()) return std::nullopt;
  std::optional<media::Command> command{std::move(commands_.front())};
  commands_.pop_front();
  return command;
}

TimePoint Directory::next_deadline() const {
  auto deadline = kNever;
  for (const auto& [id, conference] : conferences_)
    for (const auto& [name, publication] : conference.publications) deadline = std::min(deadline, publication.expires);
  return deadline;
}

void Directory::handle_timeout(TimePoint now) {
  for (auto& [id, conference] : conferences_) {
    for (auto next = conference.publications.begin(); next != conference.publications.end();) {
      const auto entry = next++;
      if (entry->second.expires > now) continue;
      // No slot shows it any more: its sender is long gone.
      auto& publication = entry->second;
      remove_tracks(publication);
      publication.expires = kNever;
      // Its gates are kept for whoever comes back; one without any has nothing to be kept.
      if (!publication.open() && !publication.granted) conference.publications.erase(entry);
    }
  }
}

const std::map<std::string, Publication, std::less<>>* Directory::publications(std::string_view conference_id) const {
  const auto* conference = find_conference(conference_id);
  return conference ? &conference->publications : nullptr;
}

const Publication* Directory::publication(std::string_view conference_id, std::string_view name) const {
  const auto* all = publications(conference_id);
  if (!all) return nullptr;
  const auto found = all->find(name);
  return found == all->end() ? nullptr : &found->second;
}

DirectoryCounts Directory::counts() const {
  DirectoryCounts counts;
  for (const auto& [id, conference] : conferences_)
    for (const auto& [name, publication] : conference.publications) counts.publications += !publication.tracks.empty();
  for (const auto& [peer, session] : sessions_) {
    switch (session.kind) {
      case SessionKind::publish:
        ++counts.publishing;
        break;
      case SessionKind::view:
      case SessionKind::stage:
        ++counts.viewing;
        break;
      case SessionKind::participant:
        ++counts.participating;
        break;
    }
    counts.connected += session.connected;
  }
  return counts;
}

}  // namespace bridgehall::conference
