#include "sim/conference_simulation.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "conference/visibility.h"
#include "web/page_messages.h"

namespace bridgehall::sim {
namespace {

constexpr std::array kLeading{conference::Role::hall, conference::Role::chair};

}  // namespace

ConferenceSimulation::ConferenceSimulation(const ConferenceOptions& options)
    : RunLoop(options.seed, options.verbose, kStep),
      options_(options),
      random_(options.seed ^ 0xc0f3),
      roster_(make_roster()),
      signer_(key_),
      disk_(options.seed ^ 0xd15c) {
  spdlog::set_level(options.verbose ? spdlog::level::info : spdlog::level::off);
  for (const auto& seat : roster_.seats) add_page(seat);
  start_server();
}

ConferenceSimulation::~ConferenceSimulation() = default;

conference::Roster ConferenceSimulation::make_roster() const {
  conference::Roster roster{.id = ConferenceServer::kConference, .title = "Rehearsal", .mode = options_.mode};
  for (const auto role : kLeading)
    roster.seats.push_back({.id = std::string(conference::role_name(role)),
                            .name = std::string(conference::role_name(role)),
                            .role = role});
  const auto add = [&](conference::Role role, std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
      const auto id = fmt::format("{}-{}", conference::role_name(role), i);
      roster.seats.push_back({.id = id, .name = id, .role = role});
    }
  };
  add(conference::Role::site, options_.sites);
  add(conference::Role::delegate, options_.delegates);
  add(conference::Role::viewer, 1);
  return roster;
}

void ConferenceSimulation::add_page(const conference::InvitedSeat& seat) {
  const bool leads = seat.role == conference::Role::hall || seat.role == conference::Role::chair;
  PageSetup setup{.number = static_cast<std::uint32_t>(pages_.size() + 1),
                  .seat = seat.id,
                  .role = seat.role,
                  .seed = random_.u64(),
                  .obedient = random_.chance(0.7)};
  setup.media = {.owner = setup.number,
                 .sends = seat.role != conference::Role::viewer,
                 .slides = leads,
                 .layers = random_.chance(0.8) ? std::size_t{3} : 1 + random_.below(2),
                 .tiles = leads ? std::size_t{9} : 3 + random_.below(2),
                 .transport_numbers = random_.chance(0.9),
                 .two_byte_extensions = random_.chance(0.2)};
  pages_.push_back(std::make_unique<ModelPage>(*this, setup));
  lines_.push_back({.up = world().network.add_link({}), .down = world().network.add_link({})});
}

ModelPage& ConferenceSimulation::page(std::string_view seat) {
  const auto found =
      std::find_if(pages_.begin(), pages_.end(), [&](const auto& page) { return page->setup().seat == seat; });
  BRIDGEHALL_CHECK(found != pages_.end());
  return **found;
}

// -- lines --

void ConferenceSimulation::set_lines(const ModelPage& page, const LinkSettings& up, const LinkSettings& down) {
  const auto& lines = lines_[page.setup().number - 1];
  world().network.settings(lines.up) = up;
  world().network.settings(lines.down) = down;
}

void ConferenceSimulation::cut(const ModelPage& page, bool is_cut) {
  const auto& lines = lines_[page.setup().number - 1];
  world().network.settings(lines.up).cut = world().network.settings(lines.down).cut = is_cut;
}

Partition ConferenceSimulation::part(const std::vector<const ModelPage*>& pages) {
  std::vector<Link> links;
  for (const auto* page : pages) {
    const auto& lines = lines_[page->setup().number - 1];
    links.insert(links.end(), {lines.up, lines.down});
  }
  return world().network.part(std::move(links));
}

void ConferenceSimulation::move(ModelPage& page, bool noticed) {
  auto* media = page.media();
  if (media == nullptr || !media->joined()) return;
  media->move_to(addresses_.rebind(media->address(), *media), noticed);
}

Duration ConferenceSimulation::delay_of(const ModelPage& page) {
  return world().network.settings(lines_[page.setup().number - 1].up).delay + 1ms;
}

// -- the server's lives --

