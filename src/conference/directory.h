// The media side of conferences: what is published, who is connected, and what each slot shows. Requests already
// allowed by policy go in; commands for the media core are polled out, and its events come back in. Sans-IO; owned by
// Host, control thread. Bounds: DirectoryLimits per conference, and a name without tracks for each of its seats at
// most; the queue of commands holds at most a few per session, publication and slot, as every command is caused by one
// of them being made, changed or ended.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "conference/policy.h"
#include "conference/slot.h"
#include "media/api.h"
#include "session/negotiation.h"
#include "wire/sdp.h"

namespace bridgehall::conference {

struct DirectoryLimits {
  std::size_t publications = 1024;  // names that send, per conference
  std::size_t sessions = 4096;      // per conference
  Duration unused_publication = 60s;
};

// Who asks, as the token says.
struct Principal {
  Role role{};
  std::string subject;
  std::string name;  // for people; empty: the subject
};

enum class DirectoryRefusal : std::uint8_t {
  unknown_conference,
  name_in_use,       // by a live publisher of another subject
  nobody_publishes,  // nothing to view under that name now
  too_many_publications,
  too_many_sessions,
};

// Names in one WHEP session: picture and sound of each are as many m-lines as an offer may have.
inline constexpr std::size_t kMaxViewed = wire::kSdpMaxMedia / 2;

struct ViewRefusal {
  DirectoryRefusal why{};
  std::vector<std::string> names;  // under which nobody publishes
};

// One track of a publication.
struct Track {
  media::PublicationId id;
  TrackUse use{};
  std::uint8_t number = 0;  // which of the room's cameras
  wire::Codec codec{};
  std::string fmtp;
  bool sent = false;     // by the present sender
  bool open = false;     // the gate
  bool stopped = false;  // it was sent, and packets no longer arrive

  wire::MediaKind kind() const { return wire::kind_of(codec); }
};

// What one seat (or any other name) sends in.
struct Publication {
  std::string owner;  // subject of the latest publisher
  bool microphone_open = false;
  bool camera_open = false;
  bool granted = false;  // the chair gave it the floor
  std::vector<Track> tracks;
  std::optional<media::PeerId> sender;
  std::set<media::PeerId> viewers;  // sessions that were promised this name's codecs: WHEP
  TimePoint expires = kNever;       // set while there is neither sender nor viewer

  bool open() const { return microphone_open || camera_open; }
  const Track* find(TrackUse use, std::uint8_t number = 0) const;
};

// publish: WHIP. view: WHEP of names. stage: WHEP of a conference. participant: a page, which does both.
enum class SessionKind : std::uint8_t { publish, view, stage, participant };

struct Session {
  media::PeerId peer;
  SessionKind kind{};
  std::string key;  // 128 random bits: the session's URL is known only to whoever made it
  std::string conference;
  std::string publication;      // the name it sends under, or those it views as its address has them; empty: the stage
  std::set<std::string> views;  // WHEP of names
  std::string subject;
  session::IceCredentials local;
  session::IceCredentials remote;
  std::string first_mid;  // the BUNDLE group's tag
  std::uint32_t ice_generation = 1;
  bool connected = false;
  media::Heard heard{};  // before it was connected
  TimePoint since;
  std::vector<Slot> slots;  // by media::SlotNumber
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

// A participant, or whoever views the stage: tracks that are sent in, and slots.
struct SentTrack {
  std::string mid;
  TrackUse use{};
};
struct OfferedSlot {
  std::string mid;
  media::SlotUse use{};
};
struct ParticipantOrder {
  SessionKind kind = SessionKind::participant;
  std::string conference;
  std::string publication;  // the seat
  Principal principal;
  session::IceCredentials local;
  std::string cname;
  std::vector<SentTrack> sends;
  std::vector<OfferedSlot> slots;  // video before audio: participant_terms() puts them so
  session::ParticipantTerms terms;
  session::NegotiatedParticipant negotiated;
};

struct DirectoryCounts {
  std::size_t publications = 0, publishing = 0, viewing = 0, participating = 0, connected = 0;
};

// Of sessions that have ended, since the start; only those that lasted kFairChance or were connected.
struct DirectoryTally {
  std::uint64_t connected = 0;
  std::uint64_t never_connected = 0;  // though checks came
  std::uint64_t never_heard = 0;
};

class Directory {
 public:
  // Whoever goes earlier has not waited for a connection: a closed tab, a second try.
  static constexpr Duration kFairChance = 5s;

  Directory(DirectoryLimits limits, RandomSource& random);

  void add_conference(const std::string& id);
  bool has_conference(std::string_view id) const;

  // Asked before the offer is answered. The codecs in the order in which the answer should prefer them: the one that
  // viewers of this name already decode comes first.
  std::expected<session::PublishTerms, DirectoryRefusal> publish_terms(std::string_view conference,
                                                                       std::string_view name,
                                                                       const Principal& principal) const;
  // What is sent under the names, at most kMaxViewed of them and none twice. Of several the n-th has the n-th m-line of
  // each kind. Once it views a name the session keeps it, whoever sends under it, and takes up what comes under it
  // anew.
  std::expected<session::ViewTerms, ViewRefusal> view_terms(std::string_view conference,
                                                            std::span<const std::string> names);
  // Orders `order.slots` and fills in `order.terms`.
  std::expected<void, DirectoryRefusal> participant_terms(ParticipantOrder& order);

  // After the terms were given and the offer was answered by them, in the same turn. The pointer is valid until the
  // session ends.
  const Session* publish(SessionOrder order, TimePoint now);
  const Session* view(SessionOrder order, const session::ViewTerms& terms, TimePoint now);
  const Session* join(ParticipantOrder order, TimePoint now);

