// Several pages, publishers, a media core and a disk that is slow or full, in whatever order the input has it. Whatever
// they do: every message fits the schema, a page that has read all mirrors the conference as its seat may see it,
// nothing grows, the media core is told of nothing that it does not know, and its gates are what the conference says,
// or closed.
#include <array>
#include <cstdint>
#include <map>
#include <set>

#include <spdlog/spdlog.h>

#include "conference/visibility.h"
#include "web/fake_journal.h"
#include "web/fake_media_core.h"
#include "web/page_messages.h"
#include "web/page_testing.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::web;
using conference::Role;

constexpr std::array<std::pair<const char*, Role>, 6> kSeats{{{"hall", Role::hall},
                                                              {"chair", Role::chair},
                                                              {"mod", Role::moderator},
                                                              {"a", Role::site},
                                                              {"b", Role::site},
                                                              {"guest", Role::viewer}}};
constexpr std::size_t kPages = 5;

// Microphone, camera and slides are sent; a voice, the stage, slides and a tile are received.
std::string make_offer() {
  std::string offer =
      "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2 3 4 5 6\r\n"
      "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=setup:actpass\r\na=fingerprint:sha-256 ";
  for (int i = 0; i < 32; ++i) offer += i ? ":AB" : "AB";
  offer += "\r\n";
  for (int mid = 0; mid < 7; ++mid) {
    const bool audio = mid == 0 || mid == 3;
    offer += audio ? "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" : "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n";
    offer += "c=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=mid:" + std::to_string(mid) + "\r\n";
    offer += mid < 3 ? "a=sendonly\r\n" : "a=recvonly\r\n";
    offer += audio ? "a=rtpmap:111 opus/48000/2\r\n" : "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n";
  }
  return offer;
}

