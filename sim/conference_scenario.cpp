#include "sim/conference_scenario.h"

#include <algorithm>
#include <set>

#include "sim/conference_probe.h"

namespace bridgehall::sim {
namespace {

constexpr Duration kAllIn = 2500ms;
constexpr Duration kFaultsFrom = 3s;
constexpr Duration kHealedAfter = 10s;
// Whose socket was cut unnoticed waits 5 s for a word, then perhaps twice for 2 s; a join that was refused waits 4 s.
constexpr Duration kBackBound = 10s;
constexpr Duration kBackAfterRestart = 5s;
constexpr Duration kCheckInterval = 250ms;
// How often a seed makes a conference of 200 and of 50 sites; the others have up to ten.
constexpr std::uint64_t kHugeEvery = 50, kLargeEvery = 10;

class ConferenceScenario {
 public:
  ConferenceScenario(std::uint64_t seed, bool verbose)
      : random_(seed ^ 0x5c3ae), options_(draw(seed, verbose)), simulation_(options_) {}
  ScenarioResult run();

 private:
  ConferenceOptions draw(std::uint64_t seed, bool verbose);
  LinkSettings draw_link();
  Duration between(Duration from, Duration to) {
    return from + Duration{random_.below(static_cast<std::uint64_t>((to - from).count()))};
  }
  void after(Duration delay, std::function<void()> action) {
    simulation_.at(std::min(simulation_.now() + delay, healed_), std::move(action));
  }
  ModelPage& anyone() { return *simulation_.pages()[random_.below(simulation_.pages().size())]; }
  ModelPage& chair() { return simulation_.page("chair"); }
  std::string any_seat() { return anyone().setup().seat; }
  std::optional<std::string> any_stage() { return random_.chance(0.15) ? std::nullopt : std::optional(any_seat()); }

  void write_script();
  void check_now_and_then();
  void happen();
  void speak();
  void look();
  void arrange_tiles(ModelPage& page);
  void use_microphone(ModelPage& by, std::string seat);
  void use_camera(ModelPage& by, std::string seat);
  void lead();
  void say_something();
  void come_and_go();
  void come_back(ModelPage& page, Duration away);
  void disturb();
  void part();
  void restart_server();
  void heal();
  void check_back_after_restart();
  void check_back();
  void check_end();
  std::string summary();

