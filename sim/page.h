// A model of a page that takes part in a conference: it keeps its WebSocket alive, resumes and joins again as the real
// one does, asks for things by commands and follows what happens in a mirror. Beside it stand the checks of what the
// server says to it: events in order and none that it may not see, every command answered once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conference/event.h"
#include "sim/mirror.h"
#include "sim/seat_media.h"

namespace bridgehall::sim {

// All events of one server's life; the first has sequence number 1.
using History = std::vector<conference::Event>;

class ModelPage;

// What a page needs of the world around it.
class PageSurroundings {
 public:
  virtual ~PageSurroundings() = default;
  virtual World& world() = 0;
  virtual std::string make_token(const ModelPage& page) = 0;
  // Opens a socket; opened() or closed() follows.
  virtual void open_socket(ModelPage& page) = 0;
  virtual void send_text(ModelPage& page, std::string text) = 0;
  virtual void close_socket(ModelPage& page) = 0;
  virtual SeatMedia& make_media(ModelPage& page) = 0;
  virtual const History& history(std::uint32_t life) const = 0;
};

struct PageSetup {
  std::uint32_t number = 0;
  std::string seat;
  conference::Role role{};
  SeatMediaOptions media;
  std::uint64_t seed = 0;
  bool obedient = true;  // stops sending when its gate is closed; others leave it to the server
};

class ModelPage {
 public:
  enum class State : std::uint8_t { idle, opening, greeting, live, waiting, over };
  enum class Path : std::uint8_t { none, joining, connecting, connected, restarting, waiting };

  ModelPage(PageSurroundings& surroundings, const PageSetup& setup);

  // -- the person --
  void start();
  void leave();
  void vanish();       // the machine is switched off
  void fall_asleep();  // ... and wakes up later, with all that it knew
  void wake();
  bool asleep() const { return asleep_; }
  // The browser says that its path is broken, before the page would have noticed.
  void path_broke();
  void set_voice(std::optional<std::uint8_t> level);
  void set_camera(bool on);
  // What the tiles are to show, in order.
  struct Tile {
    std::string seat;
    messages::Quality quality{};
  };
  void demand(std::vector<Tile> tiles);
  // Commands; the id is filled in here. Lost when there is no connection.
  template <class Command>
  void ask(Command command) {
    if (state_ != State::live || mirror_awaited_) return;
    command.id = ++last_id_;
    send_command(command.id, messages::ClientMessage(std::move(command)));
  }

  // -- the socket --
  void opened(std::uint32_t life);
  void closed();
  void receive(std::string_view text);

  void advance();
  TimePoint next_deadline() const;

  const PageSetup& setup() const { return setup_; }
  State state() const { return state_; }
  Path path() const { return path_; }
  bool here() const { return state_ != State::idle && state_ != State::over; }
  // All is well: it follows the conference and its media flow.
  bool settled() const {
    return state_ == State::live && !mirror_awaited_ && path_ == Path::connected && media_ != nullptr &&
           media_->connected();
  }
  TimePoint settled_since() const { return settled_since_; }
  std::uint32_t life() const { return life_; }
  const Mirror& mirror() const { return mirror_; }
  bool has_mirror() const { return has_mirror_ && !mirror_awaited_; }
  SeatMedia* media() { return media_; }
  const SeatMedia* media() const { return media_; }
  // What it was told of its slots, and when.
  struct Told {
    messages::SlotContent content;
    TimePoint at{};
  };
  const std::map<std::uint32_t, Told>& told() const { return told_; }
  const std::vector<std::string>& speaking() const { return speaking_; }
  // Why nothing can be written down, as it was told last.
  std::optional<messages::RecordTrouble> trouble() const { return trouble_; }
  // Since when a command waits for its answer; kNever when none does.
  TimePoint oldest_command() const;
  std::uint64_t answered() const { return answered_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t resumed() const { return resumed_; }
  std::uint64_t snapshots() const { return snapshots_; }

 private:
  enum class JoinKind : std::uint8_t { first, again, afterwards };

  TimePoint now() const { return surroundings_.world().now; }
  template <class... Arguments>
  void violated(fmt::format_string<Arguments...> words, Arguments&&... arguments) {
    surroundings_.world().violations.add(now(), "page {}: {}", setup_.seat,
                                         fmt::format(words, std::forward<Arguments>(arguments)...));
  }
  void become(State state, TimePoint deadline);
  void open();
  void drop();
  void wait();
  void finish();
  void forget_commands();

  void take(const messages::Welcome& welcome);
  void take(const messages::Snapshot& snapshot);
  void take(const messages::Happened& happened);
  void take(const messages::Done& done) { settle(done.id, "done"); }
  void take(const messages::Refused& refused);
  void take(const messages::Answer& answer);
  void take(const messages::IceRestarted& restarted);
  void take(const messages::Slots& slots);
  void take(const messages::Speaking& speaking);
  void take(const messages::MayChanged&) {}
  void take(const messages::IceServers&) {}
  void take(const messages::RecordingTrouble& trouble) { trouble_ = trouble.trouble; }
  void take(const messages::Bye& bye);
  void take(const messages::Pong&) {}
  void check_skipped(std::uint64_t sequence);
  void follow_gates();

  void send_command(std::uint32_t id, const messages::ClientMessage& message);
  bool settle(std::uint32_t id, std::string_view how);
  void send_demand();

  void become(Path path, TimePoint deadline);
  void join(JoinKind kind);
  void restart_ice();
  void wait_to_join();
  void look_at_path();
  Duration backoff(unsigned& attempt, Duration first, Duration longest);

  PageSurroundings& surroundings_;
  PageSetup setup_;
  SeededRandom random_;

  State state_ = State::idle;
  TimePoint deadline_ = kNever, ping_at_ = kNever, live_since_{};
  unsigned attempt_ = 0;
  std::uint32_t life_ = 0;
  std::string session_;
  Mirror mirror_;
  bool has_mirror_ = false;      // for resuming
  bool mirror_awaited_ = false;  // a snapshot has to come before any event

  std::uint32_t last_id_ = 0;
  struct Command {
    std::size_t kind = 0;  // index into messages::ClientMessage
    TimePoint at{};
  };
  std::map<std::uint32_t, Command> outstanding_;
  std::uint64_t answered_ = 0, refused_ = 0, resumed_ = 0, snapshots_ = 0;

  Path path_ = Path::none;
  JoinKind join_kind_ = JoinKind::first;
  TimePoint path_deadline_ = kNever, look_at_ = kNever, restarted_at_{};
  unsigned join_attempt_ = 0;
  bool restarts_ = true;
  SeatMedia* media_ = nullptr;   // of the present session
  SeatMedia* asking_ = nullptr;  // offered, not yet answered
  std::uint32_t join_id_ = 0, restart_id_ = 0;
  std::map<std::uint32_t, Told> told_;
  std::vector<std::uint32_t> tile_slots_;
  std::vector<Tile> tiles_;
  std::vector<std::string> speaking_;
  std::optional<messages::RecordTrouble> trouble_;
  std::optional<std::uint8_t> voice_;
  bool camera_ = true, asleep_ = false;
  bool was_settled_ = false;
  TimePoint settled_since_ = kNever;
};

}  // namespace bridgehall::sim
