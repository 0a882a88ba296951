// The conferences that exist, what is published in them and who is connected: the one roster. Requests already allowed
// by policy go in; commands for the media core are polled out, and its events come back in. Sans-IO; owned by
// web::Control, control thread. Bounds: DirectoryLimits per conference; the queue of commands holds at most a few per
// session and publication, as every command is caused by one of them being made, changed or ended.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "conference/policy.h"
#include "media/api.h"
#include "session/negotiation.h"

namespace bridgehall::conference {

struct DirectoryLimits {
  std::size_t publications = 256;  // per conference
  std::size_t sessions = 2000;     // per conference
  Duration unused_publication = 60s;
};

// Who asks, as the token says.
struct Principal {
  Role role{};
  std::string subject;
};

enum class DirectoryRefusal : std::uint8_t {
  unknown_conference,
  name_in_use,       // by a live publisher of another subject
  nobody_publishes,  // nothing to view under that name now
  too_many_publications,
  too_many_sessions,
};

struct Track {
  media::PublicationId id;
  wire::Codec codec{};
  std::string fmtp;
  bool sent = false;  // by the present sender
};

struct Publication {
  std::string owner;  // subject of the latest publisher
  bool open = false;
  std::optional<Track> audio;
  std::optional<Track> video;
  std::optional<media::PeerId> sender;
  std::set<media::PeerId> viewers;
  TimePoint expires = kNever;  // set while there is neither sender nor viewer
};

enum class SessionKind : std::uint8_t { publish, view };

struct Session {
  media::PeerId peer;
  SessionKind kind{};
  std::string key;  // 128 random bits: the session's URL is known only to whoever made it
  std::string conference;
  std::string publication;
  std::string subject;
  session::IceCredentials local;
  session::IceCredentials remote;
  std::string first_mid;  // the BUNDLE group's tag
  std::uint32_t ice_generation = 1;
  bool connected = false;
};

// What a session is made of once its offer has been answered.
struct SessionOrder {
  std::string conference;
  std::string publication;
  Principal principal;
  session::IceCredentials local;
  std::string cname;
  session::Negotiated negotiated;
};

struct DirectoryCounts {
  std::size_t publications = 0, publishing = 0, viewing = 0, connected = 0;
};

class Directory {
 public:
  Directory(DirectoryLimits limits, RandomSource& random);

  void add_conference(const std::string& id);
  bool has_conference(std::string_view id) const;

  // Asked before the offer is answered. The codecs in the order in which the answer should prefer them: the one that
  // viewers of this name already decode comes first.
  std::expected<session::PublishTerms, DirectoryRefusal> publish_terms(std::string_view conference,
                                                                       std::string_view name,
                                                                       const Principal& principal) const;
  std::expected<session::ViewTerms, DirectoryRefusal> view_terms(std::string_view conference, std::string_view name);

  // After the terms were given and the offer was answered by them, in the same turn. The pointer is valid until the
  // session ends.
  const Session* publish(SessionOrder order, TimePoint now);
  const Session* view(SessionOrder order, const session::ViewTerms& terms, TimePoint now);

  const Session* find(std::string_view key) const;
  const Session* find(media::PeerId peer) const;
  // New credentials for a session; the shard says IceRestarted.
  void restart_ice(media::PeerId peer, session::IceCredentials local, session::IceCredentials remote);
  void close(media::PeerId peer, TimePoint now);
  void close_all(TimePoint now);

  // False when there is no such publication.
  bool set_open(std::string_view conference, std::string_view name, bool open);
  const std::map<std::string, Publication, std::less<>>* publications(std::string_view conference) const;
  DirectoryCounts counts() const;

  void handle_event(const media::Event& event, TimePoint now);
  std::optional<media::Command> poll_command();
  TimePoint next_deadline() const;
  void handle_timeout(TimePoint now);

  // No session is open and the shard has said so of each that was closed.
  bool quiet() const { return sessions_.empty() && closing_.empty(); }

 private:
  struct Conference {
    std::map<std::string, Publication, std::less<>> publications;
    std::size_t sessions = 0;
  };

  Conference* find_conference(std::string_view id);
  const Conference* find_conference(std::string_view id) const;
  Publication* publication_of(const Session& session);
  Session& open_session(SessionOrder& order, SessionKind kind);
  media::PublicationId take_track(std::optional<Track>& slot, const session::NegotiatedTrack& track);
  void drop_outdated_tracks(Publication& publication, const std::vector<session::NegotiatedTrack>& tracks,
                            TimePoint now);
  void remove_track(std::optional<Track>& track);
  void set_gate(Publication& publication, bool open);
  // Takes the session out of the roster; its media is closed by whoever calls.
  void forget(media::PeerId peer, TimePoint now);
  void note_use(Publication& publication, TimePoint now);

  DirectoryLimits limits_;
  RandomSource& random_;
  std::map<std::string, Conference, std::less<>> conferences_;
  std::map<media::PeerId, Session> sessions_;
  std::map<std::string, media::PeerId, std::less<>> by_key_;
  std::set<media::PeerId> closing_;
  std::deque<media::Command> commands_;
  std::uint32_t last_peer_ = 0;
  std::uint32_t last_publication_ = 0;
};

}  // namespace bridgehall::conference
