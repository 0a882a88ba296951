#include "sim/conference_server.h"

namespace bridgehall::sim {
namespace {

constexpr crypto::UnixTime kWall{std::chrono::seconds{1'800'000'000}};

media::ShardConfiguration shard_configuration(TimePoint start) {
  return {.packet_slots = 32'768, .ntp = {.at = start, .ntp = NtpTime{std::uint64_t{4'000'000'000} << 32}}};
}

}  // namespace

bool ConferenceServer::Rings::push(media::Command&& command) {
  if (!media->has_room_for_commands()) return false;
  media->command(std::move(command));
  return true;
}

std::optional<media::Event> ConferenceServer::Rings::pop() {
  if (events.empty()) return std::nullopt;
  std::optional<media::Event> event{std::move(events.front())};
  events.pop_front();
  return event;
}

web::ControlSettings ConferenceServer::settings(const Setup& setup, const SimServer& media,
                                                conference::Journal* journal) {
  web::ControlSettings settings;
  settings.conferences = {setup.roster};
  settings.fingerprint = media.fingerprint();
  settings.media_port = media.address().port;
  settings.journal = journal;
  return settings;
}

ConferenceServer::ConferenceServer(World& world, Setup setup)
    : world_(world),
      media_(world, {.seed = setup.seed ^ 0x5e77e7,
                     .suite = setup.suite,
                     .shard = shard_configuration(world.now),
                     .shards = setup.shards}),
      random_(setup.seed ^ 0xc0417201),
      disk_(setup.disk),
      journal_(disk_ ? std::make_optional<SimJournal>(world, *disk_, setup.seed ^ 0xd15c) : std::nullopt),
      control_(settings(setup, media_, journal_ ? &*journal_ : nullptr), crypto::TokenKey(setup.key),
               web::StaticFiles{}, random_, rings_) {
  rings_.media = &media_;
  control_.set_addresses({media_.address().ip});
  media_.on_command = [this](const media::Command& command) {
    if (on_command) on_command(command);
  };
  media_.on_event = [this](media::Event& event) {
    if (on_event) on_event(event);
    rings_.events.push_back(std::move(event));
  };
  // Conferences that are there from the beginning have commands of their own.
  control_.handle_events(instant());
  if (disk_) control_.recover(std::move(setup.recovered), instant());
}

web::Instant ConferenceServer::instant() const {
  return {world_.now,
          conference::WallTime(kWall) + std::chrono::floor<std::chrono::milliseconds>(world_.now.time_since_epoch())};
}

void ConferenceServer::turn_control() {
  if (journal_) journal_->advance();
  if (!rings_.events.empty() || (journal_ && journal_->has_results())) control_.handle_events(instant());
  if (control_.next_deadline() <= world_.now) control_.handle_timeout(instant());
}

TimePoint ConferenceServer::next_control() const {
  if (!rings_.events.empty()) return world_.now;
  return std::min(control_.next_deadline(), journal_ ? journal_->next_deadline() : kNever);
}

TimePoint ConferenceServer::next_deadline() const { return std::min(media_.next_deadline(), next_control()); }

bool ConferenceServer::record_is_behind() const {
  const auto& host = control_.host();
  return !host.all_recorded() || host.record_report(kConference) != conference::RecordReport{};
}

void ConferenceServer::note_history(History& history) {
  const auto& log = *control_.host().log(kConference);
  const auto& sequence = state().sequence;
  if (sequence != log.newest())
    world_.violations.add(world_.now, "the conference is at {}, its log at {}", sequence, log.newest());
  if (log.newest() < history.size() || (log.newest() > history.size() && !log.reaches(history.size()))) {
    world_.violations.add(world_.now, "the log goes from {} to {}", history.size(), log.newest());
    return;
  }
  if (disk_ && log.newest() > disk_->events().size())
    world_.violations.add(world_.now, "event {} is told before it is on disk", log.newest());
  while (history.size() < log.newest()) history.push_back(log.at(history.size() + 1));
}

}  // namespace bridgehall::sim
