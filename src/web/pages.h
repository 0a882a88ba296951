// The pages' side of conferences: one link per page, from its hello to its end. Texts in, texts out when the socket is
// free. A link has no queue of events: it holds a cursor into its conference's log and is cut to a snapshot when it
// falls behind. An answer waits until what it acknowledges is on disk. Owned by Control; control thread. Bounds:
// kMaxReplies answers that a page has not read yet (a page that does not read is ended), among them one long one: a
// link has one join or restart in the making, and no other until its answer was read.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "conference/host.h"
#include "crypto/token.h"
#include "messages/messages.h"
#include "web/ice_servers.h"
#include "web/instant.h"
#include "web/link.h"
#include "web/local_ends.h"
#include "web/media_replies.h"
#include "web/recorded_replies.h"

namespace bridgehall::web {

class Pages {
 public:
  static constexpr std::size_t kMaxReplies = 64;
  // Messages that a page may send at once, and a second: more than a person or a wall that rearranges itself does. A
  // long one counts as several. Who goes on after so many refusals is ended.
  static constexpr double kBurst = 60;
  static constexpr double kPerSecond = 20;
  static constexpr double kOctetsOfOne = 16 * 1024;

  Pages(conference::Host& host, const crypto::TokenKey& key, LocalEnds& local_ends, IceServers& ice_servers);

  void open(LinkId link, const std::string& conference, const SocketAddress& client);
  // `busy`: the media core's ring is full; what needs it is refused.
  void receive(LinkId link, std::string_view text, bool busy, const Instant& now);
  bool greeted(LinkId link) const;
  std::optional<std::string> next(LinkId link);
  std::optional<LinkEnd> end_of(LinkId link) const;
  void close(LinkId link, const Instant& now);
  std::optional<LinkId> poll_ready();

  // After the host has seen it.
  void handle_event(const media::Event& event);
  void handle_committed();
  void handle_commit_failed(std::uint64_t from);
  // Looks for what the host has to tell; after anything that changed it.
  void refresh();
  TimePoint next_deadline() const;
  void handle_timeout(const Instant& now);
  // Everyone is told to come back.
  void drain();
  std::size_t size() const { return links_.size(); }

 private:
  struct Link {
    std::string conference;
    SocketAddress client;
    std::string session;  // of the participant; empty: no hello yet
    conference::SeatId seat;
    conference::Role role{};
    bool returning = false;    // it was here before a restart: its microphone stays closed
    bool making = false;       // a join or restart whose answer the page has not read yet
    bool knows_slots = false;  // its media session's answer was given
    bool wants_snapshot = false;
    std::uint64_t cursor = 0;  // sequence of the last event that the page has
    bool slots_changed = false;
    bool speakers_changed = false;
    std::vector<conference::Action> told_actions;
    conference::RecordReport told_report;
    RecordedReplies<messages::ServerMessage> unrecorded;  // on their way to `replies`
    std::deque<messages::ServerMessage> replies;
    bool leaving = false;  // has said so: ends with its last answer
    std::optional<LinkEnd> end;
    double credit = kBurst;
    std::optional<TimePoint> credit_at;
    TimePoint ice_servers_at;  // when it was told of them last
  };
  // An answer that waits for the media core, and for the disk after that.
  struct PageReply {
    LinkId link;
    std::uint32_t id = 0;
    messages::ServerMessage message;
    conference::Accepted accepted;
  };

  void handle(LinkId id, Link& link, const messages::ClientMessage& message, bool busy, const Instant& now);
  void carry_out(LinkId id, Link& link, const messages::ClientMessage& message, bool busy, const Instant& now);
  void greet(LinkId id, Link& link, const messages::Hello& hello, const Instant& now);
  void join(LinkId id, Link& link, const messages::Join& join, const Instant& now);
  void restart_ice(LinkId id, Link& link, const messages::RestartIce& restart, const Instant& now);
  void demand(Link& link, const messages::Demand& demand);
  std::optional<messages::Heard> heard_of(const Link& link) const;
  std::vector<messages::IceServer> tell_ice_servers(Link& link, const Instant& now);
  static void take_credit(Link& link, std::size_t octets, TimePoint now);
  void leave(LinkId id, Link& link, const messages::Leave& leave, const Instant& now);
  void reply(LinkId id, Link& link, messages::ServerMessage message, const conference::Accepted& accepted = {});
  // Whatever of a link's answers waits for the disk no longer.
  void release(LinkId id, Link& link);
  void note_answered(Link& link, const messages::ServerMessage& message);
  void refuse(LinkId id, Link& link, std::optional<std::uint32_t> request, messages::RefusalCode code,
              std::string message, std::string field = {});
  void say_bye(LinkId id, Link& link, messages::ByeCode code, std::string message);
  void settle(MediaReplies<PageReply>::Waiting waiting, Outcome outcome);
  std::optional<messages::ServerMessage> next_message(Link& link);
  std::optional<messages::ServerMessage> next_event(Link& link);
  std::optional<messages::ServerMessage> next_report(Link& link);
  const conference::Participant* participant_of(const Link& link) const;
  void mark_changed_slots(const std::vector<media::PeerId>& changed);
  void mark_ready(LinkId link);

  conference::Host& host_;
  const crypto::TokenKey& key_;
  LocalEnds& local_ends_;
  IceServers& ice_servers_;
  std::map<LinkId, Link> links_;
  std::map<std::string, LinkId, std::less<>> by_session_;
  MediaReplies<PageReply> awaited_;
  std::set<LinkId> unrecorded_;  // links with answers that wait for the disk
  std::uint64_t report_version_ = 0;
  std::deque<LinkId> ready_;
  std::set<LinkId> in_ready_;
};

}  // namespace bridgehall::web