  SeededRandom random_;
  ConferenceOptions options_;
  ConferenceSimulation simulation_;
  TimePoint start_ = simulation_.now();
  TimePoint healed_ = start_ + kHealedAfter;
  double loss_ = 0;
  bool bursts_ = false, queues_ = false;
  bool restarts_at_healing_ = false;
  std::set<const ModelPage*> settled_before_restart_;
};

ConferenceOptions ConferenceScenario::draw(std::uint64_t seed, bool verbose) {
  const bool huge = seed % kHugeEvery == kHugeEvery / 2, large = seed % kLargeEvery == 0;
  return {.seed = seed,
          .suite = random_.chance(0.2) ? crypto::SrtpSuite::aes128_cm_sha1_80 : crypto::SrtpSuite::aead_aes_128_gcm,
          .sites = huge    ? 200
                   : large ? 50
                           : 3 + random_.below(8),
          .delegates = huge || large ? 5 : 1 + random_.below(3),
          .mode = random_.chance(0.3) ? conference::Mode::conference : conference::Mode::discussion,
          .shards = 1 + random_.below(3),
          .recorded = random_.chance(0.6),
          .verbose = verbose};
}

LinkSettings ConferenceScenario::draw_link() {
  LinkSettings link{.delay = between(1ms, 50ms), .jitter = between(0ms, 10ms)};
  if (bursts_ && random_.chance(0.4))
    link.bursts = {.begins = static_cast<double>(1 + random_.below(20)) / 2'000,
                   .ends = static_cast<double>(5 + random_.below(50)) / 100,
                   .loss = static_cast<double>(50 + random_.below(51)) / 100};
  if (queues_ && random_.chance(0.4))
    link.queue = LinkQueue::of(200'000 + random_.below(4'000'000), between(50ms, 800ms));
  if (random_.chance(0.5)) link.loss = loss_ * static_cast<double>(random_.below(1000)) / 1000;
  if (random_.chance(0.3)) link.duplicate = 0.01;
  if (random_.chance(0.3)) link.reorder = 0.03;
  return link;
}

void ConferenceScenario::write_script() {
  loss_ = random_.chance(0.3) ? 0 : static_cast<double>(random_.below(800)) / 10'000;
  bursts_ = random_.chance(0.5);
  queues_ = random_.chance(0.4);
  for (const auto& page : simulation_.pages()) {
    simulation_.set_lines(*page, draw_link(), draw_link());
    arrange_tiles(*page);
    simulation_.at(start_ + between(0s, kAllIn), [page = page.get()] { page->start(); });
  }
  const auto events = 60 + random_.below(40) + simulation_.pages().size();
  for (std::size_t i = 0; i < events; ++i) simulation_.at(start_ + between(1s, kHealedAfter), [this] { happen(); });
  const auto faults = random_.below(8) + simulation_.pages().size() / 8;
  for (std::size_t i = 0; i < faults; ++i)
    simulation_.at(start_ + between(kFaultsFrom, kHealedAfter), [this] { disturb(); });
  if (random_.chance(0.3)) simulation_.at(start_ + between(kFaultsFrom, kHealedAfter), [this] { restart_server(); });
  restarts_at_healing_ = random_.chance(0.25);
  check_now_and_then();
}

void ConferenceScenario::check_now_and_then() {
  simulation_.check_agreement();
  simulation_.at(simulation_.now() + kCheckInterval, [this] { check_now_and_then(); });
}

// -- what people do --

void ConferenceScenario::happen() {
  switch (random_.below(9)) {
    case 0:
    case 1:
      return speak();
    case 2:
      return look();
    case 3: {
      auto& page = anyone();
      return use_microphone(random_.chance(0.5) ? page : chair(), page.setup().seat);
    }
    case 4: {
      auto& page = anyone();
      return use_camera(random_.chance(0.5) ? page : chair(), page.setup().seat);
    }
    case 5:
    case 6:
      return lead();
    case 7:
      return say_something();
    default:
      return come_and_go();
  }
}

void ConferenceScenario::speak() {
  auto& page = anyone();
  page.set_voice(static_cast<std::uint8_t>(10 + random_.below(50)));
  after(between(300ms, 3s), [&page] { page.set_voice(std::nullopt); });
}

// Another layout; or the own camera's line is too weak for its higher layers.
void ConferenceScenario::look() {
  auto& page = anyone();
  if (random_.chance(0.2)) {
    if (page.media() != nullptr) page.media()->set_active_layers(1 + random_.below(3));
    return;
  }
  arrange_tiles(page);
}

void ConferenceScenario::arrange_tiles(ModelPage& page) {
  std::vector<ModelPage::Tile> tiles;
  const auto count = random_.below(page.setup().media.tiles + 1);
  for (std::size_t i = 0; i < count; ++i)
    tiles.push_back({any_seat(), static_cast<messages::Quality>(random_.below(4))});
  page.demand(std::move(tiles));
}

// Mostly for a moment only: gates that open again are where something can go wrong.
void ConferenceScenario::use_microphone(ModelPage& by, std::string seat) {
  if (random_.chance(0.3)) return by.ask(messages::OpenMicrophone{.seat = std::move(seat)});
  by.ask(messages::CloseMicrophone{.seat = seat});
  if (random_.chance(0.7)) after(between(0ms, 1500ms), [&by, seat] { by.ask(messages::OpenMicrophone{.seat = seat}); });
}

void ConferenceScenario::use_camera(ModelPage& by, std::string seat) {
  if (random_.chance(0.3)) return by.ask(messages::OpenCamera{.seat = std::move(seat)});
  by.ask(messages::CloseCamera{.seat = seat});
  if (random_.chance(0.7)) after(between(0ms, 1500ms), [&by, seat] { by.ask(messages::OpenCamera{.seat = seat}); });
}

void ConferenceScenario::lead() {
  // Not everyone may lead; the others are refused.
  auto& by = random_.chance(0.8) ? chair() : anyone();
  switch (random_.below(7)) {
    case 0:
    case 1:
    case 2:
      return by.ask(messages::SetStage{.seat = any_stage()});
    case 3:
      return by.ask(messages::SetMode{.mode = static_cast<messages::Mode>(random_.below(2))});
    case 4:
      by.ask(messages::Lock{.locked = true});
      return after(between(100ms, 800ms), [&by] { by.ask(messages::Lock{}); });
    case 5: {
      auto& page = anyone();
      by.ask(messages::Remove{.seat = page.setup().seat});
      return come_back(page, between(500ms, 2s));
    }
    default:
      return simulation_.page(random_.chance(0.5) ? "hall" : "chair")
          .ask(messages::ShareSlides{.sharing = random_.chance(0.6)});
  }
}

void ConferenceScenario::say_something() {
  auto& by = anyone();
  switch (random_.below(4)) {
    case 0:
      return by.ask(messages::RaiseHand{.kind = static_cast<messages::HandKind>(random_.below(4))});
    case 1:
      return (random_.chance(0.5) ? by : chair()).ask(messages::LowerHand{.seat = by.setup().seat});
    default:
      return by.ask(
          messages::Chat{.text = fmt::format("word {}", random_.below(1000)),
                         .to = random_.chance(0.3) ? messages::Audience::chair : messages::Audience::everyone});
  }
}

void ConferenceScenario::come_and_go() {
  auto& page = anyone();
  if (random_.chance(0.4)) {
    page.leave();
  } else {
    // A machine that is switched off says nothing; one whose page is closed ends its socket.
    if (random_.chance(0.5)) simulation_.break_socket(page, Break::nobody);
    page.vanish();
  }
  come_back(page, between(0ms, 3s));
}

void ConferenceScenario::come_back(ModelPage& page, Duration away) {
  after(away, [&page] { page.start(); });
}

// -- what goes wrong --

void ConferenceScenario::disturb() {
  auto& page = anyone();
  switch (random_.below(9)) {
    case 0:
      simulation_.cut(page, true);
      return after(between(50ms, 2s), [this, &page] { simulation_.cut(page, false); });
    case 1:
    case 2:
      return simulation_.move(page, random_.chance(0.6));
    case 3:
      return part();
    case 5:
      simulation_.disk().trouble = static_cast<conference::RecordTrouble>(random_.below(3));
      return after(between(50ms, 1500ms), [this] { simulation_.disk().trouble.reset(); });
    case 4:
      simulation_.fall_asleep(page);
      return after(between(100ms, 6s), [this, &page] { simulation_.wake(page); });
    default:
      return simulation_.break_socket(page, static_cast<Break>(random_.below(4)));
  }
}

// Some lose their lines together, as behind one router; sometimes they come back under other addresses.
void ConferenceScenario::part() {
  std::vector<const ModelPage*> lost;
  const auto share = static_cast<double>(10 + random_.below(60)) / 100;
  for (const auto& page : simulation_.pages())
    if (random_.chance(share)) lost.push_back(page.get());
  const bool rebound = random_.chance(0.3);
  const auto partition = simulation_.part(lost);
  after(between(50ms, 3s), [this, partition, rebound, lost = std::move(lost)] {
    simulation_.world().network.mend(partition);
    if (!rebound) return;
    for (const auto* page : lost) simulation_.move(simulation_.page(page->setup().seat), false);
  });
}

void ConferenceScenario::restart_server() {
  if (!simulation_.up()) return;
  if (random_.chance(0.3)) simulation_.drain_server();
  simulation_.kill_server();
  after(between(100ms, 1500ms), [this] {
    if (!simulation_.up()) simulation_.start_server();
  });
}

// -- and then all is well --

void ConferenceScenario::heal() {
  simulation_.world().network.heal();
  simulation_.disk().trouble.reset();
  if (!simulation_.up()) simulation_.start_server();
  for (const auto& page : simulation_.pages()) {
    if (page->asleep()) simulation_.wake(*page);
    page->set_voice(std::nullopt);
    if (page->media() != nullptr) page->media()->set_active_layers(3);
  }
  // The chair does not wait until its page notices: the others may need it to come in.
  if (simulation_.is_cut_off(chair())) {
    chair().vanish();
    chair().start();
  }
  for (const auto delay : {0ms, 1500ms, 3000ms, 5000ms}) {
    simulation_.at(simulation_.now() + delay, [this] {
      chair().ask(messages::Lock{});
      for (const auto& page : simulation_.pages()) page->start();  // who was removed by what was still on its way
    });
  }
  if (!restarts_at_healing_) return;
  for (const auto& page : simulation_.pages())
    if (page->settled() && !simulation_.is_cut_off(*page)) settled_before_restart_.insert(page.get());
  simulation_.kill_server();
  simulation_.run_for(between(200ms, 1s));
  simulation_.start_server();
  simulation_.at(simulation_.now() + kBackAfterRestart, [this] { check_back_after_restart(); });
}

void ConferenceScenario::check_back_after_restart() {
  for (const auto* page : settled_before_restart_)
    if (page->here() && !(page->settled() && page->life() == simulation_.life()))
      simulation_.world().violations.add(simulation_.now(), "{} is not back 5 s after the server", page->setup().seat);
}

void ConferenceScenario::check_back() {
  for (const auto& page : simulation_.pages()) {
    if (!page->settled() || page->life() != simulation_.life())
      simulation_.world().violations.add(simulation_.now(), "{} is not back: {} {}", page->setup().seat,
                                         static_cast<int>(page->state()), static_cast<int>(page->path()));
  }
}

// The chair is alone, and silent: nothing of its pictures goes to other shards. When everyone has left, nothing of them
// is left.
void ConferenceScenario::check_end() {
  auto& world = simulation_.world();
  chair().ask(messages::CloseMicrophone{.seat = "chair"});
  for (const auto& page : simulation_.pages())
    if (page.get() != &chair()) page->leave();
  simulation_.run_for(1s);
  const auto mirrored = simulation_.server().media().counters().packets_mirrored;
  simulation_.run_for(500ms);
  if (const auto more = simulation_.server().media().counters().packets_mirrored - mirrored; more > 0)
    world.violations.add(world.now, "{} packets went to shards at which nobody watches", more);
  for (const auto& page : simulation_.pages()) page->leave();
  simulation_.run_for(1s);
  const auto counters = simulation_.server().media().counters();
  const auto counts = simulation_.server().directory().counts();
  if (counters.peers != 0 || counters.peers_connected != 0 || counts.participating != 0)
    world.violations.add(world.now, "after the end {} peers and {} sessions are left", counters.peers,
                         counts.participating);
  for (const auto& seat : simulation_.server().state().seats)
    if (seat.present) world.violations.add(world.now, "{} is still there after everyone has left", seat.id);
  using enum media::Drop;
  for (const auto reason :
       {unclassified, truncated, stun_malformed, rtp_malformed, rtp_unknown_payload_type, rtp_bad_payload,
        srtp_authentication, srtcp_authentication, rtcp_malformed, mirror_full, handover_full, address_taken})
    if (const auto count = counters.drops[static_cast<std::size_t>(reason)]; count > 0)
      world.violations.add(world.now, "{} genuine datagrams were dropped as {}", count, media::drop_name(reason));
}

std::string ConferenceScenario::summary() {
  std::uint64_t answered = 0, refused = 0, resumed = 0;
  for (const auto& page : simulation_.pages())
    answered += page->answered(), refused += page->refused(), resumed += page->resumed();
  const auto counters = simulation_.up() ? simulation_.server().media().counters() : media::ShardCounters{};
  return fmt::format(
      "{} seats, {} shards, {}{}{}{} lives, {} events, {} commands answered, {} refused, {} resumed, {} frames shown, "
      "{} "
      "forwarded",
      simulation_.pages().size(), options_.shards, bursts_ ? "bursts, " : "", queues_ ? "queues, " : "",
      options_.recorded ? "recorded, " : "", simulation_.life(), simulation_.history(simulation_.life()).size(),
      answered, refused, resumed, simulation_.decoded(), counters.rtp_forwarded);
}

ScenarioResult ConferenceScenario::run() {
  auto& violations = simulation_.world().violations;
  const auto sound = [&] { return violations.count() < Violations::kKept; };
  write_script();
  simulation_.run_until([&] { return !sound(); }, kHealedAfter);
  if (sound()) {
    simulation_.run_until(healed_);
    heal();
    simulation_.run_until(simulation_.now() + kBackBound);
    check_back();
  }
  if (violations.count() == 0) ConferenceProbe(simulation_, random_).run();
  if (violations.count() == 0) check_end();
  return {simulation_.world().trace.hash(), violations.kept(), summary()};
}

}  // namespace

ScenarioResult run_conference(std::uint64_t seed, bool verbose) { return ConferenceScenario(seed, verbose).run(); }

}  // namespace bridgehall::sim
