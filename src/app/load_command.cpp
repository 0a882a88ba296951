#include "app/load_command.h"

#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>

#include "app/complaint.h"
#include "app/duration_text.h"
#include "app/token_command.h"
#include "crypto/system_random.h"

namespace bridgehall::app {
namespace {

constexpr const char* kRecordingName = "participant.bhr";

crypto::UnixTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

// Beside the program, or where a package puts it; empty when it is in neither place.
std::string default_recording() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& folder : {program, program.parent_path() / "share/bridgehall"})
    if (std::filesystem::exists(folder / kRecordingName, error)) return folder / kRecordingName;
  return {};
}

struct WrittenDuration {
  const std::string& text;
  Duration& value;
  bool zero = false;  // "0" is one too
};

// False, and said, when one of them is none.
bool read_durations(std::initializer_list<WrittenDuration> durations) {
  for (const auto& [text, value, zero] : durations) {
    const auto parsed = zero && text == "0" ? std::optional(std::chrono::seconds{0}) : parse_duration(text);
    if (!parsed) {
      complain(fmt::format("\"{}\" is no duration: they are written as seconds, or as 30s, 5m or 1h.", text), kMisused);
      return false;
    }
    value = *parsed;
  }
  return true;
}

// The one that was given, or one signed with the server's own key.
Result<std::string> moderator_token(const std::string& given, const std::string& data, const std::string& conference) {
  if (!given.empty()) return given;
  if (data.empty()) return fail("Give a moderator's --token, or the server's --data folder to sign one.");
  crypto::SystemRandom random;
  return make_token({.data_folder = data, .conference = conference, .role = "moderator", .ttl = "1d"}, random,
                    wall_now());
}

}  // namespace

LoadCommand::LoadCommand(CLI::App& program)
    : command_(program.add_subcommand("load", "Measure a running server with publishers and viewers")),
      conference_command_(command_->add_subcommand("conference", "Measure it with a whole conference instead")),
      flood_command_(command_->add_subcommand("flood", "Measure what strangers' floods cost those who are there")) {
  add_flags();
  add_conference_flags();
  add_flood_flags();
}

int LoadCommand::run() {
  if (flood_command_->parsed()) return run_flood();
  return conference_command_->parsed() ? run_conference() : run_streams();
}

