#include "app/serve.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/announced_addresses.h"
#include "app/backup_files.h"
#include "app/certificates.h"
#include "app/doctor/live.h"
#include "app/doctor/watch.h"
#include "app/logging.h"
#include "app/media_shards.h"
#include "app/opened_record.h"
#include "app/recorder.h"
#include "app/roster_file.h"
#include "app/service_notice.h"
#include "app/token_command.h"
#include "crypto/system_random.h"
#include "io/clock.h"
#include "io/interfaces.h"
#include "web/authentication.h"
#include "web/demo_api.h"
#include "web/http_server.h"

namespace bridgehall::app {
namespace {

constexpr Duration kAddressesAgain = 10s;  // a laptop changes networks

web::IceServerSettings ice_server_settings(const Configuration& c) {
  web::IceServerSettings settings{.shared_turn = c.turn_servers,
                                  .secret = c.turn_secret,
                                  .lifetime = std::chrono::seconds{c.turn_lifetime_seconds}};
  for (const auto& text : c.ice_servers) {  // "turn:host:3478?transport=udp user password"
    const auto first = std::min(text.find(' '), text.size());
    const auto second = std::min(text.find(' ', std::min(first + 1, text.size())), text.size());
    const auto part = [&](std::size_t from, std::size_t to) { return from < to ? text.substr(from, to - from) : ""; };
    settings.fixed.push_back({part(0, first), part(first + 1, second), part(second + 1, text.size())});
  }
  return settings;
}

web::ControlSettings control_settings(const Configuration& c, crypto::Fingerprint fingerprint,
                                      std::vector<conference::Roster> rosters) {
  web::ControlSettings settings;
  settings.names = c.http_names;
  settings.conferences = std::move(rosters);
  settings.save_roster = [folder = c.data_folder](const conference::Roster& roster) {
    return save_roster(folder, roster);
  };
  settings.limits = {.publications = static_cast<std::size_t>(c.limits_publications),
                     .sessions = static_cast<std::size_t>(c.limits_sessions),
                     .unused_publication = 1s * c.limits_unused_publication_seconds};
  settings.fingerprint = std::move(fingerprint);
  settings.media_port = static_cast<std::uint16_t>(c.media_port);
  settings.ice_servers = ice_server_settings(c);
  return settings;
}

std::vector<IpAddress> announced_now(const Configuration& c) { return announced_addresses(c, io::local_addresses()); }

// Copies into a folder of the data folder, named for the time.
web::BackUp make_backups(Recorder& recorder, const std::string& data, decltype(OpenedRecord::make_backup) make_backup) {
  return [&recorder, data, make_backup = std::move(make_backup)](web::BackupDone done) {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto name = fmt::format("{:%Y%m%dT%H%M%S}Z", now);  // to the millisecond
    const auto target = (std::filesystem::path(data) / "backups" / name).string();
    const auto backup =
        make_backup({.data_folder = data, .files = files_beside_the_record(data), .target = target, .now = now});
    BackUp order{.copy_some = [backup] { return backup->copy_some(); },
                 .complete = [backup, target]() -> storage::Outcome<std::string> {
                   if (const auto made = backup->complete(); !made) return std::unexpected(made.error());
                   return target;
                 }};
    return recorder.back_up(std::move(order), [done = std::move(done)](const storage::Outcome<std::string>& folder) {
      if (folder)
        spdlog::info("backed up into {}", *folder);
      else
        spdlog::error("no backup was made: {}", folder.error().message);
      done(folder ? Result<std::string>(*folder) : fail(folder.error().message));
    });
  };
}

constexpr const char* kOnlyLoopback =
    "This machine has no network address but loopback: browsers then find no way for picture and sound. Connect it to "
    "a network.";

web::Instant read_clocks() {
  return {io::read_clock(), std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

crypto::UnixTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

// Only who has a certificate that browsers trust can do without plain HTTP for good.
web::StrictTransport strictness(const Certificates& certificates) {
  return certificates.configured() ? web::StrictTransport::yes : web::StrictTransport::no;
}

void renew_certificate(Certificates& certificates, web::HttpServer& server, const std::vector<IpAddress>& addresses) {
  const auto renewed = certificates.refresh(addresses, wall_now());
  if (!renewed) {
    spdlog::error("the certificate stays as it was: {}", renewed.error().message);
  } else if (*renewed) {
    server.use_tls(*renewed, strictness(certificates));
    spdlog::info("a new certificate is used for HTTPS from now on");
  }
}

// Whoever finds neither UDP nor the media port open may still reach the port of HTTPS.
void take_media_over_tcp(web::HttpServer& server, web::Control& control, const Configuration& c, MediaShards& shards) {
  std::vector ports{static_cast<std::uint16_t>(c.media_port)};
  if (c.http_port != c.media_port && IpAddress::parse(c.http_address)->is_unspecified()) ports.push_back(server.port());
  control.set_tcp_ports(std::move(ports));
  server.accept_media([&shards](web::MediaConnection&& connection) {
    shards.adopt({.socket = io::FileDescriptor(connection.descriptor),
                  .remote = connection.remote,
                  .local = connection.local,
                  .first_bytes = std::move(connection.first_bytes)},
                 connection.ufrag);
  });
}

Result<web::StaticFiles> load_client(const Configuration& c) {
  if (!c.http_client_folder.empty()) return web::StaticFiles::load(c.http_client_folder);
  const auto folder = default_client_folder();
  if (!folder.empty()) return web::StaticFiles::load(folder);
  spdlog::warn("the web client is not installed; only WHIP, WHEP and the API are served");
  return web::StaticFiles();
}

Result<std::vector<conference::Roster>> open_rosters(const Configuration& c, Greeting greeting, RandomSource& random) {
  std::vector<conference::Roster> rosters;
  for (const auto& id : c.conferences) {
    auto roster = greeting == Greeting::demo_links && id == "demo" ? open_demo_roster(c.data_folder, random)
                                                                   : load_roster(c.data_folder, id);
    if (!roster) return std::unexpected(roster.error());
    rosters.push_back(std::move(*roster));
  }
  return rosters;
}

std::string administrators_token(const crypto::TokenKey& key) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return key.sign({.conference = std::string(web::kNoConference),
                   .role = std::string(web::kAdministrator),
                   .subject = "demo",
                   .issued_at = now,
                   .expires_at = now + 12h});
}

void print_demo_links(const Configuration& c, std::uint16_t http_port, const conference::Roster& roster,
                      const crypto::TokenKey& key) {
  fmt::print(
      "Bridgehall is running its demo. Open these in browsers on this machine; each seat has a link of its own:\n\n");
  for (const auto& seat : roster.seats)
    if (!seat.invitation.empty())
      fmt::print("{:<10} {:<12} http://localhost:{}/{}\n", conference::role_name(seat.role), seat.id, http_port,
                 web::link_fragment(seat));
  fmt::print("{:<23} http://localhost:{}/#as=diagnosis&token={}\n", web::kAdministrator, http_port,
             administrators_token(key));
  fmt::print("\n");
  if (!IpAddress::parse(c.http_address)->is_loopback()) {
    fmt::print("From other machines the same links work with https:// and this machine's address:\n\n");
    for (const auto& ip : announced_now(c))
      if (!ip.is_loopback()) fmt::print("https://{}/\n", SocketAddress{ip, http_port}.to_string());
    fmt::print("\n");
  }
  if (only_loopback(announced_now(c))) fmt::print("{}\n\n", kOnlyLoopback);
  std::fflush(stdout);
}

}  // namespace

std::string default_client_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& folder : {program / "client", program.parent_path() / "share/bridgehall/client"})
    if (std::filesystem::exists(folder / "index.html", error)) return folder.string();
  return {};
}

