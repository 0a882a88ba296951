#include "app/command_line.h"

#include <chrono>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "app/configuration.h"
#include "app/duration_text.h"
#include "app/serve.h"
#include "app/token_command.h"
#include "crypto/system_random.h"
#include "load/load.h"

namespace bridgehall::app {
namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

int complain(const std::string& sentence, int status) {
  fmt::print(stderr, "bridgehall: {}\n", sentence);
  return status;
}

std::map<std::string, std::string> read_environ() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

crypto::UnixTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

// One flag for each setting; what is given lands in `flags` by key.
void add_setting_flags(CLI::App& command, std::map<std::string, std::string>& flags) {
  for (const auto& setting : settings_table()) {
    const std::string key(setting.key);
    auto* option = command.add_option_function<std::string>(
        flag_name(setting), [&flags, key](const std::string& text) { flags[key] = text; },
        std::string(setting.description));
    option->group("Settings")->type_name("VALUE");
  }
}

struct DemoOptions {
  int port = 8080;
  std::string data = "bridgehall-data";
};

int run_serve(const std::string& file, const std::map<std::string, std::string>& flags) {
  ConfigurationSources sources{.file = {}, .environment = read_environ(), .flags = flags};
  if (!file.empty()) sources.file = file;
  const auto configuration = read_configuration(sources);
  if (!configuration) return complain(configuration.error().message, kMisused);
  const auto done = serve(*configuration, Greeting::none);
  return done ? 0 : complain(done.error().message, kFailed);
}

// HTTP and media with one number, and nothing to set up: the rest can be set as for `serve`.
int run_demo(const DemoOptions& options, std::map<std::string, std::string> flags) {
  flags.try_emplace("http.port", std::to_string(options.port));
  flags.try_emplace("media.port", std::to_string(options.port));
  flags.try_emplace("data.folder", options.data);
  flags.try_emplace("conferences", "demo");
  const auto configuration = read_configuration({.file = {}, .environment = read_environ(), .flags = std::move(flags)});
  if (!configuration) return complain(configuration.error().message, kMisused);
  const auto done = serve(*configuration, Greeting::demo_links);
  return done ? 0 : complain(done.error().message, kFailed);
}

int run_token(const TokenOptions& options) {
  crypto::SystemRandom random;
  const auto token = make_token(options, random, wall_now());
  if (!token) return complain(token.error().message, kMisused);
  fmt::print("{}\n", *token);
  return 0;
}

struct LoadFlags {
  load::LoadOptions options;
  std::string data;
  std::string duration = "20s";
  std::string warm_up = "3s";
  std::string pacing = "frame";
};

void add_load_flags(CLI::App& command, LoadFlags& flags) {
  auto& o = flags.options;
  command.add_option("--server", o.server, "The server's address")->capture_default_str();
  command.add_option("--conference", o.conference, "Id of the conference")->capture_default_str();
  command.add_option("--token", o.token, "A moderator's token");
  command.add_option("--data", flags.data, "The server's data folder, to sign a token with its key when none is given");
  command.add_option("--prefix", o.publication_prefix, "Publications are named so, with a number")
      ->capture_default_str();
  command.add_option("--publishers", o.publishers, "How many publish")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--viewers", o.viewers, "How many view")->check(CLI::Range(0, 10'000))->capture_default_str();
  command.add_option("--kbps", o.kbps, "Video of each publisher in kb/s")
      ->check(CLI::Range(10, 100'000))
      ->capture_default_str();
  command.add_flag("--audio,!--no-audio", o.audio, "Send audio as well")->default_str("true");
  command.add_option("--duration", flags.duration, "Measured time")->capture_default_str();
  command.add_option("--warm-up", flags.warm_up, "Time between the last join and the measurement")
      ->capture_default_str();
  command.add_option("--pacing", flags.pacing, "How a frame's packets are spread")
      ->check(CLI::IsMember({"frame", "ticks"}))
      ->capture_default_str();
  command.add_option("--joins-per-second", o.joins_per_second, "How fast clients join")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command.add_option("--server-pid", o.server_pid, "Process whose CPU and memory are read")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--cpu", o.cpu, "Pin the generator to this CPU");
  command.add_flag("--gro,!--no-gro", o.gro, "Let the kernel join datagrams")->default_str("true");
  command.add_option("--decrypt-every", o.decrypt_every, "Decrypt every n-th packet")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--json", o.json_path, "Write the result to this file as well");
  command.add_option("--seed", o.seed, "Seed of everything random")->capture_default_str();
}

int run_load_command(LoadFlags& flags) {
  auto& options = flags.options;
  const auto duration = parse_duration(flags.duration);
  const auto warm_up = parse_duration(flags.warm_up);
  if (!duration || !warm_up)
    return complain("--duration and --warm-up are written as seconds, or as 30s, 5m or 1h.", kMisused);
  options.duration = *duration;
  options.warm_up = *warm_up;
  options.pacing = flags.pacing == "ticks" ? load::Pacing::ticks : load::Pacing::frame;
  if (options.token.empty()) {
    if (flags.data.empty())
      return complain("Give a moderator's --token, or the server's --data folder to sign one.", kMisused);
    crypto::SystemRandom random;
    const auto token =
        make_token({.data_folder = flags.data, .conference = options.conference, .role = "moderator", .ttl = "1d"},
                   random, wall_now());
    if (!token) return complain(token.error().message, kMisused);
    options.token = *token;
  }
  return load::run_load(options);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App program("Bridgehall: hybrid conferences, self-hosted.", "bridgehall");
  program.set_version_flag("--version", "bridgehall " BRIDGEHALL_VERSION);
  program.get_formatter()->column_width(40);

  std::map<std::string, std::string> serve_flags;
  std::string file;
  auto* serve_command = program.add_subcommand("serve", "Run the server");
  serve_command->add_option("--config", file, "TOML file with settings")->envname("BRIDGEHALL_CONFIG");
  add_setting_flags(*serve_command, serve_flags);

  std::map<std::string, std::string> demo_flags;
  DemoOptions demo;
  auto* demo_command = program.add_subcommand("demo", "Run the server with a demo conference and print its links");
  demo_command->add_option("--port", demo.port, "HTTP on 127.0.0.1 and media on UDP, both with this number")
      ->capture_default_str();
  demo_command->add_option("--data", demo.data, "Data folder, made when missing")->capture_default_str();
  add_setting_flags(*demo_command, demo_flags);

  TokenOptions token;
  auto* token_command = program.add_subcommand("token", "Print a token signed with the key of a data folder");
  token_command->add_option("--data", token.data_folder, "Data folder of the server")->required();
  token_command->add_option("--conference", token.conference, "Id of the conference")->required();
  token_command->add_option("--role", token.role, "moderator, chair, presenter, hall, site, delegate or viewer")
      ->required();
  token_command->add_option("--ttl", token.ttl, "How long it is valid: seconds, or 30m, 12h, 7d")->required();
  token_command->add_option("--subject", token.subject,
                            "Who it is for; all but moderators publish under this name. Random when not given");
  token_command->add_option("--name", token.name, "The name shown to people");

  LoadFlags load_flags;
  auto* load_command = program.add_subcommand("load", "Measure a running server with publishers and viewers");
  add_load_flags(*load_command, load_flags);

  auto* settings_command = program.add_subcommand("settings", "Print all settings, as docs/settings.md has them");

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // help or version
    std::string sentence = error.what();
    if (!sentence.ends_with('.')) sentence += '.';
    return complain(fmt::format("{} See bridgehall --help.", sentence), kMisused);
  }
  if (*serve_command) return run_serve(file, serve_flags);
  if (*demo_command) return run_demo(demo, demo_flags);
  if (*token_command) return run_token(token);
  if (*load_command) return run_load_command(load_flags);
  if (*settings_command) {
    fmt::print("{}", describe_settings());
    return 0;
  }
  return complain("Say what to do: serve, demo, token, load or settings. See bridgehall --help.", kMisused);
}

}  // namespace bridgehall::app
