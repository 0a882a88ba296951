#include "app/command_line.h"

#include <chrono>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "app/complaint.h"
#include "app/configuration.h"
#include "app/doctor/examination.h"
#include "app/load_command.h"
#include "app/record_command.h"
#include "app/serve.h"
#include "app/token_command.h"
#include "crypto/system_random.h"

namespace bridgehall::app {
namespace {

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

int run_doctor(const std::string& file, bool json, const std::map<std::string, std::string>& flags) {
  ConfigurationSources sources{.file = {}, .environment = read_environ(), .flags = flags};
  if (!file.empty()) sources.file = file;
  const auto configuration = read_configuration(sources);
  if (!configuration) return complain(configuration.error().message, kMisused);
  const auto findings = doctor::examine(*configuration, doctor::Bystander::command);
  fmt::print("{}", json ? web::diagnosis_json(findings) : doctor::to_text(findings));
  return doctor::has_problem(findings) ? kFailed : 0;
}

int run_token(const TokenOptions& options) {
  crypto::SystemRandom random;
  const auto token = make_token(options, random, wall_now());
  if (!token) return complain(token.error().message, kMisused);
  fmt::print("{}\n", *token);
  return 0;
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

  std::map<std::string, std::string> doctor_flags;
  std::string doctor_file;
  bool json = false;
  auto* doctor_command = program.add_subcommand("doctor", "Check this machine and say what to change");
  doctor_command->add_option("--config", doctor_file, "TOML file with settings")->envname("BRIDGEHALL_CONFIG");
  doctor_command->add_flag("--json", json, "For programs");
  add_setting_flags(*doctor_command, doctor_flags);

  TokenOptions token;
  auto* token_command = program.add_subcommand("token", "Print a token signed with the key of a data folder");
  token_command->add_option("--data", token.data_folder, "Data folder of the server")->required();
  token_command->add_option("--conference", token.conference, "Id of the conference; none for an administrator");
  token_command
      ->add_option("--role", token.role,
                   "moderator, chair, presenter, hall, site, delegate or viewer; administrator: sees the diagnosis")
      ->required();
  token_command->add_option("--ttl", token.ttl, "How long it is valid: seconds, or 30m, 12h, 7d")->required();
  token_command->add_option("--subject", token.subject,
                            "Who it is for; all but moderators publish under this name. Random when not given");
  token_command->add_option("--name", token.name, "The name shown to people");

  RecordCommands record_commands(program);

  LoadCommand load_command(program);

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
  if (*doctor_command) return run_doctor(doctor_file, json, doctor_flags);
  if (*token_command) return run_token(token);
  if (record_commands.given())
    return record_commands.run(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  if (load_command.given()) return load_command.run();
  if (*settings_command) {
    fmt::print("{}", describe_settings());
    return 0;
  }
  return complain(
      "Say what to do: serve, demo, doctor, token, backup, restore, export, import, verify, purge, load or settings. "
      "See bridgehall --help.",
      kMisused);
}

}  // namespace bridgehall::app
