#include "app/configuration.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <numeric>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/announced_addresses.h"
#include "base/address.h"
#include "conference/policy.h"
#include "web/ice_servers.h"
#include "wire/ice_uri.h"

namespace bridgehall::app {
namespace {

using Value = std::variant<std::string, std::int64_t, Texts>;
constexpr std::string_view kPrefix = "BRIDGEHALL_";
constexpr std::string_view kConfigVariable = "BRIDGEHALL_CONFIG";

const Setting* find_setting(std::string_view key) {
  const auto table = settings_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& s) { return s.key == key; });
  return found == table.end() ? nullptr : &*found;
}

std::string meant(std::string_view word, const std::vector<std::string>& known) {
  const auto near = nearest(word, known);
  return near.empty() ? "." : fmt::format("; did you mean {}?", near);
}

Texts split_list(std::string_view text) {
  Texts list;
  while (!text.empty()) {
    const auto comma = text.find_first_of(",\n");
    auto item = text.substr(0, comma);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\r')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\r')) item.remove_suffix(1);
    if (!item.empty()) list.emplace_back(item);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return list;
}

bool is_choice(std::string_view choices, std::string_view word) {
  return fmt::format("|{}|", choices).find(fmt::format("|{}|", word)) != std::string::npos &&
         word.find('|') == std::string_view::npos;
}

// `where` opens the sentence when the value is wrong: "bridgehall.toml:3: http.port", "BRIDGEHALL_HTTP_PORT",
// "--http-port".
Result<void> assign(Configuration& configuration, const Setting& setting, Value value, std::string_view where) {
  if (const auto* field = std::get_if<std::int64_t Configuration::*>(&setting.field)) {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (!number || *number < setting.least || *number > setting.most)
      return fail(fmt::format("{} has to be a number from {} to {}.", where, setting.least, setting.most));
    configuration.*(*field) = *number;
  } else if (const auto* list_field = std::get_if<Texts Configuration::*>(&setting.field)) {
    auto* list = std::get_if<Texts>(&value);
    if (!list) return fail(fmt::format("{} has to be a list of texts.", where));
    configuration.*(*list_field) = std::move(*list);
  } else {
    auto* text = std::get_if<std::string>(&value);
    if (!text) return fail(fmt::format("{} has to be a text.", where));
    if (!setting.choices.empty() && !is_choice(setting.choices, *text)) {
      std::string words(setting.choices);
      std::replace(words.begin(), words.end(), '|', ' ');
      return fail(fmt::format("{} has to be one of: {}.", where, words));
    }
    configuration.*std::get<std::string Configuration::*>(setting.field) = std::move(*text);
  }
  return {};
}

Result<void> assign_text(Configuration& configuration, const Setting& setting, const std::string& text,
                         std::string_view where) {
  if (std::holds_alternative<Texts Configuration::*>(setting.field))
    return assign(configuration, setting, split_list(text), where);
  if (std::holds_alternative<std::string Configuration::*>(setting.field))
    return assign(configuration, setting, text, where);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return assign(configuration, setting, std::string(), where);
  return assign(configuration, setting, number, where);
}

// -- the file --

Value to_value(const toml::node& node) {
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  const auto* array = node.as_array();
  if (!array) return std::string();  // of no type that a setting has: assign() says which one is wanted
  Texts list;
  for (const auto& item : *array) {
    const auto* text = item.as_string();
    if (!text) return std::string();
    list.push_back(text->get());
  }
  return list;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const auto& s : settings_table()) keys.emplace_back(s.key);
  return keys;
}

bool is_table_name(std::string_view key) {
  const auto table = settings_table();
  return std::any_of(table.begin(), table.end(),
                     [&](const auto& s) { return s.key.starts_with(fmt::format("{}.", key)); });
}

Result<void> read_table(Configuration& configuration, const std::string& file, const std::string& prefix,
                        const toml::table& table) {
  for (const auto& [name, node] : table) {
    const auto key = prefix.empty() ? std::string(name.str()) : fmt::format("{}.{}", prefix, name.str());
    const auto where = fmt::format("{}:{}: {}", file, name.source().begin.line, key);
    const auto* setting = find_setting(key);
    if (setting) {
      // A number or a boolean where a text is wanted, or a date anywhere, is refused like any other wrong value.
      const bool text_wanted = std::holds_alternative<std::string Configuration::*>(setting->field);
      auto value = text_wanted && !node.is_string() ? Value{std::int64_t{0}} : to_value(node);
      if (auto done = assign(configuration, *setting, std::move(value), where); !done) return done;
    } else if (node.is_table() && is_table_name(key)) {
      if (auto done = read_table(configuration, file, key, *node.as_table()); !done) return done;
    } else {
      return fail(fmt::format("{} is not a setting{}", where, meant(key, known_keys())));
    }
  }
  return {};
}

Result<void> read_file(Configuration& configuration, const std::string& path) {
  std::ifstream stream(path);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) return fail(fmt::format("The configuration file {} cannot be read.", path));
  try {
    return read_table(configuration, path, {}, toml::parse(text, path));
  } catch (const toml::parse_error& error) {
    return fail(fmt::format("{}:{}: This is not TOML: {}.", path, error.source().begin.line, error.description()));
  }
}

// -- the environment --

Result<std::string> read_secret_file(const std::string& variable, const std::string& path) {
  std::ifstream stream(path);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) return fail(fmt::format("The file {} named by {} cannot be read.", path, variable));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

