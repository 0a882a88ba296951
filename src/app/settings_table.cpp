#include <algorithm>

#include <fmt/format.h>

#include "app/configuration.h"
#include "media/shard_number.h"

namespace bridgehall::app {
namespace {

using C = Configuration;

constexpr Setting kSettings[] = {
    {"http.address", &C::http_address, "127.0.0.1",
     "Address of the HTTP server. 127.0.0.1 or ::1: plain HTTP for browsers on this machine, or for a reverse proxy on "
     "it. 0.0.0.0 or ::, all addresses, or one of this machine's: HTTPS, and plain HTTP for this machine only."},
    {"http.port", &C::http_port, "8080", "TCP port of the HTTP server; 0 takes any free one.", 0, 65535},
    {"http.names", &C::http_names, "",
     "Host names of this server, besides localhost. Requests for any other name are refused; over HTTPS addresses will "
     "do too."},
    {"http.certificate_file", &C::http_certificate_file, "",
     "Certificate for HTTPS, PEM: this server's own first, then those of its issuers. Read again when it changes. "
     "Empty: "
     "one that the server signs itself, in the data folder, when http.address is not loopback."},
    {"http.certificate_key_file", &C::http_certificate_key_file, "",
     "Key of that certificate, PEM, without a passphrase."},
    {"http.client_folder", &C::http_client_folder, "",
     "Folder of the built web client. Empty: client beside the program, or ../share/bridgehall/client from it."},
    {"http.max_connections", &C::http_max_connections, "1024", "HTTP connections at a time.", 1, 100'000},
    {"http.max_links", &C::http_max_links, "4000", "WebSockets of pages at a time, besides the HTTP connections.", 1,
     100'000},
    {"http.request_timeout_seconds", &C::http_request_timeout_seconds, "30",
     "Time for a request to arrive and for its answer to be taken.", 1, 3600},
    {"media.port", &C::media_port, "8443",
     "Port of all media, UDP and TCP. Browsers ignore ports below 1024, but for 80 and 443 at public addresses.", 1,
     65535},
    {"media.tcp", &C::media_tcp, "on",
     "Whether media are taken over TCP too (ICE-TCP), at all addresses, for networks that let no UDP through.", 0, 0,
     "on|off"},
    {"media.addresses", &C::media_addresses, "",
     "IP addresses announced to clients, such as the public one behind a NAT. Empty: all of this machine's. Loopback "
     "is announced to clients on this machine only."},
    {"media.external_addresses", &C::media_external_addresses, "",
     "Addresses under which a NAT in front of this machine passes the media port on, announced beside the machine's "
     "own: 203.0.113.7, or 203.0.113.7/10.0.0.5 with the own address behind it."},
    {"media.shards", &C::media_shards, "0",
     "Threads that carry media, each with a socket of its own on the media port. 0: as many as the process may use "
     "CPUs.",
     0, static_cast<std::int64_t>(media::kMaxShards)},
    {"media.max_peers", &C::media_max_peers, "4096", "WebRTC sessions at a time.", 1, 65536},
    {"media.receive_buffer_bytes", &C::media_receive_buffer_bytes, "8388608",
     "Receive buffer of the media socket. The kernel gives at most net.core.rmem_max.", 65536, 1 << 30},
    {"media.send_buffer_bytes", &C::media_send_buffer_bytes, "8388608",
     "Send buffer of the media socket. The kernel gives at most net.core.wmem_max.", 65536, 1 << 30},
    {"data.folder", &C::data_folder, "/var/lib/bridgehall",
     "Folder of what must outlive a restart: the record, the rosters, the key that signs tokens. Made when missing."},
    {"record", &C::record, "on",
     "Whether what happens in the conferences is written down in the data folder before it is acknowledged. off: it is "
     "in memory only, and a restart begins the conferences anew.",
     0, 0, "on|off"},
    {"conferences", &C::conferences, "main",
     "Ids of the conferences held here: letters, digits, dots, hyphens and underscores."},
    {"ice_servers",
     &C::ice_servers,
     "",
     "STUN and TURN servers handed to clients: stun:host:port, or turn:host:port?transport=udp with the user name and "
     "the password after spaces.",
     0,
     0,
     {},
     true},
    {"turn.servers", &C::turn_servers, "",
     "TURN servers that share a secret with this one: turn:host:port, turn:host:port?transport=tcp or turns:host:port. "
     "Clients get credentials of limited time for them."},
    {"turn.secret",
     &C::turn_secret,
     "",
     "The secret shared with the TURN servers: coturn's static-auth-secret.",
     0,
     0,
     {},
     true},
    {"turn.lifetime_seconds", &C::turn_lifetime_seconds, "3600",
     "How long credentials for the TURN servers are valid. Pages that stay longer get new ones in time.", 300, 86'400},
    {"limits.publications", &C::limits_publications, "1024", "Seats and other names that send, in a conference.", 1,
     100'000},
    {"limits.sessions", &C::limits_sessions, "4096", "Pages with media, WHIP and WHEP sessions in a conference.", 1,
     100'000},
    {"limits.unused_publication_seconds", &C::limits_unused_publication_seconds, "60",
     "How long a publication without sender and viewers keeps its name and its gate.", 1, 86'400},
    {"log.level", &C::log_level, "info", "What is logged.", 0, 0, "debug|info|warning|error"},
    {"log.format", &C::log_format, "text", "Lines for people, or JSON objects with times by RFC 3339 in UTC.", 0, 0,
     "text|json"},
};

std::string type_words(const Setting& s) {
  if (std::holds_alternative<std::int64_t C::*>(s.field)) return fmt::format("number, {} to {}", s.least, s.most);
  if (std::holds_alternative<Texts C::*>(s.field)) return "list of texts";
  if (s.choices.empty()) return "text";
  std::string words;
  for (const char c : s.choices) words += c == '|' ? std::string(", ") : std::string(1, c);
  return "one of " + words;
}

std::string default_words(const Setting& s) {
  if (s.default_text.empty()) return std::holds_alternative<Texts C::*>(s.field) ? "`[]`" : "`\"\"`";
  if (std::holds_alternative<std::int64_t C::*>(s.field)) return fmt::format("`{}`", s.default_text);
  if (std::holds_alternative<Texts C::*>(s.field)) return fmt::format("`[\"{}\"]`", s.default_text);
  return fmt::format("`\"{}\"`", s.default_text);
}

}  // namespace

std::span<const Setting> settings_table() { return kSettings; }

std::string environment_name(const Setting& setting) {
  std::string name = "BRIDGEHALL_";
  for (const char c : setting.key) name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::string flag_name(const Setting& setting) {
  std::string name = "--";
  for (const char c : setting.key) name += c == '.' || c == '_' ? '-' : c;
  return name;
}

std::string describe_settings() {
  std::string text =
      "# Settings\n\n"
      "Printed by `bridgehall settings`. A flag wins over the environment, the environment over the file given with "
      "`--config`, the file "
      "over the default. A key or a `BRIDGEHALL_` variable that is not listed here is an error. In the environment and "
      "in flags the "
      "elements of a list are separated by commas.\n\n"
      "In the file (TOML) the part before the dot is a table:\n\n"
      "```toml\nconferences = [\"training\"]\n\n[http]\nport = 8080\nnames = [\"bridge.example.org\"]\n```\n\n";
  for (const auto& s : kSettings) {
    text += fmt::format("## {}\n\n{}\n\n", s.key, s.description);
    text += fmt::format("- {}; default {}\n", type_words(s), default_words(s));
    text += fmt::format("- environment `{}`", environment_name(s));
    if (s.secret) text += fmt::format(", or `{}_FILE` with the path of a file that holds it", environment_name(s));
    text += fmt::format("; flag `{}`\n\n", flag_name(s));
  }
  text.pop_back();
  return text;
}

}  // namespace bridgehall::app
