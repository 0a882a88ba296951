// What can be set, in one table: from it come the TOML file's keys, the environment's variables, the command line's
// flags, the checks of each, `bridgehall settings` and docs/settings.md. A flag wins over the environment, that over
// the file, that over the default. Values; read once at start.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace bridgehall::app {

struct Configuration {
  std::string http_address;
  std::int64_t http_port = 0;
  std::vector<std::string> http_names;
  std::string http_certificate_file;
  std::string http_certificate_key_file;
  std::string http_client_folder;
  std::int64_t http_max_connections = 0;
  std::int64_t http_max_links = 0;
  std::int64_t http_request_timeout_seconds = 0;
  std::int64_t media_port = 0;
  std::string media_tcp;
  std::vector<std::string> media_addresses;
  std::vector<std::string> media_external_addresses;
  std::int64_t media_max_peers = 0;
  std::int64_t media_shards = 0;
  std::int64_t media_receive_buffer_bytes = 0;
  std::int64_t media_send_buffer_bytes = 0;
  std::string data_folder;
  std::string record;
  std::vector<std::string> conferences;
  std::vector<std::string> ice_servers;
  std::vector<std::string> turn_servers;
  std::string turn_secret;
  std::int64_t turn_lifetime_seconds = 0;
  std::int64_t limits_publications = 0;
  std::int64_t limits_sessions = 0;
  std::int64_t limits_unused_publication_seconds = 0;
  std::string log_level;
  std::string log_format;
};

using Texts = std::vector<std::string>;
using Field = std::variant<std::string Configuration::*, std::int64_t Configuration::*, Texts Configuration::*>;

struct Setting {
  std::string_view key;  // as in the file: "http.port"
  Field field;
  std::string_view default_text;  // as in the environment; lists separated by commas
  std::string_view description;
  std::int64_t least = 0, most = 0;  // of numbers
  std::string_view choices = {};     // of texts: "text|json"; empty = any
  bool secret = false;               // may come from a file named by …_FILE; never printed
};
std::span<const Setting> settings_table();

std::string environment_name(const Setting& setting);  // "BRIDGEHALL_HTTP_PORT"
std::string flag_name(const Setting& setting);         // "--http-port"

struct ConfigurationSources {
  std::optional<std::string> file;                 // path of the TOML file
  std::map<std::string, std::string> environment;  // all of it; only BRIDGEHALL_… is looked at
  std::map<std::string, std::string> flags;        // by key
};

// Fails with a sentence that names where the mistake stands, what it is, and for an unknown key the one that was
// probably meant.
Result<Configuration> read_configuration(const ConfigurationSources& sources);

// The known word nearest to `word` by edits; empty when none is near.
std::string nearest(std::string_view word, std::span<const std::string> known);

// docs/settings.md and what `bridgehall settings` prints.
std::string describe_settings();

}  // namespace bridgehall::app
