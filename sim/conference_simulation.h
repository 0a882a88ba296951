// One run of a conference: the server in its present life, pages with their sockets and media, in virtual time that
// goes on in steps of half a millisecond. Scenarios and directed tests are written against this.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sim/addresses.h"
#include "sim/conference_server.h"
#include "sim/page.h"
#include "sim/run_loop.h"

namespace bridgehall::sim {

struct ConferenceOptions {
  std::uint64_t seed = 1;
  crypto::SrtpSuite suite = crypto::SrtpSuite::aead_aes_128_gcm;
  std::size_t sites = 3;  // beside a hall, a chair and delegates
  std::size_t delegates = 1;
  conference::Mode mode = conference::Mode::discussion;
  std::size_t shards = 1;
  bool recorded = false;  // what happens is kept on a disk that outlives the server
  bool verbose = false;
};

// How a socket can break: who learns of it at once.
enum class Break : std::uint8_t { both, page, server, nobody };

class ConferenceSimulation final : public RunLoop, public PageSurroundings {
 public:
  static constexpr Duration kStep = 500us;
  static constexpr Duration kServerPatience = 20s;  // until the server gives a silent socket up

  explicit ConferenceSimulation(const ConferenceOptions& options);
  ~ConferenceSimulation() override;

  using RunLoop::world;
  World& world() override { return RunLoop::world(); }

  // One page for each seat: "chair", "hall", "site-1", …, "delegate-1", …. They wait to be started.
  const std::vector<std::unique_ptr<ModelPage>>& pages() const { return pages_; }
  ModelPage& page(std::string_view seat);
  // What its lines are like from now on.
  void set_lines(const ModelPage& page, const LinkSettings& up, const LinkSettings& down);
  void cut(const ModelPage& page, bool cut);
  // Both lines of all of them are cut together, until that is mended.
  Partition part(const std::vector<const ModelPage*>& pages);
  // Its address changes; `noticed`: it knows.
  void move(ModelPage& page, bool noticed);
  void break_socket(ModelPage& page, Break how);
  // It takes no texts for a while: whatever is said to it waits at the server.
  void stall(const ModelPage& page, bool stalled);
  // Its machine sleeps and wakes: its socket is held open by the kernels until the server gives it up.
  void fall_asleep(ModelPage& page);
  void wake(ModelPage& page);
  // Its socket is dead and it does not know.
  bool is_cut_off(const ModelPage& page) const;

  bool up() const { return server_ != nullptr; }
  ConferenceServer& server() { return *server_; }
  void kill_server();
  void drain_server();
  void start_server();
  std::uint32_t life() const { return life_; }
  SimDisk& disk() { return disk_; }

  // Everything that must hold at any moment: mirrors equal what their pages may see, gates are as the conference says.
  void check_agreement();
  // And within moments: every page is up to date and knows what its slots hold.
  void check_all_told();
  void check_complete();
  std::uint64_t decoded() const;

  // -- what pages need --
  std::string make_token(const ModelPage& page) override;
  void open_socket(ModelPage& page) override;
  void send_text(ModelPage& page, std::string text) override;
  void close_socket(ModelPage& page) override;
  SeatMedia& make_media(ModelPage& page) override;
  const History& history(std::uint32_t life) const override { return histories_.at(life); }

 private:
  struct Socket {
    ModelPage* page = nullptr;
    web::LinkId link;
    std::uint32_t life = 0;
    Duration delay{};
    bool server_open = false;
    bool cut = false;  // nothing passes any more
    bool stalled = false;
    TimePoint asleep_since = kNever;  // the page's machine
    std::vector<std::string> kept;    // texts that came while it slept
    bool asleep() const { return asleep_since != kNever; }
    TimePoint last_up{}, last_down{};
    std::size_t in_flight = 0;  // to the page
  };
  using SocketHandle = std::shared_ptr<Socket>;
  struct Lines {
    Link up, down;
  };

  conference::Roster make_roster() const;
  void add_page(const conference::InvitedSeat& seat);
  Duration delay_of(const ModelPage& page);

  void accept(const SocketHandle& socket);
  void pull(const SocketHandle& socket);
  void take_text(const SocketHandle& socket, const std::string& text);
  void close_at_server(const SocketHandle& socket);
  bool is_current(const SocketHandle& socket) const;
  // Whatever control was given may have given links something to say.
  void after_control();
  void trace_text(TraceKind kind, const ModelPage& page, std::string_view text);

  TimePoint next_event() const override;
  void step() override;
  void advance_pages();
  void deliver(Datagram&& datagram);
  void left_server(const NetworkPath& path, BytesView bytes);
  void on_command(const media::Command& command);
  void on_event(const media::Event& event);
  std::vector<std::string> untold() const;
  void add_untold_slots(const ModelPage& page, std::vector<std::string>& words) const;
  void check_mirror(const ModelPage& page);
  void check_gates();
  bool are_gates(media::PublicationId publication, bool open) const;  // at all shards

  ConferenceOptions options_;
  SeededRandom random_;
  conference::Roster roster_;
  std::array<std::uint8_t, 32> key_{};
  crypto::TokenKey signer_;
  VoiceCheck voices_;
  std::vector<std::unique_ptr<ModelPage>> pages_;
  std::vector<Lines> lines_;  // by page
  std::vector<std::unique_ptr<SeatMedia>> media_;
  std::vector<SeatMedia*> live_media_;
  Addresses<SeatMedia> addresses_;
  std::unordered_map<std::string, SeatMedia*> by_ufrag_;

  SimDisk disk_;
  SocketAddress server_address_;
  std::unique_ptr<ConferenceServer> server_;
  std::uint32_t life_ = 0;
  std::map<std::uint32_t, History> histories_;  // by life
  std::map<media::PeerId, SeatMedia*> peers_;   // of this life
  struct UnsettledGate {
    TimePoint since;  // it is not as the conference says
    bool open;        // ... which this is
  };
  std::map<media::PublicationId, UnsettledGate> unsettled_gates_;
  std::map<const ModelPage*, SocketHandle> current_;  // each page's socket, as the page sees it
  std::map<web::LinkId, SocketHandle> links_;         // as the server sees it
  std::uint64_t last_link_ = 0;
  std::uint32_t last_media_ = 0;
};

}  // namespace bridgehall::sim