// This thread may wait for the shards where they share a CPU: whoever joins does not notice, those who watch would.
void stand_behind_media() {
  constexpr int kNice = 10;
  if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice) != 0)
    spdlog::debug("control keeps its priority: {}", std::strerror(errno));
}

Result<void> serve(const Configuration& c, Greeting greeting) {
  if (auto words = unusable_media_port(static_cast<std::uint16_t>(c.media_port), announced_now(c)); !words.empty())
    return fail(std::move(words));
  start_logging(c.log_level, c.log_format);
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may go first

  crypto::SystemRandom random;
  const auto key = open_signing_key(c.data_folder, random);
  if (!key) return std::unexpected(key.error());
  auto client = load_client(c);
  if (!client) return std::unexpected(client.error());
  auto rosters = open_rosters(c, greeting, random);
  if (!rosters) return std::unexpected(rosters.error());
  std::optional<Recorder> recorder;
  std::vector<conference::Recovered> recovered;
  web::BackUp back_up;
  if (c.record == "on") {
    auto record = open_record(c.data_folder, *rosters);
    if (!record) return std::unexpected(record.error());
    recovered = std::move(record->conferences);
    recorder.emplace(std::move(record->journal));
    back_up = make_backups(*recorder, c.data_folder, std::move(record->make_backup));
  }

  auto dtls = std::make_unique<crypto::OpenSslDtlsFactory>();
  const auto fingerprint = dtls->local_fingerprint();
  const auto shards = MediaShards::start({.shards = static_cast<std::size_t>(c.media_shards),
                                          .media_port = static_cast<std::uint16_t>(c.media_port),
                                          .max_peers = static_cast<std::uint32_t>(c.media_max_peers),
                                          .receive_buffer = static_cast<int>(c.media_receive_buffer_bytes),
                                          .send_buffer = static_cast<int>(c.media_send_buffer_bytes)},
                                         std::move(dtls));
  if (!shards) return std::unexpected(shards.error());
  stand_behind_media();

  Certificates certificates(c);
  const auto tls = certificates.refresh(announced_now(c), wall_now());
  if (!tls) return std::unexpected(tls.error());

  const auto demo = rosters->empty() ? conference::Roster{} : rosters->front();
  doctor::Watch watch;
  auto settings = control_settings(c, fingerprint, std::move(*rosters));
  settings.diagnose = [&](const web::LiveFacts& live) {
    auto findings = watch.latest();
    auto lively = doctor::check_live(live, static_cast<std::uint16_t>(c.media_port));
    std::move(lively.begin(), lively.end(), std::back_inserter(findings));
    return findings;
  };
  if (greeting == Greeting::demo_links && IpAddress::parse(c.http_address)->is_loopback()) settings.demo = demo.id;
  if (recorder) settings.journal = &*recorder;
  settings.back_up = std::move(back_up);
  web::Control control(std::move(settings), *key, std::move(*client), random, **shards);
  if (recorder) recorder->start([&](std::string_view conference) { return control.host().state(conference); });
  for (const auto& conference : recovered)
    spdlog::info("{} goes on after event {}", conference.state.id, conference.state.sequence);
  control.recover(std::move(recovered), read_clocks());
  const auto server =
      web::HttpServer::listen({.listen = {*IpAddress::parse(c.http_address), static_cast<std::uint16_t>(c.http_port)},
                               .max_connections = static_cast<std::size_t>(c.http_max_connections),
                               .request_timeout = 1s * c.http_request_timeout_seconds,
                               .media_port = static_cast<std::uint16_t>(c.media_tcp == "on" ? c.media_port : 0),
                               .links = {.links = static_cast<std::size_t>(c.http_max_links)}},
                              control, **shards);
  if (!server) return std::unexpected(server.error());
  if (c.media_tcp == "on") take_media_over_tcp(**server, control, c, **shards);
  if (*tls) (*server)->use_tls(*tls, strictness(certificates));

  (*server)->accept_links(control);
  (*server)->drain_on_signals();
  (*server)->every(kAddressesAgain, [&] {
    // None at all, not even loopback: the system could not be asked. Those of before still hold.
    auto found = announced_now(c);
    if (found.empty()) return;
    control.set_addresses(found);
    renew_certificate(certificates, **server, found);
  });
  if (certificates.configured())  // else a terminal that is closed ends the program, as it ends others
    (*server)->on_hangup([&] { renew_certificate(certificates, **server, announced_now(c)); });
  spdlog::info("{} on {}:{}, media on port {} ({})", certificates.wanted() ? "HTTPS" : "HTTP", c.http_address,
               (*server)->port(), c.media_port, c.media_tcp == "on" ? "UDP and TCP" : "UDP");
  if (only_loopback(announced_now(c))) spdlog::warn("{}", kOnlyLoopback);
  if (greeting == Greeting::demo_links) print_demo_links(c, (*server)->port(), demo, *key);
  auto running = c;
  running.http_port = (*server)->port();
  watch.begin(running);
  notify_service_manager("READY=1");
  (*server)->run();
  notify_service_manager("STOPPING=1");
  if (recorder) recorder->finish();
  spdlog::info("stopped");
  return {};
}

}  // namespace bridgehall::app
