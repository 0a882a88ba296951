#include "sim/scenario.h"

#include <algorithm>
#include <map>
#include <set>

namespace bridgehall::sim {
namespace {

constexpr std::size_t kViewers = 20;
constexpr Duration kFaultsFrom = 1s;
constexpr Duration kHealedAfter = 8s;
constexpr Duration kConnectBound = 4s;  // after healing: a check and a flight may both have backed off to 1.6 s
constexpr Duration kDecodeBound = 2s;
constexpr Duration kNoticed = 7s;  // the next check of consent tells the server of a new address
constexpr Duration kEnd = 12s;
constexpr Duration kTriedAgain = 60s;

class Scenario {
 public:
  Scenario(std::uint64_t seed, bool verbose) : random_(seed), options_(draw(seed, verbose)), simulation_(options_) {}
  ScenarioResult run();

 private:
  struct Stage {
    PublisherOptions options;
    ModelPublisher* publisher = nullptr;
    bool open = true;
  };

  SimulationOptions draw(std::uint64_t seed, bool verbose);
  LinkSettings draw_link();
  PublisherOptions draw_publisher();
  ViewerOptions draw_viewer(const Stage& stage);
  Duration draw_between(Duration from, Duration to) {
    return from + Duration{random_.below(static_cast<std::uint64_t>((to - from).count()))};
  }
  void at(Duration after_start, std::function<void()> action) {
    simulation_.at(start_ + after_start, std::move(action));
  }

  void write_script();
  void add_viewer();
  void happen();
  void change_gate();
  void return_publisher();
  void change_viewer();
  void disturb();
  void send_stray();
  void heal();
  bool anyone_held_off() const;
  void check_liveness();
  void check_viewer(ModelViewer& viewer);
  void check_recovery(const ModelViewer& viewer);
  void check_end();
  std::string summary() const;