Result<void> read_environment(Configuration& configuration, const std::map<std::string, std::string>& environment) {
  auto known = std::vector<std::string>{std::string(kConfigVariable)};
  for (const auto& setting : settings_table()) {
    const auto name = environment_name(setting);
    known.push_back(name);
    const auto direct = environment.find(name);
    const auto file = setting.secret ? environment.find(name + "_FILE") : environment.end();
    if (setting.secret) known.push_back(name + "_FILE");
    if (direct != environment.end() && file != environment.end())
      return fail(fmt::format("{0} and {0}_FILE are both set; one is enough.", name));
    if (direct != environment.end()) {
      if (auto done = assign_text(configuration, setting, direct->second, name); !done) return done;
    } else if (file != environment.end()) {
      const auto text = read_secret_file(file->first, file->second);
      if (!text) return std::unexpected(text.error());
      if (auto done = assign_text(configuration, setting, *text, file->first); !done) return done;
    }
  }
  for (const auto& [name, value] : environment) {
    if (name.starts_with(kPrefix) && std::find(known.begin(), known.end(), name) == known.end())
      return fail(fmt::format("The environment variable {} is not a setting{}", name, meant(name, known)));
  }
  return {};
}

// -- what a single value's type cannot say --

Result<void> check_external_addresses(const Configuration& c) {
  if (c.media_external_addresses.size() > kMaxExternalAddresses)
    return fail(fmt::format("media.external_addresses has more than {} entries.", kMaxExternalAddresses));
  for (const auto& text : c.media_external_addresses) {
    const auto entry = parse_external_address(text);
    if (!entry) return std::unexpected(entry.error());
    const auto& own = c.media_addresses;
    const auto names = [&](const auto& ip) { return IpAddress::parse(ip) == entry->internal; };
    if (entry->internal && !own.empty() && std::none_of(own.begin(), own.end(), names))
      return fail(fmt::format(
          "media.external_addresses has {}, but media.addresses, which says what to announce, does not name "
          "its second half.",
          text));
  }
  return {};
}

Result<void> check_turn(const Configuration& c) {
  for (const auto& text : c.turn_servers) {
    const auto uri = wire::parse_ice_uri(text);
    if (!uri || !uri->relay)
      return fail(fmt::format(
          "turn.servers has {}: write turn:host:port, turn:host:port?transport=tcp or turns:host:port.", text));
  }
  if (c.ice_servers.size() + c.turn_servers.size() > web::IceServers::kMax)
    return fail(fmt::format("ice_servers and turn.servers have more than {} entries together.", web::IceServers::kMax));
  if (!c.turn_servers.empty() && c.turn_secret.empty())
    return fail("turn.servers names servers, but turn.secret, which they have to share with this one, is empty.");
  if (c.turn_servers.empty() && !c.turn_secret.empty())
    return fail("turn.secret is set, but turn.servers names no server that it is for.");
  return {};
}

Result<void> check(const Configuration& c) {
  if (!IpAddress::parse(c.http_address))
    return fail(
        fmt::format("http.address is {}, which is no IP address: use 127.0.0.1 for this machine only, or 0.0.0.0 for "
                    "all addresses.",
                    c.http_address));
  if (c.http_certificate_file.empty() != c.http_certificate_key_file.empty())
    return fail(
        "http.certificate_file and http.certificate_key_file go together: a certificate is of no use without its key.");
  std::vector<IpAddress> named;  // what is announced whatever this machine's addresses are
  for (const auto& text : c.media_addresses) {
    const auto ip = IpAddress::parse(text);
    if (!ip || ip->is_unspecified() || ip->is_link_local())
      return fail(fmt::format("media.addresses has {}, which is not an IP address that clients can reach.", text));
    named.push_back(*ip);
  }
  if (auto done = check_external_addresses(c); !done) return done;
  if (auto words = unusable_media_port(static_cast<std::uint16_t>(c.media_port), named); !words.empty())
    return fail(std::move(words));
  if (c.conferences.empty()) return fail("conferences is empty: name at least one.");
  for (const auto& id : c.conferences) {
    if (!conference::is_valid_name(id))
      return fail(
          fmt::format("conferences has {}: an id has 1 to 64 letters, digits, dots, hyphens or underscores.", id));
  }
  for (const auto& server : c.ice_servers) {
    const bool known_scheme = server.starts_with("stun:") || server.starts_with("turn:") ||
                              server.starts_with("turns:") || server.starts_with("stuns:");
    const bool clean = server.find_first_of("<>\"\\\r\n") == std::string::npos;
    if (!known_scheme || !clean)
      return fail(
          "ice_servers has an entry that does not begin with stun:, stuns:, turn: or turns:, or has quotes in it.");
  }
  return check_turn(c);
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
  std::string best;
  std::size_t best_distance = word.size() / 3 + 2;  // further off, a proposal only confuses
  for (const auto& candidate : known) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < word.size(); ++i) {
      auto diagonal = row[0]++;
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const auto replaced = diagonal + (word[i] != candidate[j]);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

Result<Configuration> read_configuration(const ConfigurationSources& sources) {
  Configuration configuration;
  for (const auto& setting : settings_table()) {
    if (auto done = assign_text(configuration, setting, std::string(setting.default_text), setting.key); !done)
      return std::unexpected(done.error());
  }
  if (sources.file) {
    if (auto done = read_file(configuration, *sources.file); !done) return std::unexpected(done.error());
  }
  if (auto done = read_environment(configuration, sources.environment); !done) return std::unexpected(done.error());
  for (const auto& [key, text] : sources.flags) {
    const auto* setting = find_setting(key);
    if (!setting) return fail(fmt::format("{} is not a setting.", key));
    if (auto done = assign_text(configuration, *setting, text, flag_name(*setting)); !done)
      return std::unexpected(done.error());
  }
  if (auto done = check(configuration); !done) return std::unexpected(done.error());
  return configuration;
}

}  // namespace bridgehall::app