messages::Join make_join(std::uint32_t id, bool sends) {
  using messages::SlotUse;
  using messages::TrackUse;
  static const std::string offer = make_offer();
  messages::Join join{.id = id, .offer = offer, .microphone = true, .camera = true};
  if (sends) join.sends = {{"0", TrackUse::microphone}, {"1", TrackUse::camera}, {"2", TrackUse::slides}};
  join.slots = {{"3", SlotUse::voice}, {"4", SlotUse::stage}, {"5", SlotUse::slides}, {"6", SlotUse::tile}};
  return join;
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  std::uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  std::size_t below(std::size_t bound) { return byte() % bound; }
  std::string text(std::size_t length) {
    length = std::min(length, left_);
    std::string result(reinterpret_cast<const char*>(data_), length);
    data_ += length;
    left_ -= length;
    return result;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

// What the media core knows from its commands.
struct Core {
  std::map<media::PeerId, std::size_t> slots;  // of peers that are there
  std::map<media::PublicationId, bool> gates;

  void take(const media::Command& command) {
    if (const auto* add = std::get_if<media::AddPublication>(&command)) {
      BRIDGEHALL_CHECK(gates.emplace(add->publication, false).second);
    } else if (const auto* gate = std::get_if<media::SetGate>(&command)) {
      gates.at(gate->publication) = gate->open;
    } else if (const auto* rank = std::get_if<media::SetVoiceRank>(&command)) {
      BRIDGEHALL_CHECK(gates.contains(rank->publication));
    } else if (const auto* removed = std::get_if<media::RemovePublication>(&command)) {
      BRIDGEHALL_CHECK(gates.erase(removed->publication) == 1);
    } else if (const auto* create = std::get_if<std::unique_ptr<media::CreatePeer>>(&command)) {
      BRIDGEHALL_CHECK(slots.emplace((*create)->peer, (*create)->outgoing.size()).second);
      for (const auto& track : (*create)->incoming) BRIDGEHALL_CHECK(gates.contains(track.publication));
    } else if (const auto* fill = std::get_if<media::FillSlot>(&command)) {
      BRIDGEHALL_CHECK(fill->slot < slots.at(fill->peer) && gates.contains(fill->publication));
    } else if (const auto* empty = std::get_if<media::EmptySlot>(&command)) {
      BRIDGEHALL_CHECK(empty->slot < slots.at(empty->peer));
    } else if (const auto* close = std::get_if<media::ClosePeer>(&command)) {
      BRIDGEHALL_CHECK(slots.erase(close->peer) == 1);
    }
  }
};

class Play {
 public:
  explicit Play(Input input) : input_(input) {
    conference::Roster roster{.id = "demo", .title = "Demo", .stage = "hall"};
    for (const auto& [id, role] : kSeats) roster.seats.push_back({.id = id, .name = id, .role = role});
    control_.emplace(
        ControlSettings{.conferences = {roster}, .fingerprint = {"sha-256", Bytes(32, 1)}, .journal = &journal_}, key_,
        StaticFiles(), random_, core_);
  }

  void run() {
    for (int step = 0; step < 400 && !input_.empty(); ++step) {
      act();
      write();
      control_->handle_events(now());
      check_commands();
    }
    core_.full = false;
    core_.willing = true;
    journal_.commit_all();
    control_->drain(now());
    journal_.commit_all();
    time_ += 10s;
    control_->handle_timeout(now());
    check_commands();
    // Of those that were made while it did not answer, it says so now.
    for (const auto peer : unanswered_) core_.say(media::PeerClosed{peer});
    control_->handle_events(now());
    check_commands();
    BRIDGEHALL_CHECK(core_known_.slots.empty());
  }

 private:
  using Bytes = std::vector<std::uint8_t>;

  Instant now() const { return {time_, kNoon}; }
  std::string token(std::size_t seat) {
    return key_.sign({.conference = "demo",
                      .role = std::string(conference::role_name(kSeats[seat].second)),
                      .subject = kSeats[seat].first,
                      .serial = 1 + serial_[seat],
                      .issued_at = kNoon,
                      .expires_at = kNoon + std::chrono::minutes{10}});
  }

  void act() {
    auto& page = pages_[input_.below(kPages)];
    const auto both = input_.byte();
    const auto what = both % 16;
    disk_ = both / 16;
    if (what == 0 || !page) return open(page);
    switch (what) {
      case 1:
        control_->close_link(page->link(), now());
        return page.reset();
      case 2:
        return page->say(make_join(input_.byte(), page->seat != "guest"), now());
      case 3:
      case 4:
      case 5:
      case 6:
        return say(*page, command());
      case 7:
        return page->say_text(input_.text(input_.byte()), now());
      case 8:
      case 9:
        return read(*page);
      case 10:
        page->read_one(now());
        return;
      case 11:
        time_ += 100ms * (1 << input_.below(9));
        return control_->handle_timeout(now());
      case 12:
        core_.full = input_.below(4) == 0;
        core_.refusing = input_.below(4) == 0;
        core_.willing = input_.below(4) != 0;
        return;
      case 13:
        return media_event();
      case 14:
        return request();
      default:
        return page->say(messages::RestartIce{1, "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"}, now());
    }
  }

  // Mostly at once.
  void write() {
    if (disk_ < 10) journal_.commit_all();
    if (disk_ == 10) journal_.commit_one();
    if (disk_ == 11) journal_.fail(static_cast<conference::RecordTrouble>(input_.below(3)));
  }

  void open(std::optional<TestPage>& page) {
    if (page) control_->close_link(page->link(), now());
    const auto before = std::exchange(page, std::nullopt);
    Request request{.method = "GET", .target = "/", .peer = {IpAddress::v4(127, 0, 0, 1), 5000}};
    request.headers.add("Host", "localhost");
    const LinkId link{++links_};
    BRIDGEHALL_CHECK(!control_->open_link(link, "demo", request, now()));
    page.emplace(*control_, link);
    const auto seat = input_.below(kSeats.size());
    messages::Hello hello{.version = messages::kVersion, .token = token(seat)};
    if (before && !before->mirror.conference.id.empty() && input_.below(2) == 0) {
      hello.resume = messages::Resume{before->session, before->mirror.sequence};
      page->mirror = before->mirror;
    }
    page->say(hello, now());
  }

  messages::ClientMessage command() {
    const std::string seat = kSeats[input_.below(kSeats.size())].first;
    const std::uint32_t id = input_.byte();
    const bool yes = id % 2 == 0;
    switch (input_.below(16)) {
      case 0:
        return messages::OpenMicrophone{id, seat};
      case 1:
        return messages::CloseMicrophone{id, seat};
      case 2:
        return messages::OpenCamera{id, seat};
      case 3:
        return messages::CloseCamera{id, seat};
      case 4:
        return messages::SetStage{id, yes ? std::optional(seat) : std::nullopt};
      case 5:
        return messages::SetMode{id, yes ? messages::Mode::conference : messages::Mode::discussion};
      case 6:
        return messages::Lock{id, yes};
      case 7:
        return messages::Remove{id, seat};
      case 8:
        return messages::RaiseHand{id, messages::HandKind::reply};
      case 9:
        return messages::LowerHand{id, seat};
      case 10:
        return messages::Chat{id, "Hello", yes ? messages::Audience::everyone : messages::Audience::chair};
      case 11:
        return messages::ShareSlides{id, yes};
      case 12:
        return messages::Leave{id};
      case 13:
        return messages::CloseMicrophones{id, yes ? std::optional(seat) : std::nullopt};
      case 14:
        return messages::SetLayout{id, static_cast<messages::Layout>(id % 4)};
      default:
        return messages::Demand{
            id, {{.slot = id % 5, .seat = seat, .quality = static_cast<messages::Quality>(input_.below(4))}}};
    }
  }

  void say(TestPage& page, const messages::ClientMessage& message) {
    if (std::holds_alternative<messages::Leave>(message)) leaving_.insert(page.link());
    page.say(message, now());
  }

  // Everything: then the page knows all that its seat may.
  void read(TestPage& page) {
    const auto before = page.end();
    std::size_t answers = 0;
    for (const auto& message : page.read(now()))
      answers +=
          !std::holds_alternative<messages::Happened>(message) && !std::holds_alternative<messages::Snapshot>(message);
    BRIDGEHALL_CHECK(answers <= Pages::kMaxReplies + 4);
    if (page.end() || leaving_.contains(page.link()) || !control_->greeted(page.link())) return;
    const auto& state = *control_->host().state("demo");
    const auto role = state.find(page.seat)->role;
    BRIDGEHALL_CHECK(page.mirror.equals(to_message(conference::visible_state(state, role, page.seat))));
  }

  void media_event() {
    const media::PeerId peer{static_cast<std::uint32_t>(1 + input_.below(12))};
    const media::PublicationId publication{static_cast<std::uint32_t>(input_.below(24))};
    switch (input_.below(5)) {
      case 0:  // it ends by itself
        if (core_known_.slots.contains(peer) && !core_.full) {
          core_known_.slots.erase(peer);
          ended_.insert(peer);
          core_.say(media::PeerClosed{peer, session::CloseReason::consent_lost});
        }
        return;
      case 1:
        return core_.say(media::PeerConnected{peer});
      case 2:
        return core_.say(media::SlotChanged{peer, static_cast<media::SlotNumber>(input_.below(6)), publication,
                                            static_cast<media::SlotFlow>(input_.below(4))});
      case 3:
        return core_.say(media::FlowChanged{publication, input_.below(2) == 0});
      default:
        return core_.say(media::VoicesChanged{media::RoomId{1}, {publication}, input_.byte()});
    }
  }

  void request() {
    const auto seat = input_.below(kSeats.size());
    const std::string name = kSeats[input_.below(kSeats.size())].first;
    Request request{.method = "POST", .target = "/whip/demo/" + name, .peer = {IpAddress::v4(127, 0, 0, 1), 5000}};
    request.headers.add("Host", "localhost");
    request.headers.add("Authorization", "Bearer " + token(seat));
    if (input_.below(4) == 0) {
      request.target = "/api/conferences/demo/seats/" + name + "/invitation";
    } else {
      request.headers.add("Content-Type", "application/sdp");
      request.body = make_offer();
    }
    control_->submit(++tickets_, request, now());
    while (const auto answer = control_->poll_answer())
      if (answer->response.status == 201 && request.body.empty())
        for (std::size_t i = 0; i < kSeats.size(); ++i)
          serial_[i] = control_->host().find_seat("demo", kSeats[i].first)->serial - 1;
  }

  bool is_about_the_ended(const media::Command& command) const {
    return std::visit(
        [&]<class Kind>(const Kind& what) {
          if constexpr (requires { what.peer; }) return ended_.contains(what.peer);
          return false;
        },
        command);
  }

  void check_commands() {
    for (const auto& command : core_.commands) {
      if (is_about_the_ended(command)) continue;  // they cross
      core_known_.take(command);
      if (const auto* create = std::get_if<std::unique_ptr<media::CreatePeer>>(&command)) {
        if (core_.refusing && core_.willing) {
          core_known_.slots.erase((*create)->peer);
          ended_.insert((*create)->peer);
        }
        unanswered_.insert((*create)->peer);
      }
    }
    core_.commands.clear();
    if (core_.full) return;  // some are under way
    const auto& host = control_->host();
    const auto& state = *host.state("demo");
    BRIDGEHALL_CHECK(state.sequence == host.log("demo")->newest());
    const bool recorded = host.all_recorded() && host.record_report("demo").unrecorded.empty();
    for (const auto& seat : state.seats) {
      const auto* sender = host.directory().sender_of("demo", seat.id);
      BRIDGEHALL_CHECK(seat.present || !sender || !recorded);
      BRIDGEHALL_CHECK(seat.role != Role::viewer || !(seat.microphone.open || seat.camera.open));
      const auto* publication = host.directory().publication("demo", seat.id);
      if (!publication) continue;
      for (const auto& track : publication->tracks) {
        const bool open = core_known_.gates.at(track.id);
        const bool says_open = track.use == conference::TrackUse::microphone ? seat.microphone.open
                               : track.use == conference::TrackUse::camera   ? seat.camera.open
                                                                             : state.slides == seat.id;
        BRIDGEHALL_CHECK(recorded ? open == says_open : says_open || !open);
      }
    }
  }

  static constexpr crypto::UnixTime kNoon{std::chrono::seconds{1'800'000'000}};

  Input input_;
  SeededRandom random_{5};
  crypto::TokenKey key_{std::array<std::uint8_t, 32>{1}};
  FakeMediaCore core_;
  FakeJournal journal_;
  std::size_t disk_ = 0;  // what it does in this step
  std::optional<Control> control_;
  Core core_known_;
  std::set<media::PeerId> unanswered_, ended_;
  std::set<LinkId> leaving_;  // they are told nothing but that they may go
  std::array<std::optional<TestPage>, kPages> pages_;
  std::array<std::uint32_t, kSeats.size()> serial_{};
  std::uint64_t links_ = 0;
  Ticket tickets_ = 0;
  TimePoint time_ = TimePoint{} + 1h;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  Play(Input(data, size)).run();
  return 0;
}
