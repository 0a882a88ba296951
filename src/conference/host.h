// Runs the conferences: takes commands, decides, applies, and tells the media side. Closing acts on media before it is
// written down, opening after. Sans-IO; owned by web::Control, control thread. In memory: after a restart everyone
// joins again and microphones are closed.
#pragma once

#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conference/decide.h"
#include "conference/directory.h"
#include "conference/event_log.h"
#include "conference/roster.h"

namespace bridgehall::conference {

// Both clocks: wall time is for what people read.
struct Moment {
  TimePoint monotonic;
  WallTime wall;
};

// Whose link an invitation is.
struct Invited {
  std::string conference;
  const InvitedSeat* seat = nullptr;
};

// A page's connection to its seat. It outlives the WebSocket for a while, so that a short loss of the network costs
// nothing.
struct Participant {
  std::string session;  // 128 random bits: for resuming
  std::string conference;
  SeatId seat;
  std::string name;  // for a seat that is not known yet
  Role role{};
  std::optional<media::PeerId> media;
  bool joined = false;         // the seat is empty when it goes
  bool linked = true;          // its WebSocket is open
  TimePoint expires = kNever;  // while it is not
};

// A participant's connection is to be ended by whoever holds its WebSocket.
struct Ended {
  std::string session;
  LeaveReason reason{};
};

class Host {
 public:
  // How long a seat whose page has gone is kept for it: longer than a browser needs to notice and come back.
  static constexpr Duration kGrace = 15s;

  Host(DirectoryLimits limits, RandomSource& random);

  void add_conference(Roster roster);
  const State* state(std::string_view conference) const;
  const EventLog* log(std::string_view conference) const;
  const Roster* roster(std::string_view conference) const;

  // -- invitations --
  std::optional<Invited> find_invitation(std::string_view invitation) const;
  const InvitedSeat* find_seat(std::string_view conference, std::string_view seat) const;
  // The roster with a new link for that seat, for being written down before it counts; nullopt: no such seat.
  std::optional<Roster> renewed_roster(std::string_view conference, std::string_view seat);
  // From now on the seat's old link and its tokens are worth nothing, and all that was made with them is ended.
  void replace_roster(Roster roster, const SeatId& renewed, const Moment& now);

  // -- pages --
  struct Greeting {
    const Participant* participant = nullptr;
    bool resumed = false;  // the session that was asked for is still here
  };
  // Whoever sat there before is sent away. `resume`: the session that the page had, or empty. Refused where the token
  // names a seat that has another role: its rights would be the seat's.
  std::expected<Greeting, CommandRefusal> greet(const std::string& conference, const Principal& principal,
                                                std::string_view resume);
  const Participant* find_participant(std::string_view session) const;
  // The page's WebSocket is gone.
  void unlink(std::string_view session, const Moment& now);
  // The page leaves on purpose.
  void leave(std::string_view session, const Moment& now);
  // An answered offer becomes the participant's media. `microphone`, `camera`: to be opened at once if the seat may.
  std::expected<const Session*, CommandRefusal> join(std::string_view session, ParticipantOrder order, bool microphone,
                                                     bool camera, const Moment& now);
  // Whether join() would be refused, asked before the offer is answered.
  std::expected<void, CommandRefusal> may_join(std::string_view session, const Moment& now) const;

  std::expected<void, CommandRefusal> carry_out(std::string_view conference, const SeatId& actor,
                                                const Command& command, const Moment& now);

  // -- WHIP and WHEP --
  std::expected<const Session*, CommandRefusal> publish(SessionOrder order, const Moment& now);
  // Whether publish() would be refused, asked before the offer is answered.
  std::expected<void, CommandRefusal> may_publish_now(const SessionOrder& order, const Moment& now) const;
  // Both gates of whatever is published under that name, present or not.
  std::expected<void, CommandRefusal> set_open(std::string_view conference, const std::string& name, bool open,
                                               const Moment& now);
  void close(media::PeerId peer, const Moment& now);

  Directory& directory() { return directory_; }
  const Directory& directory() const { return directory_; }

  void handle_event(const media::Event& event, const Moment& now);
  std::optional<Ended> poll_ended();
  TimePoint next_deadline() const;
  void handle_timeout(const Moment& now);
  void close_all(const Moment& now);

 private:
  struct Conference {
    Roster roster;
    State state;
    EventLog log;
  };

  Conference* find(std::string_view id);
  const Conference* find(std::string_view id) const;
  void commit(Conference& conference, const std::vector<Event>& events, const Moment& now);
  // What commit() does, with whatever brings new media between the two: gates are closed before a sender begins.
  void begin(Conference& conference, const std::vector<Event>& events, const Moment& now);
  void finish(Conference& conference, const std::vector<Event>& events, const Moment& now);
  void act(Conference& conference, const Event& event, const Moment& now);
  void end(std::string session, LeaveReason reason);
  void depart(const std::string& conference, const SeatId& seat, LeaveReason reason, const Moment& now);
  Participant* participant_on(std::string_view conference, std::string_view seat);
  Arrive arrival_of(const SessionOrder& order) const;
  // The media of a session are gone, the media side knows it already.
  void media_ended(const Session& session, LeaveReason reason, const Moment& now);

  RandomSource& random_;
  Directory directory_;
  std::map<std::string, Conference, std::less<>> conferences_;
  std::map<std::string, std::pair<std::string, SeatId>, std::less<>> invitations_;  // to conference and seat
  std::map<std::string, Participant, std::less<>> participants_;                    // by session
  std::deque<Ended> ended_;
};

}  // namespace bridgehall::conference