void ConferenceSimulation::start_server() {
  BRIDGEHALL_CHECK(!server_);
  ++life_;
  auto& history = histories_[life_];
  std::vector<conference::Recovered> recovered;
  if (options_.recorded) recovered = disk_.open(world(), roster_);
  for (const auto& recorded : disk_.events()) history.push_back(recorded.event);
  server_ =
      std::make_unique<ConferenceServer>(world(), ConferenceServer::Setup{.seed = options_.seed * 1'000 + life_,
                                                                          .suite = options_.suite,
                                                                          .roster = roster_,
                                                                          .key = key_,
                                                                          .shards = options_.shards,
                                                                          .disk = options_.recorded ? &disk_ : nullptr,
                                                                          .recovered = std::move(recovered)});
  server_address_ = server_->media().address();
  server_->media().on_sent = [this](const NetworkPath& path, BytesView bytes) { left_server(path, bytes); };
  server_->on_command = [this](const media::Command& command) { on_command(command); };
  server_->on_event = [this](const media::Event& event) { on_event(event); };
  after_control();
}

// The machine goes on, so that its kernel closes the sockets.
void ConferenceSimulation::kill_server() {
  server_.reset();
  if (options_.recorded) disk_.lose_power();
  world().ledger.end_all(now() + 1ns);  // what leaves now has left
  peers_.clear();
  unsettled_gates_.clear();
  for (const auto& [link, socket] : std::exchange(links_, {})) {
    socket->server_open = false;
    if (socket->cut) continue;
    at(std::max(socket->last_down, now() + socket->delay), [this, socket = socket] {
      if (is_current(socket) && !socket->asleep()) socket->page->closed();
    });
  }
}

void ConferenceSimulation::drain_server() {
  server_->control().drain(server_->instant());
  after_control();
}

// -- sockets --

bool ConferenceSimulation::is_current(const SocketHandle& socket) const {
  const auto found = current_.find(socket->page);
  return found != current_.end() && found->second == socket;
}

// Connecting and the upgrade are two round trips, less the last way.
void ConferenceSimulation::open_socket(ModelPage& page) {
  auto socket = std::make_shared<Socket>();
  socket->page = &page;
  socket->link = web::LinkId{++last_link_};
  socket->delay = delay_of(page);
  current_[&page] = socket;
  at(now() + 3 * socket->delay, [this, socket] { accept(socket); });
}

