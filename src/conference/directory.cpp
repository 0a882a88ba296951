#include "conference/directory.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace bridgehall::conference {
namespace {

std::string random_key(RandomSource& random) {
  std::array<std::uint8_t, 16> bytes;
  random.fill(bytes);
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

Ssrc random_ssrc(RandomSource& random) { return Ssrc{static_cast<std::uint32_t>(1 + random.below(0xffff'ffffu))}; }

// A viewer that decodes the old track decodes the new one too. Opus parameters only state wishes (RFC 7587
// section 6.1).
bool same_coding(const Track& track, const session::NegotiatedCodec& codec) {
  return track.codec == codec.codec && (codec.codec == wire::Codec::opus || track.fmtp == codec.fmtp);
}

std::optional<Track>& track_of(Publication& publication, wire::MediaKind kind) {
  return kind == wire::MediaKind::audio ? publication.audio : publication.video;
}

}  // namespace

Directory::Directory(DirectoryLimits limits, RandomSource& random) : limits_(limits), random_(random) {}

void Directory::add_conference(const std::string& id) { conferences_.try_emplace(id); }

bool Directory::has_conference(std::string_view id) const { return conferences_.contains(id); }

Directory::Conference* Directory::find_conference(std::string_view id) {
  const auto found = conferences_.find(id);
  return found == conferences_.end() ? nullptr : &found->second;
}

const Directory::Conference* Directory::find_conference(std::string_view id) const {
  const auto found = conferences_.find(id);
  return found == conferences_.end() ? nullptr : &found->second;
}

std::expected<session::PublishTerms, DirectoryRefusal> Directory::publish_terms(std::string_view conference_id,
                                                                                std::string_view name,
                                                                                const Principal& principal) const {
  const auto* conference = find_conference(conference_id);
  if (!conference) return std::unexpected(DirectoryRefusal::unknown_conference);
  const auto found = conference->publications.find(name);
  const bool exists = found != conference->publications.end();
  const bool replaces = exists && found->second.sender;  // one session for another: the count stays
  if (replaces && !may_replace_publisher(principal.role, principal.subject, found->second.owner))
    return std::unexpected(DirectoryRefusal::name_in_use);
  if (!replaces && conference->sessions >= limits_.sessions)
    return std::unexpected(DirectoryRefusal::too_many_sessions);
  if (!exists && conference->publications.size() >= limits_.publications)
    return std::unexpected(DirectoryRefusal::too_many_publications);
  session::PublishTerms terms;
  if (exists && found->second.video) {
    auto& order = terms.video_preference;
    std::stable_partition(order.begin(), order.end(), [&](auto codec) { return codec == found->second.video->codec; });
  }
  return terms;
}

std::expected<session::ViewTerms, DirectoryRefusal> Directory::view_terms(std::string_view conference_id,
                                                                          std::string_view name) {
  const auto* conference = find_conference(conference_id);
  if (!conference) return std::unexpected(DirectoryRefusal::unknown_conference);
  if (conference->sessions >= limits_.sessions) return std::unexpected(DirectoryRefusal::too_many_sessions);
  const auto found = conference->publications.find(name);
  if (found == conference->publications.end() || !found->second.sender)
    return std::unexpected(DirectoryRefusal::nobody_publishes);
  session::ViewTerms terms;
  for (const auto* track : {&found->second.audio, &found->second.video}) {
    if (!*track || !(*track)->sent) continue;
    session::ViewSource source{.codec = (*track)->codec,
                               .fmtp = (*track)->fmtp,
                               .ssrc = random_ssrc(random_),
                               .rtx_ssrc = {},
                               .stream_id = std::string(name),
                               .track_id = fmt::format("track-{}", (*track)->id.value())};
    if (wire::kind_of(source.codec) == wire::MediaKind::video) {
      do source.rtx_ssrc = random_ssrc(random_);
      while (source.rtx_ssrc == source.ssrc);
    }
    terms.sources.push_back(std::move(source));
  }
  return terms;
}

Session& Directory::open_session(SessionOrder& order, SessionKind kind) {
  const media::PeerId peer{++last_peer_};
  auto& session = sessions_[peer];
  session.peer = peer;
  session.kind = kind;
  session.key = random_key(random_);
  session.conference = std::move(order.conference);
  session.publication = std::move(order.publication);
  session.subject = std::move(order.principal.subject);
  session.local = order.local;
  session.remote = order.negotiated.remote_credentials;
  if (!order.negotiated.tracks.empty()) session.first_mid = order.negotiated.tracks.front().mid;
  by_key_[session.key] = peer;
  ++find_conference(session.conference)->sessions;
  return session;
}

namespace {
std::unique_ptr<media::CreatePeer> create_command(const Session& session, SessionOrder& order) {
  auto create = std::make_unique<media::CreatePeer>();
  create->peer = session.peer;
  create->transport.local = session.local;
  create->transport.remote = session.remote;
  create->transport.remote_fingerprint = std::move(order.negotiated.remote_fingerprint);
  create->cname = std::move(order.cname);
  return create;
}
}  // namespace

const Session* Directory::publish(SessionOrder order, TimePoint now) {
  auto* conference = find_conference(order.conference);
  BRIDGEHALL_CHECK(conference);
  auto& publication = conference->publications[order.publication];
  // The older session goes first: in a full shard its place is the one that the new session takes.
  if (publication.sender) close(*publication.sender, now);
  drop_outdated_tracks(publication, order.negotiated.tracks, now);

  // Whoever comes back under the own name finds the gate as it was left; for anyone else it starts closed.
  const auto open =
      opens_at_once(order.principal.role) || (publication.open && publication.owner == order.principal.subject);
  publication.owner = order.principal.subject;
  if (publication.audio) publication.audio->sent = false;
  if (publication.video) publication.video->sent = false;
  if (publication.open && !open) set_gate(publication, false);

  auto& session = open_session(order, SessionKind::publish);
  auto create = create_command(session, order);
  for (auto& track : order.negotiated.tracks) {
    const auto id = take_track(track_of(publication, track.kind), track);
    create->incoming.push_back({id, std::move(track)});
  }
  publication.sender = session.peer;
  publication.expires = kNever;
  if (open) set_gate(publication, true);
  commands_.emplace_back(std::move(create));
  return &session;
}

const Session* Directory::view(SessionOrder order, const session::ViewTerms& terms, TimePoint now) {
  auto* conference = find_conference(order.conference);
  BRIDGEHALL_CHECK(conference);
  auto& publication = conference->publications.at(order.publication);
  auto& session = open_session(order, SessionKind::view);
  auto create = create_command(session, order);
  for (auto& track : order.negotiated.tracks) {
    const auto source = std::find_if(terms.sources.begin(), terms.sources.end(),
                                     [&](const auto& s) { return wire::kind_of(s.codec) == track.kind; });
    const auto& sent = track_of(publication, track.kind);
    if (source == terms.sources.end() || !sent) continue;
    create->outgoing.push_back(
        {.track = std::move(track), .ssrc = source->ssrc, .rtx_ssrc = source->rtx_ssrc, .publication = sent->id});
  }
  publication.viewers.insert(session.peer);
  note_use(publication, now);
  commands_.emplace_back(std::move(create));
  return &session;
}

media::PublicationId Directory::take_track(std::optional<Track>& slot, const session::NegotiatedTrack& track) {
  if (!slot) {
    slot = Track{media::PublicationId{++last_publication_}, track.codec.codec, track.codec.fmtp, true};
    commands_.emplace_back(media::AddPublication{slot->id, slot->codec});
  }
  slot->fmtp = track.codec.fmtp;
  slot->sent = true;
  return slot->id;
}

// Viewers were promised the codec that they negotiated: when one changes they are sent away and come back by
// themselves.
void Directory::drop_outdated_tracks(Publication& publication, const std::vector<session::NegotiatedTrack>& tracks,
                                     TimePoint now) {
  const bool changed = std::any_of(tracks.begin(), tracks.end(), [&](const auto& track) {
    const auto& present = track_of(publication, track.kind);
    return present && !same_coding(*present, track.codec);
  });
  if (!changed) return;
  const auto viewers = publication.viewers;
  for (const auto peer : viewers) close(peer, now);
  remove_track(publication.audio);
  remove_track(publication.video);
}

void Directory::remove_track(std::optional<Track>& track) {
  if (track) commands_.emplace_back(media::RemovePublication{track->id});
  track.reset();
}

void Directory::set_gate(Publication& publication, bool open) {
  publication.open = open;
  for (const auto* track : {&publication.audio, &publication.video})
    if (*track) commands_.emplace_back(media::SetGate{(*track)->id, open});
}

bool Directory::set_open(std::string_view conference_id, std::string_view name, bool open) {
  auto* conference = find_conference(conference_id);
  if (!conference) return false;
  const auto found = conference->publications.find(name);
  if (found == conference->publications.end()) return false;
  set_gate(found->second, open);
  return true;
}

const Session* Directory::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &sessions_.at(found->second);
}

const Session* Directory::find(media::PeerId peer) const {
  const auto found = sessions_.find(peer);
  return found == sessions_.end() ? nullptr : &found->second;
}

void Directory::restart_ice(media::PeerId peer, session::IceCredentials local, session::IceCredentials remote) {
  auto& session = sessions_.at(peer);
  session.local = std::move(local);
  session.remote = std::move(remote);
  ++session.ice_generation;
  commands_.emplace_back(media::RestartIce{peer, session.local, session.remote});
}

void Directory::close(media::PeerId peer, TimePoint now) {
  if (!sessions_.contains(peer)) return;
  forget(peer, now);
  closing_.insert(peer);
  commands_.emplace_back(media::ClosePeer{peer});
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

void Directory::forget(media::PeerId peer, TimePoint now) {
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return;
  const auto& session = found->second;
  if (auto* publication = publication_of(session)) {
    if (publication->sender == peer) publication->sender.reset();
    publication->viewers.erase(peer);
    note_use(*publication, now);
  }
  --find_conference(session.conference)->sessions;
  by_key_.erase(session.key);
  sessions_.erase(found);
}

void Directory::note_use(Publication& publication, TimePoint now) {
  const bool used = publication.sender || !publication.viewers.empty();
  publication.expires = used ? kNever : now + limits_.unused_publication;
}

void Directory::handle_event(const media::Event& event, TimePoint now) {
  if (const auto* connected = std::get_if<media::PeerConnected>(&event)) {
    if (const auto found = sessions_.find(connected->peer); found != sessions_.end()) found->second.connected = true;
  } else if (const auto* closed = std::get_if<media::PeerClosed>(&event)) {
    closing_.erase(closed->peer);
    forget(closed->peer, now);
  } else if (const auto* refused = std::get_if<media::PeerRefused>(&event)) {
    closing_.erase(refused->peer);
    forget(refused->peer, now);
  }
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
      remove_track(entry->second.audio);
      remove_track(entry->second.video);
      conference.publications.erase(entry);
    }
  }
}

const std::map<std::string, Publication, std::less<>>* Directory::publications(std::string_view conference_id) const {
  const auto* conference = find_conference(conference_id);
  return conference ? &conference->publications : nullptr;
}

DirectoryCounts Directory::counts() const {
  DirectoryCounts counts;
  for (const auto& [id, conference] : conferences_) counts.publications += conference.publications.size();
  for (const auto& [peer, session] : sessions_) {
    ++(session.kind == SessionKind::publish ? counts.publishing : counts.viewing);
    counts.connected += session.connected;
  }
  return counts;
}

}  // namespace bridgehall::conference
