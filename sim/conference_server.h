// The whole server of a simulated conference, for one life: control plane and media shards joined by queues, as the
// program joins them by rings. Destroying it is a crash.
#pragma once

#include <deque>
#include <string>

#include "sim/page.h"
#include "sim/record.h"
#include "sim/server.h"
#include "web/control.h"

namespace bridgehall::sim {

class ConferenceServer {
 public:
  static constexpr const char* kConference = "demo";

  struct Setup {
    std::uint64_t seed = 0;
    crypto::SrtpSuite suite{};
    conference::Roster roster;
    std::array<std::uint8_t, 32> key{};
    std::size_t shards = 1;
    SimDisk* disk = nullptr;                       // opened by whoever made it; none: nothing is kept
    std::vector<conference::Recovered> recovered;  // what was read of it
  };
  ConferenceServer(World& world, Setup setup);

  SimServer& media() { return media_; }
  web::Control& control() { return control_; }
  const conference::State& state() const { return *control_.host().state(kConference); }
  const conference::Directory& directory() const { return control_.host().directory(); }
  web::Instant instant() const;

  // Gives control what the shard has said, and its deadlines.
  void turn_control();
  bool control_is_due() const { return next_control() <= world_.now; }
  TimePoint next_deadline() const;
  // The gates may be closed where the record says that they are open: that is on its way to the disk, or did not come
  // there.
  bool record_is_behind() const;
  // Keeps the log whole: control's own forgets. To be called after whatever control did.
  void note_history(History& history);

  // Each command as the shard carries it out, and each event before control hears of it.
  std::function<void(const media::Command&)> on_command;
  std::function<void(const media::Event&)> on_event;

 private:
  struct Rings final : web::MediaCore {
    bool push(media::Command&& command) override;
    std::optional<media::Event> pop() override;
    int event_fd() const override { return -1; }
    media::ShardNumber lightest_shard() const override { return media->lightest_shard(); }

    SimServer* media = nullptr;
    std::deque<media::Event> events;
  };
  static web::ControlSettings settings(const Setup& setup, const SimServer& media, conference::Journal* journal);
  TimePoint next_control() const;

  World& world_;
  Rings rings_;
  SimServer media_;
  SeededRandom random_;
  SimDisk* disk_;
  std::optional<SimJournal> journal_;
  web::Control control_;
};

}  // namespace bridgehall::sim