void LoadCommand::add_flags() {
  auto& o = streams_.options;
  command_->add_option("--server", o.server, "The server's address")->capture_default_str();
  command_->add_option("--conference", o.conference, "Id of the conference")->capture_default_str();
  command_->add_option("--token", o.token, "A moderator's token");
  command_->add_option("--data", streams_.data,
                       "The server's data folder, to sign a token with its key when none is given");
  command_->add_option("--prefix", o.publication_prefix, "Publications are named so, with a number")
      ->capture_default_str();
  command_->add_option("--publishers", o.publishers, "How many publish; 0: view what another run publishes")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command_->add_option("--viewers", o.viewers, "How many view")->check(CLI::Range(0, 10'000))->capture_default_str();
  command_->add_flag("--together", o.together, "Every viewer receives all publications, in one session");
  command_->add_option("--kbps", o.kbps, "Video of each publisher in kb/s")
      ->check(CLI::Range(10, 100'000))
      ->capture_default_str();
  command_->add_flag("--audio,!--no-audio", o.audio, "Send audio")->default_str("true");
  command_->add_flag("--video,!--no-video", o.video, "Send video")->default_str("true");
  command_->add_option("--duration", streams_.duration, "Measured time")->capture_default_str();
  command_->add_option("--warm-up", streams_.warm_up, "Time between the last join and the measurement")
      ->capture_default_str();
  command_->add_option("--pacing", streams_.pacing, "How a frame's packets are spread")
      ->check(CLI::IsMember({"frame", "ticks"}))
      ->capture_default_str();
  command_->add_option("--joins-per-second", o.joins_per_second, "How fast clients join")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command_
      ->add_flag("--transport-cc,!--no-transport-cc", o.transport_cc,
                 "Viewers tell when packets arrived, as browsers do")
      ->default_str("false");
  command_->add_option("--lose", o.lose, "Lose this share of the packets on their way to each viewer")
      ->check(CLI::Range(0.0, 0.5))
      ->capture_default_str();
  command_
      ->add_option("--feign-round-trip", streams_.feigned_round_trip_ms,
                   "Viewers report a round trip that is so many milliseconds longer")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command_->add_option("--candidate", streams_.candidate,
                       "IP address offered as every client's candidate, for servers that want one");
  command_->add_option("--server-pid", o.server_pid, "Process whose CPU and memory are read")
      ->check(CLI::NonNegativeNumber);
  command_->add_option("--cpu", o.cpu, "Pin the generator to this CPU");
  command_->add_flag("--gro,!--no-gro", o.gro, "Let the kernel join datagrams")->default_str("true");
  command_->add_option("--decrypt-every", o.decrypt_every, "Decrypt every n-th packet")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command_->add_option("--json", o.json_path, "Write the result to this file as well");
  command_->add_option("--seed", o.seed, "Seed of everything random")->capture_default_str();
}

void LoadCommand::add_conference_flags() {
  auto& o = conference_.options;
  auto& command = *conference_command_;
  command.add_option("--server", o.server, "The server's address")->capture_default_str();
  command.add_option("--conference", o.conference, "Id of the conference")->capture_default_str();
  command.add_option("--data", conference_.data, "The server's data folder, to sign everyone's tokens with its key")
      ->required();
  command.add_option("--recording", o.recording,
                     "What the sites send. Default: participant.bhr beside the program, or in ../share/bridgehall");
  command.add_option("--sites", o.sites, "How many send (three layers of VP8, and sound) and receive")
      ->check(CLI::Range(1, 2'000))
      ->capture_default_str();
  command.add_option("--watchers", o.watchers, "How many only receive")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command.add_option("--slots", o.slots, "Tiles of each, besides the stage and three voices")
      ->check(CLI::Range(0, 25))
      ->capture_default_str();
  command.add_option("--speakers", o.speakers, "How many sites speak at a time; three at most are heard")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  command.add_option("--speaker-change", conference_.speaker_change, "How often others speak; 0: never")
      ->capture_default_str();
  command
      .add_option("--stage-change", conference_.stage_change,
                  "How often the chair puts another speaker on stage; 0: never")
      ->capture_default_str();
  command.add_option("--churn", o.churn, "So many leave and come back, a minute")
      ->check(CLI::Range(0.0, 6'000.0))
      ->capture_default_str();
  command.add_flag("--come-back", o.come_back, "Who is lost joins again, as pages do: for servers that are restarted");
  command.add_option("--weak", o.weak, "So many of the watchers have a narrow line")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command.add_option("--weak-kbps", o.weak_kbps, "How narrow that line is, in kb/s")
      ->check(CLI::Range(10, 100'000))
      ->capture_default_str();
  command.add_option("--duration", conference_.duration, "Measured time")->capture_default_str();
  command.add_option("--warm-up", conference_.warm_up, "Time between the last join and the measurement")
      ->capture_default_str();
  command.add_option("--joins-per-second", o.joins_per_second, "How fast they join")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command.add_option("--server-pid", o.server_pid, "Process whose CPU, memory and descriptors are read")
      ->check(CLI::NonNegativeNumber);
  command
      .add_option("--sample-every", conference_.sample_every,
                  "Print how it goes this often, and judge at the end whether it stayed the same; 0: never")
      ->capture_default_str();
  command.add_option("--settle", conference_.settle, "What is sampled before that is not judged")
      ->capture_default_str();
  command.add_option("--cpu", o.cpu, "Pin the generator to this CPU");
  command.add_flag("--gro,!--no-gro", o.gro, "Let the kernel join datagrams")->default_str("true");
  command.add_option("--json", o.json_path, "Write the result to this file as well");
  command.add_option("--seed", o.seed, "Seed of who comes and goes")->capture_default_str();
}

void LoadCommand::add_flood_flags() {
  auto& o = flood_.options;
  o.load.viewers = 100;
  auto& command = *flood_command_;
  command.add_option("--server", o.load.server, "The server's address, with its port")->capture_default_str();
  command.add_option("--conference", o.load.conference, "Id of the conference")->capture_default_str();
  command.add_option("--token", o.load.token, "A moderator's token");
  command.add_option("--data", flood_.data,
                     "The server's data folder, to sign a token with its key when none is given");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < load::kFloodKinds; ++i) names.emplace_back(flood_name(static_cast<load::FloodKind>(i)));
  command
      .add_option("--kind", flood_.kinds, "Which flood; may be given several times. Default: all, one after the other")
      ->check(CLI::IsMember(names));
  command.add_option("--rate", o.rate, "Datagrams or connections a second. Default: the goal of each kind")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--rounds", o.rounds, "How often; the median is told")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command.add_option("--publishers", o.load.publishers, "How many publish")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--viewers", o.load.viewers, "How many view")->check(CLI::Range(1, 10'000))->capture_default_str();
  command.add_option("--kbps", o.load.kbps, "Video of each publisher in kb/s")
      ->check(CLI::Range(10, 100'000))
      ->capture_default_str();
  command.add_option("--duration", flood_.duration, "Of each window: in peace, flooded, in peace")
      ->capture_default_str();
  command.add_option("--warm-up", flood_.warm_up, "Time between the last join and the first window")
      ->capture_default_str();
  command.add_option("--joins-per-second", o.load.joins_per_second, "How fast clients join")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command.add_option("--server-pid", o.load.server_pid, "Process whose CPU is read")->check(CLI::NonNegativeNumber);
  command.add_option("--cpu", o.load.cpu, "Pin the generator to this CPU");
  command.add_option("--flood-cpu", o.flood_cpu, "Pin the flood to this CPU");
  command.add_option("--json", o.load.json_path, "Write the result to this file as well");
}

int LoadCommand::run_streams() {
  auto& options = streams_.options;
  if (!read_durations({{streams_.duration, options.duration}, {streams_.warm_up, options.warm_up}})) return kMisused;
  if (!streams_.candidate.empty()) {
    options.candidate = IpAddress::parse(streams_.candidate);
    if (!options.candidate) return complain(fmt::format("\"{}\" is no IP address.", streams_.candidate), kMisused);
  }
  options.feigned_round_trip = std::chrono::milliseconds{streams_.feigned_round_trip_ms};
  options.pacing = streams_.pacing == "ticks" ? load::Pacing::ticks : load::Pacing::frame;
  if (const auto token = moderator_token(options.token, streams_.data, options.conference))
    options.token = *token;
  else
    return complain(token.error().message, kMisused);
  return load::run_load(options);
}

int LoadCommand::run_conference() {
  auto& options = conference_.options;
  if (!read_durations({{conference_.duration, options.duration},
                       {conference_.warm_up, options.warm_up},
                       {conference_.speaker_change, options.speaker_change, true},
                       {conference_.stage_change, options.stage_change, true},
                       {conference_.sample_every, options.sample_every, true},
                       {conference_.settle, options.limits.settle, true}}))
    return kMisused;
  if (options.sample_every > Duration{} &&
      options.duration / options.sample_every > static_cast<std::int64_t>(load::kMaxSamples))
    return complain(fmt::format("There may be {} samples at most: --sample-every is too short.", load::kMaxSamples),
                    kMisused);
  if (options.weak > options.watchers) return complain("Only watchers have weak lines: --weak is too high.", kMisused);
  if (options.recording.empty()) options.recording = default_recording();
  if (options.recording.empty())
    return complain("There is no participant.bhr beside the program; say with --recording where it is.", kMisused);
  crypto::SystemRandom random;
  const auto key = open_signing_key(conference_.data, random);
  if (!key) return complain(key.error().message, kMisused);
  options.token_for = [&](std::string_view role, std::string_view subject) {
    const auto now = wall_now();
    return key->sign({.conference = options.conference,
                      .role = std::string(role),
                      .subject = std::string(subject),
                      .issued_at = now,
                      .expires_at = now + std::chrono::hours(24)});
  };
  return load::run_conference(options);
}

int LoadCommand::run_flood() {
  auto& options = flood_.options;
  auto& streams = options.load;
  if (!read_durations({{flood_.duration, streams.duration}, {flood_.warm_up, streams.warm_up}})) return kMisused;
  for (const auto& kind : flood_.kinds) options.kinds.push_back(*load::parse_flood_kind(kind));
  if (const auto token = moderator_token(streams.token, flood_.data, streams.conference))
    streams.token = *token;
  else
    return complain(token.error().message, kMisused);
  return load::run_flood(options);
}

}  // namespace bridgehall::app