  const Session* find(std::string_view key) const;
  const Session* find(media::PeerId peer) const;
  // Who sends under that name now.
  const Session* sender_of(std::string_view conference, std::string_view name) const;
  // New credentials for a session; the shard says IceRestarted.
  void restart_ice(media::PeerId peer, session::IceCredentials local, session::IceCredentials remote);
  void close(media::PeerId peer, TimePoint now);
  void close_all(TimePoint now);
  // Whatever that subject has in the conference: what it sends and what it views.
  std::vector<media::PeerId> sessions_of(std::string_view conference, std::string_view subject) const;

  // The floor, as the conference has decided. A name that nobody has published yet keeps it for when somebody does.
  void set_microphone(std::string_view conference, const std::string& name, bool open, bool granted);
  void set_camera(std::string_view conference, const std::string& name, bool open);
  void set_stage(std::string_view conference, const std::string& name);
  // Whose slides are shown, if any: theirs alone are forwarded.
  void set_slides(std::string_view conference, const std::string& name);
  // A tile shows what is demanded; of the other slots only the quality is the page's to choose. Ignored where the
  // session has no such slot.
  void demand(media::PeerId peer, const SlotDemand& demand);

  const std::map<std::string, Publication, std::less<>>* publications(std::string_view conference) const;
  const Publication* publication(std::string_view conference, std::string_view name) const;
  DirectoryCounts counts() const;
  const DirectoryTally& tally() const { return tally_; }

  void handle_event(const media::Event& event, TimePoint now);
  std::optional<media::Command> poll_command();
  TimePoint next_deadline() const;
  void handle_timeout(TimePoint now);

  // Sessions with slots whose content their pages do not know yet.
  std::vector<media::PeerId> take_changed_sessions();
  struct ChangedSlot {
    media::SlotNumber slot = 0;
    SlotContent content;
  };
  std::vector<ChangedSlot> take_changed_slots(media::PeerId peer);
  // The page may have missed what it was told.
  void tell_slots_again(media::PeerId peer);
  // Conferences in which other people speak than before.
  std::vector<std::string> take_changed_speakers();
  std::vector<std::string> speakers(std::string_view conference) const;

  // No session is open and the shard has said so of each that was closed.
  bool quiet() const { return sessions_.empty() && closing_.empty(); }

 private:
  struct Conference {
    media::RoomId room;
    std::map<std::string, Publication, std::less<>> publications;
    std::set<media::PeerId> with_slots;
    std::size_t sessions = 0;
    std::string stage;
    std::string slides;
    media::VoicesChanged voices;
  };
  // What a slot is meant to show.
  struct Content {
    std::string seat;
    const Track* track = nullptr;
    Quality quality = Quality::off;
  };

  struct Place {
    Conference* conference = nullptr;
    std::string name;
  };

  Conference* find_conference(std::string_view id);
  const Conference* find_conference(std::string_view id) const;
  Publication* publication_of(const Session& session);
  Session& open_session(SessionKind kind, std::string conference, std::string publication, std::string subject,
                        const session::IceCredentials& local, const session::IceCredentials& remote, TimePoint now);
  // Whether that principal may become the sender of the name. The name's publication, if there is one.
  std::expected<const Publication*, DirectoryRefusal> check_sender(const Conference& conference, std::string_view name,
                                                                   const Principal& principal, bool sends) const;
  Publication& take_over(Conference& conference, const std::string& name, const Principal& principal, TimePoint now);
  media::PublicationId take_track(Conference& conference, const std::string& name, Publication& publication,
                                  TrackUse use, const session::NegotiatedCodec& codec);
  void drop_outdated_tracks(Publication& publication,
                            const std::vector<std::pair<TrackUse, const session::NegotiatedTrack*>>& tracks,
                            TimePoint now);
  void remove_tracks(Publication& publication);
  void apply_gates(const Conference& conference, const std::string& name, Publication& publication);
  Publication* publication_for(Conference& conference, const std::string& name, bool keeps);
  void rank_voice(const Conference& conference, const std::string& name);
  // Takes the session out of the roster; its media is closed by whoever calls. Where it was the sender: slots that show
  // it are out of date then.
  Place forget(media::PeerId peer, TimePoint now);
  Place shut(media::PeerId peer, TimePoint now);
  void ended(media::PeerId peer, TimePoint now);
  void count_end(const Session& session, TimePoint now);
  void note_use(Publication& publication, TimePoint now);

  // Slots that show, or are to show, what that name sends; all of a session.
  void fill_slots(Conference& conference, std::string_view name);
  void fill_slots(const Conference& conference, Session& session);
  void fill_slot(const Conference& conference, Session& session, media::SlotNumber number);
  static const std::string& seat_of(const Conference& conference, const Slot& slot);
  Content content_of(const Conference& conference, const Session& session, const Slot& slot) const;
  void fill(Session& session, media::SlotNumber number, const Content& content);
  void drop_kept_picture(Session& session, media::SlotNumber number, const Track& next);
  void tell(Session& session, media::SlotNumber number, const Content& content);

  DirectoryLimits limits_;
  RandomSource& random_;
  std::map<std::string, Conference, std::less<>> conferences_;
  std::map<media::PeerId, Session> sessions_;
  std::map<std::string, media::PeerId, std::less<>> by_key_;
  std::map<media::PublicationId, Place> by_track_;
  std::set<media::PeerId> closing_;
  std::set<media::PeerId> changed_;
  std::set<std::string> speakers_changed_;
  std::deque<media::Command> commands_;
  DirectoryTally tally_;
  std::uint32_t last_peer_ = 0;
  std::uint32_t last_publication_ = 0;
  std::uint32_t last_room_ = 0;
};

}  // namespace bridgehall::conference