  SeededRandom random_;
  SimulationOptions options_;
  Simulation simulation_;
  TimePoint start_ = simulation_.now();
  TimePoint healed_ = start_ + kHealedAfter;
  std::vector<Stage> stages_;
  double loss_ = 0;
  bool bursts_ = false, queues_ = false, strays_ = false;
  std::map<const Client*, TimePoint> disturbed_;  // when last
  std::set<const Client*> gone_;
};

SimulationOptions Scenario::draw(std::uint64_t seed, bool verbose) {
  return {.seed = seed,
          .suite = random_.chance(0.25) ? crypto::SrtpSuite::aes128_cm_sha1_80 : crypto::SrtpSuite::aead_aes_128_gcm,
          .shards = 1 + random_.below(3),
          .verbose = verbose};
}

LinkSettings Scenario::draw_link() {
  LinkSettings link{.delay = draw_between(1ms, 60ms), .jitter = draw_between(0ms, 15ms)};
  if (bursts_ && random_.chance(0.5))
    link.bursts = {.begins = static_cast<double>(1 + random_.below(30)) / 2'000,
                   .ends = static_cast<double>(5 + random_.below(50)) / 100,
                   .loss = static_cast<double>(50 + random_.below(51)) / 100};
  if (queues_ && random_.chance(0.4))
    link.queue = LinkQueue::of(500'000 + random_.below(8'000'000), draw_between(50ms, 800ms));
  if (random_.chance(0.8)) link.loss = loss_ * static_cast<double>(random_.below(1000)) / 1000;
  if (random_.chance(0.5)) link.duplicate = 0.02;
  if (random_.chance(0.5)) link.reorder = 0.05;
  return link;
}

PublisherOptions Scenario::draw_publisher() {
  static constexpr std::array kCodecs{wire::Codec::vp8, wire::Codec::vp8, wire::Codec::h264, wire::Codec::vp9,
                                      wire::Codec::av1};
  static constexpr std::array<std::uint8_t, 4> kBits{15, 15, 7, 0};
  PublisherOptions o{.codec = kCodecs[random_.below(kCodecs.size())]};
  o.rtx = random_.chance(0.7);
  o.announce_ssrc = random_.chance(0.7);
  o.two_byte_extensions = random_.chance(0.3);
  o.frame_interval = random_.chance(0.5) ? 40ms : 33ms;
  o.frame_bytes = 1'500 + random_.below(4'000);
  o.keyframe_bytes = 6'000 + random_.below(20'000);
  if (random_.chance(0.3)) o.keyframe_interval = draw_between(1s, 5s);
  o.ticks = random_.chance(0.4);
  o.picture_id_bits = kBits[random_.below(kBits.size())];
  o.first_picture_id =
      static_cast<std::uint16_t>(random_.chance(0.5) ? 0x7fff - random_.below(150) : random_.below(0x8000));
  o.temporal_layers = random_.chance(0.3);
  // Half of them pass 65,535 soon; far enough from it that the first packet that comes lies before it.
  o.first_sequence =
      static_cast<std::uint16_t>(random_.chance(0.5) ? 65'000 + random_.below(200) : random_.below(0x8000));
  o.first_timestamp =
      random_.chance(0.5) ? ~std::uint32_t{0} - static_cast<std::uint32_t>(random_.below(500'000)) : random_.u32();
  if (random_.chance(0.5)) o.padding_only = 0.05;
  if (random_.chance(0.5)) o.silence = 0.01;
  o.clock_offset = std::chrono::hours(random_.below(100)) - 50h + Duration{random_.below(1'000'000'000)};
  o.reports_together = random_.chance(0.5);
  o.has_audio = true;
  return o;
}

ViewerOptions Scenario::draw_viewer(const Stage& stage) {
  return {.video = stage.options.video,
          .audio = stage.options.audio,
          .codec = stage.options.codec,
          .rtx = random_.chance(0.7),
          .nack = random_.chance(0.9),
          .fir = random_.chance(0.2),
          .two_byte_extensions = random_.chance(0.2)};
}

void Scenario::write_script() {
  loss_ = random_.chance(0.2) ? 0 : static_cast<double>(random_.below(1000)) / 10'000;
  bursts_ = random_.chance(0.4);
  queues_ = random_.chance(0.3);
  strays_ = random_.chance(0.4);
  for (std::size_t i = 0, count = 1 + random_.below(2); i < count; ++i) {
    Stage stage{.options = draw_publisher()};
    stage.options.video = simulation_.add_publication(stage.options.codec);
    stage.options.audio = simulation_.add_publication(wire::Codec::opus);
    simulation_.set_gate(stage.options.video, true);
    simulation_.set_gate(stage.options.audio, true);
    stage.publisher = &simulation_.add_publisher(stage.options, draw_link(), draw_link());
    stages_.push_back(stage);
  }
  for (std::size_t i = 0; i < kViewers; ++i) at(draw_between(0s, 3s), [this] { add_viewer(); });
  for (std::size_t i = 0, count = random_.below(16); i < count; ++i)
    at(draw_between(kFaultsFrom, kHealedAfter), [this] { happen(); });
  if (strays_)
    for (int i = 0; i < 200; ++i) at(draw_between(0s, kHealedAfter), [this] { send_stray(); });
}

void Scenario::add_viewer() {
  simulation_.add_viewer(draw_viewer(stages_[random_.below(stages_.size())]), draw_link(), draw_link());
}

void Scenario::happen() {
  switch (random_.below(5)) {
    case 0:
      return change_gate();
    case 1:
      return return_publisher();
    case 2:
    case 3:
      return change_viewer();
    default:
      return disturb();
  }
}

void Scenario::change_gate() {
  auto& stage = stages_[random_.below(stages_.size())];
  stage.open = !stage.open;
  if (random_.chance(0.8)) simulation_.set_gate(stage.options.video, stage.open);
  simulation_.set_gate(stage.options.audio, stage.open);
}

// The publisher leaves, with or without a word, and comes back as a new peer with the same publications.
void Scenario::return_publisher() {
  auto& stage = stages_[random_.below(stages_.size())];
  if (stage.publisher == nullptr) return;
  if (const bool polite = random_.chance(0.5); polite)
    stage.publisher->leave();
  else
    stage.publisher->vanish();
  stage.publisher = nullptr;
  const auto away = random_.chance(0.3) ? 0ms : draw_between(0s, 2s);
  const auto back = std::min<Duration>(simulation_.now() - start_ + away, kHealedAfter);
  at(back, [this, &stage] {
    stage.options.first_sequence = static_cast<std::uint16_t>(random_.below(0x8000));
    stage.options.first_picture_id = static_cast<std::uint16_t>(random_.below(0x8000));
    stage.options.first_timestamp = random_.u32();
    stage.publisher = &simulation_.add_publisher(stage.options, draw_link(), draw_link());
  });
}

void Scenario::change_viewer() {
  const auto& viewers = simulation_.viewers();
  if (viewers.empty()) return;
  auto& viewer = *viewers[random_.below(viewers.size())];
  if (gone_.contains(&viewer)) return;
  gone_.insert(&viewer);
  switch (random_.below(3)) {
    case 0:
      viewer.leave();
      break;
    case 1:
      simulation_.close(viewer);
      break;
    default:
      viewer.vanish();
      break;
  }
  at(std::min<Duration>(simulation_.now() - start_ + draw_between(0s, 1s), kHealedAfter), [this] { add_viewer(); });
}

// One client's line is cut for a while, its address changes, or its page restarts ICE.
void Scenario::disturb() {
  std::vector<DirectClient*> clients;
  for (const auto& viewer : simulation_.viewers())
    if (viewer->connected() && !gone_.contains(viewer.get())) clients.push_back(viewer.get());
  for (const auto& stage : stages_)
    if (stage.publisher != nullptr && stage.publisher->connected()) clients.push_back(stage.publisher);
  if (clients.empty()) return;
  auto& client = *clients[random_.below(clients.size())];
  disturbed_[&client] = simulation_.now();
  switch (random_.below(3)) {
    case 0:
      return client.restart_ice();
    case 1:
      return simulation_.move(client, random_.chance(0.7));
    default:
      break;
  }
  auto& network = simulation_.world().network;
  network.settings(client.up()).cut = network.settings(client.down()).cut = true;
  const auto until = std::min<Duration>(simulation_.now() - start_ + draw_between(50ms, 2s), kHealedAfter);
  at(until, [this, &client] {
    auto& links = simulation_.world().network;
    links.settings(client.up()).cut = links.settings(client.down()).cut = false;
    disturbed_[&client] = simulation_.now();
  });
}

// Garbage from nowhere and in others' names: nobody may notice.
void Scenario::send_stray() {
  std::vector<std::uint8_t> bytes(random_.below(300));
  random_.fill(bytes);
  if (!bytes.empty() && random_.chance(0.7)) {
    static constexpr std::array<std::uint8_t, 5> kFirst{0x00, 0x16, 0x17, 0x80, 0x90};
    bytes[0] = kFirst[random_.below(kFirst.size())];
  }
  const auto& viewers = simulation_.viewers();
  const bool spoofed = !viewers.empty() && random_.chance(0.5);
  const auto from =
      spoofed ? viewers[random_.below(viewers.size())]->address()
              : SocketAddress{IpAddress::v4(203, 0, 113, 7), static_cast<std::uint16_t>(1 + random_.below(65'000))};
  simulation_.send_as_stranger(from, bytes);
}

// From here on nothing is lost; everyone who was sent away is back and all gates are open.
void Scenario::heal() {
  simulation_.world().network.heal();
  for (auto& stage : stages_) {
    stage.open = true;
    simulation_.set_gate(stage.options.video, true);
    simulation_.set_gate(stage.options.audio, true);
    stage.options.silence = 0;
    if (stage.publisher != nullptr) stage.publisher->end_silence();
  }
}

bool Scenario::anyone_held_off() const {
  return std::any_of(simulation_.viewers().begin(), simulation_.viewers().end(),
                     [&](const auto& viewer) { return viewer->joined() && viewer->held_off_by_line(); });
}

void Scenario::check_viewer(ModelViewer& viewer) {
  auto& violations = simulation_.world().violations;
  const auto now = simulation_.now();
  if (!viewer.connected()) return violations.add(now, "{} did not connect in time", viewer.name());
  const auto well_since = std::max(healed_, viewer.connected_at()) + kDecodeBound;
  if (now < well_since) return;
  const auto& frames = viewer.frames();
  if (frames.newest_capture() < healed_)
    violations.add(now, "{} decodes no new frame: the newest is of {:.3f} s, {} packets in all, {} keyframes asked for",
                   viewer.name(), seconds(frames.newest_capture()), viewer.received(), viewer.keyframe_requests());
  if (viewer.newest_audio() < healed_) violations.add(now, "{} hears nothing new", viewer.name());
}

// What left for the viewer shortly before the network healed must have come, at the latest as a repetition.
void Scenario::check_recovery(const ModelViewer& viewer) {
  if (!viewer.options().rtx || !viewer.options().nack || viewer.connected_at() > healed_ - 2s) return;
  if (const auto found = disturbed_.find(&viewer); found != disturbed_.end() && found->second > healed_ - kNoticed)
    return;
  const auto& check = viewer.video_check();
  std::size_t missing = 0;
  for (auto sequence = viewer.first_video(); sequence <= check.newest_sequence(); ++sequence) {
    const auto* sent = check.sent(sequence);
    if (sent == nullptr || sent->epoch != check.epoch()) continue;  // from before a gate or sender changed
    if (sent->at < healed_ - 150ms || sent->at > healed_ + 1s) continue;
    missing += !viewer.has_video(sequence);
  }
  if (missing > 0)
    simulation_.world().violations.add(simulation_.now(), "{} lacks {} packets that could be repeated", viewer.name(),
                                       missing);
}

void Scenario::check_liveness() {
  for (const auto& stage : stages_)
    if (!stage.publisher->connected())
      simulation_.world().violations.add(simulation_.now(), "{} did not connect in time", stage.publisher->name());
  for (const auto& viewer : simulation_.viewers()) {
    if (gone_.contains(viewer.get())) continue;
    check_viewer(*viewer);
    check_recovery(*viewer);
    viewer->check_complete(simulation_.now());
  }
}

// When everyone has left, nothing of them is left.
void Scenario::check_end() {
  auto& world = simulation_.world();
  for (const auto& viewer : simulation_.viewers()) {
    if (random_.chance(0.5)) viewer->leave();
    simulation_.close(*viewer);
  }
  simulation_.run_for(1s);
  const auto mirrored = simulation_.counters().packets_mirrored;
  simulation_.run_for(500ms);
  if (const auto more = simulation_.counters().packets_mirrored - mirrored; more > 0)
    world.violations.add(world.now, "{} packets went to shards at which nobody watches", more);
  for (const auto& publisher : simulation_.publishers()) simulation_.close(*publisher);
  simulation_.run_for(1s);
  for (const auto& stage : stages_) {
    simulation_.remove_publication(stage.options.video);
    simulation_.remove_publication(stage.options.audio);
  }
  simulation_.run_for(100ms);
  const auto counters = simulation_.counters();
  if (counters.peers != 0 || counters.peers_connected != 0 || counters.subscriptions != 0 || counters.publications != 0)
    world.violations.add(world.now, "after the end {} peers, {} subscriptions and {} publications are left",
                         counters.peers, counters.subscriptions, counters.publications);
  const auto seconds = (world.now - start_).count() / 1'000'000'000;
  if (simulation_.server().idle_turns() > static_cast<std::uint64_t>(seconds) * 400 * options_.shards)
    world.violations.add(world.now, "{} turns for nothing", simulation_.server().idle_turns());
  if (strays_) return;
  using enum media::Drop;
  for (const auto reason :
       {unclassified, unknown_ufrag, truncated, stun_malformed, stun_integrity, dtls_malformed, rtp_malformed,
        rtp_unknown_payload_type, rtp_bad_payload, srtp_authentication, srtcp_authentication, rtcp_malformed,
        stale_handle, pool_exhausted, handshakes_waiting, mirror_full, handover_full, address_taken}) {
    // Datagrams of a peer that has gone are still on their way.
    if (reason == unknown_ufrag || reason == dtls_malformed) continue;
    if (const auto count = counters.drops[static_cast<std::size_t>(reason)]; count > 0)
      world.violations.add(world.now, "{} genuine datagrams were dropped as {}", count, media::drop_name(reason));
  }
}

std::string Scenario::summary() const {
  const auto c = simulation_.counters();
  std::uint64_t decoded = 0, recovered = 0;
  for (const auto& viewer : simulation_.viewers())
    decoded += viewer->frames().decoded(), recovered += viewer->recovered();
  return fmt::format(
      "{} shards, {} forwarded, {} repeated, {} trains, {} frames shown, {} packets recovered, {} keyframes of {} "
      "requests, {} "
      "idle turns",
      options_.shards, c.rtp_forwarded, c.rtp_retransmitted, c.trains_sent, decoded, recovered, c.keyframes_received,
      c.plis_received, simulation_.server().idle_turns());
}

ScenarioResult Scenario::run() {
  stages_.reserve(2);
  auto& violations = simulation_.world().violations;
  const auto sound = [&] { return violations.count() < Violations::kKept; };
  const auto run_on = [&](TimePoint end) { simulation_.run_until([&] { return !sound(); }, end - simulation_.now()); };
  write_script();
  run_on(healed_);
  heal();
  run_on(start_ + kEnd);
  // A line that was found too weak for pictures is tried again now and then.
  if (sound()) simulation_.run_until([&] { return !sound() || !anyone_held_off(); }, kTriedAgain);
  simulation_.run_for(kDecodeBound);
  if (sound()) {
    check_liveness();
    check_end();
  }
  return {simulation_.world().trace.hash(), violations.kept(), summary()};
}

}  // namespace

ScenarioResult run_scenario(std::uint64_t seed, bool verbose) { return Scenario(seed, verbose).run(); }

}  // namespace bridgehall::sim
