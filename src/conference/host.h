// Runs the conferences: takes commands, decides, hands out what is to be written down, and tells the media side. A
// conference is kept twice: as it is on disk, which is all that anybody is told, and with what is decided and on its
// way there, upon which the next command is decided. What closes acts on media before it is written down; what opens,
// after. Sans-IO; owned by web::Control, control thread. Bounds: kMaxUncommitted batches that only open; the others are
// bounded by the sessions there are and by how fast pages may ask.
#pragma once

#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conference/closings.h"
#include "conference/decide.h"
#include "conference/directory.h"
#include "conference/event_log.h"
#include "conference/journal.h"
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
  bool recovered = false;      // of a server before: its page shows the session when it comes
  bool linked = true;          // its WebSocket is open
  TimePoint expires = kNever;  // while it is not
};

// A participant's connection is to be ended by whoever holds its WebSocket.
struct Ended {
  std::string session;
  LeaveReason reason{};
};

// What a command's answer waits for.
struct Accepted {
  std::uint64_t batch = 0;  // to be committed first; 0: nothing
  bool closed = false;      // all that followed from it has taken effect already
};
// The media of who has come.
struct Admitted {
  const Session* session = nullptr;
  Accepted accepted;
};

// What the record has of a conference when the server starts.
struct Recovered {
  State state;                        // all events applied to initial_state()
  std::vector<RecordedEvent> recent;  // the last of them, oldest first: as many as pages may have missed
};

// What people are told of the record's trouble; of none: nothing is unrecorded either, in the end.
struct RecordReport {
  std::optional<RecordTrouble> trouble;
  std::vector<UnrecordedClosing> unrecorded;
  bool operator==(const RecordReport&) const = default;
};

// A conference in which nothing has happened.
State initial_state(const Roster& roster);
// What things and seats are called, where they are and who has which role, the roster says, also of a conference that
// goes on; all else the record. Neither adds seats nor takes any away: who spoke in the conference keeps a name in it.
void follow_roster(State& state, const Roster& roster);

class Host {
 public:
  // How long a seat whose page has gone is kept for it: longer than a browser needs to notice and come back.
  static constexpr Duration kGrace = 15s;
  // The same after a restart of the server: machines and networks come back together then, and not all at once.
  static constexpr Duration kGraceAfterRestart = 60s;
  // What took effect and could not be written down is tried again after this, or with the conference's next command.
  static constexpr Duration kRecordAgain = 5s;
  // Four seconds of a storage that stands still, with everyone of 400 asking for something twice a second.
  static constexpr std::size_t kMaxUncommitted = 4096;

  Host(DirectoryLimits limits, RandomSource& random);

  void add_conference(Roster roster);
  // One that has been added is as it was when the server ended; before anyone has come. Whoever was there keeps the
  // seat for a while.
  void recover(Recovered recovered, const Moment& now);
  // As it is on disk.
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
  Accepted leave(std::string_view session, const Moment& now);
  // An answered offer becomes the participant's media. `microphone`, `camera`: to be opened at once if the seat may.
  std::expected<Admitted, CommandRefusal> join(std::string_view session, ParticipantOrder order, bool microphone,
                                               bool camera, const Moment& now);
  // Whether join() would be refused, asked before the offer is answered.
  std::expected<void, CommandRefusal> may_join(std::string_view session, const Moment& now) const;

  std::expected<Accepted, CommandRefusal> carry_out(std::string_view conference, const SeatId& actor,
                                                    const Command& command, const Moment& now);

  // -- WHIP and WHEP --
  std::expected<Admitted, CommandRefusal> publish(SessionOrder order, const Moment& now);
  // Whether publish() would be refused, asked before the offer is answered.
  std::expected<void, CommandRefusal> may_publish_now(const SessionOrder& order, const Moment& now) const;
  // Both gates of whatever is published under that name, present or not.
  std::expected<Accepted, CommandRefusal> set_open(std::string_view conference, const std::string& name, bool open,
                                                   const Moment& now);
  void close(media::PeerId peer, const Moment& now);

  Directory& directory() { return directory_; }
  const Directory& directory() const { return directory_; }

  void handle_event(const media::Event& event, const Moment& now);
  std::optional<Ended> poll_ended();
  TimePoint next_deadline() const;
  void handle_timeout(const Moment& now);
  // All media end. Seats stay as they are: the server that comes next keeps them for who comes back.
  void close_all(const Moment& now);

  // -- the record --
  // What is to be written down, in order.
  std::optional<Batch> poll_batch();
  // That batch and those before it are on disk: now everybody is told, and what opens is opened.
  void handle_committed(std::uint64_t number, const Moment& now);
  // That batch and all after it are refused. What they opened never was; what they closed stays closed.
  void handle_commit_failed(std::uint64_t from, RecordTrouble why, const Moment& now);
  // Of the latest batch that was committed.
  std::uint64_t recorded() const { return recorded_; }
  bool all_recorded() const { return uncommitted_.empty(); }
  RecordReport record_report(std::string_view conference) const;
  // Another number: some conference's report may be another one.
  std::uint64_t record_report_version() const { return report_version_; }

 private:
  struct Conference {
    Roster roster;
    State state;    // as it is on disk
    State pending;  // with what is on its way there
    EventLog log;   // the latest events of `state`
    UnrecordedClosings unrecorded;
    std::uint64_t unrecorded_batch = 0;  // in which they are tried again; 0: in none
    std::uint64_t last_batch = 0;        // the latest that is about this conference
  };
  struct Uncommitted {
    Batch batch;
    std::vector<media::PeerId> admitted;  // sessions that there are only if this is committed
  };

  Conference* find(std::string_view id);
  const Conference* find(std::string_view id) const;
  // What was decided is on its way to the disk; what closes has taken effect.
  std::expected<Accepted, CommandRefusal> accept(Conference& conference, const SeatId& actor,
                                                 const std::vector<Event>& events, const Moment& now);
  void write(Conference& conference, std::vector<RecordedEvent> events, const Moment& now);
  void record_closings(Conference& conference, const Moment& now);
  void commit(const Batch& batch, const Moment& now);
  bool closes_later(std::string_view conference, const Event& event) const;
  void depends_on(std::uint64_t batch, media::PeerId admitted);
  void rebuild_pending(Conference& conference);
  void dismiss(media::PeerId admitted, const Moment& now);
  Participant* take_recovered(const Participant& participant, std::string_view session);
  void act(const Conference& conference, const Event& event, const Moment& now);
  void end(std::string session, LeaveReason reason);
  Accepted depart(const std::string& conference, const SeatId& seat, LeaveReason reason, const Moment& now);
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
  std::deque<Uncommitted> uncommitted_;
  std::size_t unpolled_ = 0;      // the last so many of them were not handed out yet
  std::uint64_t last_batch_ = 0;  // that was numbered
  std::uint64_t recorded_ = 0;
  std::optional<RecordTrouble> trouble_;
  TimePoint record_again_ = kNever;
  std::uint64_t report_version_ = 0;
};

}  // namespace bridgehall::conference