void ConferenceSimulation::accept(const SocketHandle& socket) {
  if (socket->cut || !is_current(socket)) return;
  bool refused = true;
  if (server_) {
    web::Request request{.method = "GET", .target = "/", .peer = {IpAddress::v4(192, 0, 2, 1), 50'000}};
    request.headers.add("Host", "localhost");
    refused = server_->control()
                  .open_link(socket->link, ConferenceServer::kConference, request, server_->instant())
                  .has_value();
  }
  socket->life = life_;
  socket->last_down = now() + socket->delay;
  if (!refused) {
    socket->server_open = true;
    links_[socket->link] = socket;
    after_control();
  }
  at(socket->last_down, [this, socket, refused] {
    if (socket->cut || socket->asleep() || !is_current(socket)) return;
    refused ? socket->page->closed() : socket->page->opened(socket->life);
  });
}

void ConferenceSimulation::send_text(ModelPage& page, std::string text) {
  const auto found = current_.find(&page);
  if (found == current_.end()) return;
  trace_text(TraceKind::text_asked, page, text);
  auto socket = found->second;
  socket->last_up = std::max(socket->last_up, now() + socket->delay);
  at(socket->last_up, [this, socket, text = std::move(text)] {
    if (socket->cut || !socket->server_open) return;
    if (server_->control().end_of(socket->link)) return;
    server_->control().handle_message(socket->link, text, server_->instant());
    after_control();
  });
}

void ConferenceSimulation::close_socket(ModelPage& page) {
  const auto found = current_.find(&page);
  if (found == current_.end()) return;
  auto socket = found->second;
  current_.erase(found);
  at(std::max(socket->last_up, now() + socket->delay), [this, socket] {
    if (!socket->cut) close_at_server(socket);
  });
}

void ConferenceSimulation::close_at_server(const SocketHandle& socket) {
  if (!socket->server_open) return;
  socket->server_open = false;
  links_.erase(socket->link);
  server_->control().close_link(socket->link, server_->instant());
  after_control();
}

void ConferenceSimulation::break_socket(ModelPage& page, Break how) {
  const auto found = current_.find(&page);
  if (found == current_.end()) return;
  auto socket = found->second;
  socket->cut = true;
  if (how == Break::both || how == Break::server)
    close_at_server(socket);
  else
    at(now() + kServerPatience, [this, socket] { close_at_server(socket); });
  if (how == Break::both || how == Break::page) page.closed();
}

void ConferenceSimulation::stall(const ModelPage& page, bool stalled) {
  const auto found = current_.find(&page);
  if (found == current_.end()) return;
  const auto socket = found->second;
  socket->stalled = stalled;
  if (socket->server_open) pull(socket);
}

void ConferenceSimulation::fall_asleep(ModelPage& page) {
  page.fall_asleep();
  const auto found = current_.find(&page);
  if (found == current_.end()) return;
  const auto socket = found->second;
  socket->asleep_since = now();
  at(now() + kServerPatience, [this, socket] {
    if (socket->asleep() && now() >= socket->asleep_since + kServerPatience) close_at_server(socket);
  });
}

// What has come meanwhile is read first; that the server has closed its end shows at the first word to it.
void ConferenceSimulation::wake(ModelPage& page) {
  page.wake();
  const auto found = current_.find(&page);
  if (found == current_.end()) return;
  const auto socket = found->second;
  socket->asleep_since = kNever;
  for (const auto& text : std::exchange(socket->kept, {})) {
    if (!is_current(socket)) return;
    take_text(socket, text);
  }
  if (socket->server_open) return;
  at(now() + 2 * socket->delay, [this, socket] {
    if (is_current(socket) && !socket->asleep()) socket->page->closed();
  });
}

bool ConferenceSimulation::is_cut_off(const ModelPage& page) const {
  const auto found = current_.find(&page);
  return found != current_.end() && found->second->cut;
}

// As long as the socket takes texts, it is given them.
void ConferenceSimulation::pull(const SocketHandle& socket) {
  constexpr std::size_t kWindow = 16;
  auto& control = server_->control();
  while (socket->server_open && !socket->stalled && socket->in_flight < kWindow) {
    auto text = control.next_message(socket->link, server_->instant());
    socket->last_down = std::max(socket->last_down, now() + socket->delay);
    if (!text) {
      if (!control.end_of(socket->link)) return;
      at(socket->last_down, [this, socket] {
        if (!socket->cut && !socket->asleep() && is_current(socket)) socket->page->closed();
      });
      return close_at_server(socket);
    }
    ++socket->in_flight;
    at(socket->last_down, [this, socket, text = std::move(*text)] {
      if (socket->cut) return;
      if (socket->asleep()) return socket->kept.push_back(text);
      take_text(socket, text);
    });
  }
}

void ConferenceSimulation::take_text(const SocketHandle& socket, const std::string& text) {
  if (is_current(socket)) {
    trace_text(TraceKind::text_said, *socket->page, text);
    socket->page->receive(text);
  }
  at(now() + socket->delay, [this, socket] {
    --socket->in_flight;
    if (socket->server_open) pull(socket);
  });
}

void ConferenceSimulation::after_control() {
  server_->note_history(histories_[life_]);
  while (const auto link = server_->control().poll_ready())
    if (const auto found = links_.find(*link); found != links_.end()) pull(SocketHandle(found->second));
}

void ConferenceSimulation::trace_text(TraceKind kind, const ModelPage& page, std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : kind == TraceKind::text_said ? text : std::string_view())
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  world().trace.note(now(), kind, page.setup().number, text.size(), hash);
  if (world().trace.verbose()) fmt::print("  {}: {}\n", page.setup().seat, text.substr(0, 400));
}

std::string ConferenceSimulation::make_token(const ModelPage& page) {
  const auto wall = web::unix_time({now(), conference::WallTime(std::chrono::seconds{1'800'000'000})});
  return signer_.sign({.conference = ConferenceServer::kConference,
                       .role = std::string(conference::role_name(page.setup().role)),
                       .subject = page.setup().seat,
                       .serial = 1,
                       .issued_at = wall,
                       .expires_at = wall + std::chrono::hours{1}});
}

SeatMedia& ConferenceSimulation::make_media(ModelPage& page) {
  const auto number = ++last_media_;
  const auto& lines = lines_[page.setup().number - 1];
  const ClientSetup setup{.name = fmt::format("{}#{}", page.setup().seat, number),
                          .peer = media::PeerId{number},
                          .address = addresses_.next(),
                          .up = lines.up,
                          .down = lines.down,
                          .seed = random_.u64()};
  auto& media = *media_.emplace_back(
      std::make_unique<SeatMedia>(world(), server_address_, options_.suite, voices_, setup, page.setup().media));
  live_media_.push_back(&media);
  addresses_.assign(media.address(), media);
  by_ufrag_[media.ufrag()] = &media;
  return media;
}

// -- time --

TimePoint ConferenceSimulation::next_event() const {
  auto next = world().network.next_due();
  if (server_) next = std::min(next, server_->next_deadline());
  for (const auto& page : pages_) next = std::min(next, page->next_deadline());
  for (const auto* media : live_media_) next = std::min(next, media->next_deadline());
  return next;
}

void ConferenceSimulation::step() {
  for (Datagram datagram; world().network.receive(now(), datagram);) deliver(std::move(datagram));
  advance_pages();
  if (!server_) return;
  if (server_->media().next_deadline() <= now()) server_->media().turn();
  if (server_->control_is_due()) {
    server_->turn_control();
    after_control();
  }
}

void ConferenceSimulation::advance_pages() {
  std::erase_if(live_media_, [](const SeatMedia* media) { return media->left(); });
  for (std::size_t i = 0; i < live_media_.size(); ++i)
    if (live_media_[i]->next_deadline() <= now()) live_media_[i]->advance();
  for (const auto& page : pages_)
    if (page->next_deadline() <= now()) page->advance();
}

void ConferenceSimulation::deliver(Datagram&& datagram) {
  if (datagram.to == server_address_) {
    if (server_) return server_->media().deliver(std::move(datagram));
  } else if (auto* media = addresses_.at(datagram.to)) {
    media->receive(datagram);
  }
  world().network.recycle(std::move(datagram));
}

// -- what the server does, for the checks --

void ConferenceSimulation::left_server(const NetworkPath& path, BytesView bytes) {
  if (auto* media = addresses_.ever_at(path.remote)) media->on_left_server(bytes);
  if (const auto* media = addresses_.at(path.remote))
    world().network.send(media->down(), server_address_, path.remote, bytes, 0, now());
}

void ConferenceSimulation::on_command(const media::Command& command) {
  if (const auto* create = std::get_if<std::unique_ptr<media::CreatePeer>>(&command)) {
    const auto found = by_ufrag_.find((*create)->transport.remote.ufrag);
    if (found == by_ufrag_.end()) return world().violations.add(now(), "a peer of nobody is made");
    peers_[(*create)->peer] = found->second;
    found->second->on_created(**create);
  } else if (const auto* fill = std::get_if<media::FillSlot>(&command)) {
    if (const auto found = peers_.find(fill->peer); found != peers_.end())
      found->second->on_filled(fill->slot, fill->publication);
  } else if (const auto* empty = std::get_if<media::EmptySlot>(&command)) {
    if (const auto found = peers_.find(empty->peer); found != peers_.end()) found->second->on_filled(empty->slot, {});
  }
}

void ConferenceSimulation::on_event(const media::Event& event) {
  if (const auto* connected = std::get_if<media::PeerConnected>(&event)) {
    if (const auto found = peers_.find(connected->peer); found != peers_.end())
      found->second->on_event(media::PeerConnected{found->second->peer()});
  } else if (const auto* closed = std::get_if<media::PeerClosed>(&event)) {
    const auto found = peers_.find(closed->peer);
    if (found == peers_.end()) return;
    found->second->end_broadcasts();
    peers_.erase(found);
  } else if (const auto* refused = std::get_if<media::PeerRefused>(&event)) {
    world().violations.add(now(), "the shard refuses peer {}", refused->peer.value());
  }
}

std::uint64_t ConferenceSimulation::decoded() const {
  std::uint64_t frames = 0;
  for (const auto& media : media_) frames += media->decoded();
  return frames;
}

// -- checks --

void ConferenceSimulation::check_agreement() {
  if (!server_) return;
  for (const auto& page : pages_) check_mirror(*page);
  check_gates();
}

// A mirror is what its page may see of the conference at its sequence number: of now, when nothing that it may see has
// happened since.
void ConferenceSimulation::check_mirror(const ModelPage& page) {
  if (page.state() != ModelPage::State::live || !page.has_mirror() || page.life() != life_) return;
  const auto& history = histories_.at(life_);
  const auto& [number, seat, role, media, seed, obedient] = page.setup();
  const auto sequence = page.mirror().sequence;
  for (auto later = sequence; later < history.size(); ++later)
    if (conference::may_see(role, seat, history[later])) return;
  const auto truth = web::to_message(conference::visible_state(server_->state(), role, seat));
  auto mirror = page.mirror().conference;
  // The conference forgets messages also for those that this page may not see.
  if (server_->state().chat.size() == conference::State::kMaxChat && mirror.chat.size() > truth.chat.size())
    mirror.chat.erase(mirror.chat.begin(), mirror.chat.end() - static_cast<std::ptrdiff_t>(truth.chat.size()));
  if (truth != mirror) world().violations.add(now(), "the mirror of {} is not the conference at {}", seat, sequence);
}

// The gates at the shard are as the conference says, but for what is on its way to it.
void ConferenceSimulation::check_gates() {
  const auto* publications = server_->directory().publications(ConferenceServer::kConference);
  for (const auto& [name, publication] : *publications) {
    const auto* seat = server_->state().find(name);
    if (seat == nullptr) continue;
    for (const auto& track : publication.tracks) {
      using enum conference::TrackUse;
      const bool open = track.use == microphone ? seat->microphone.open
                        : track.use == camera   ? seat->camera.open
                                                : server_->state().slides == name;
      const bool closed_ahead = open && server_->record_is_behind() && are_gates(track.id, false);
      // Looked at now and then: what was unsettled before may have been settled since, and changed again.
      if (closed_ahead || are_gates(track.id, open)) {
        unsettled_gates_.erase(track.id);
        continue;
      }
      auto& unsettled = unsettled_gates_.try_emplace(track.id, now(), open).first->second;
      if (unsettled.open != open) unsettled = {now(), open};
      if (unsettled.since + 10ms < now())
        world().violations.add(now(), "{} {} is {} and its gate is not", name,
                               messages::name(static_cast<messages::TrackUse>(track.use)), open ? "open" : "closed");
    }
  }
}

bool ConferenceSimulation::are_gates(media::PublicationId publication, bool open) const {
  for (std::size_t i = 0; i < server_->media().shards(); ++i)
    if (world().ledger.gate_at(publication, media::ShardNumber{static_cast<std::uint8_t>(i)}, now()).open != open)
      return false;
  return true;
}

void ConferenceSimulation::check_all_told() {
  // What has just changed is on its way.
  if (run_until([&] { return untold().empty(); }, 500ms)) return;
  for (const auto& words : untold()) world().violations.add(now(), "{}", words);
}

std::vector<std::string> ConferenceSimulation::untold() const {
  std::vector<std::string> words;
  const auto& history = histories_.at(life_);
  for (const auto& page : pages_) {
    if (!page->settled()) continue;
    const auto& setup = page->setup();
    for (auto later = page->mirror().sequence; later < history.size(); ++later)
      if (conference::may_see(setup.role, setup.seat, history[later]))
        words.push_back(fmt::format("{} was not told event {}", setup.seat, later + 1));
    if (page->oldest_command() < now() - 2s) words.push_back(fmt::format("{} waits for an answer", setup.seat));
    add_untold_slots(*page, words);
  }
  return words;
}

void ConferenceSimulation::add_untold_slots(const ModelPage& page, std::vector<std::string>& words) const {
  const auto& seat = page.setup().seat;
  const auto* session = server_->directory().sender_of(ConferenceServer::kConference, seat);
  if (session == nullptr) return words.push_back(fmt::format("{} takes part in no session", seat));
  for (std::size_t i = 0; i < session->slots.size(); ++i) {
    if (session->slots[i].use == media::SlotUse::voice) continue;
    const auto number = static_cast<std::uint32_t>(i);
    const auto truth = web::to_message(
        conference::Directory::ChangedSlot{static_cast<media::SlotNumber>(i), session->slots[i].content});
    const auto found = page.told().find(number);
    const auto told = found == page.told().end() ? messages::SlotContent{.slot = number} : found->second.content;
    if (told.seat != truth.seat || told.state != truth.state)
      words.push_back(fmt::format("{} believes slot {} to be {} of {}, it is {} of {}", seat, i,
                                  messages::name(told.state), told.seat.value_or("nobody"), messages::name(truth.state),
                                  truth.seat.value_or("nobody")));
  }
}

void ConferenceSimulation::check_complete() {
  for (const auto& page : pages_)
    if (page->settled()) page->media()->check_complete(now());
}

}  // namespace bridgehall::sim
