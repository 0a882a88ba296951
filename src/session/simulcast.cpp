#include "session/simulcast.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace bridgehall::session {
namespace {

using RidLines = std::map<std::string_view, std::string_view>;  // id → restrictions

std::unexpected<std::string> malformed(const wire::SdpAttribute& attribute) {
  return std::unexpected(fmt::format("a={} on line {} is malformed.", attribute.name, attribute.line));
}

// nullopt: not well formed. An encoding that depends on another is none for us, since a layer must decode alone.
std::optional<Encoding> read_restrictions(std::string_view text, bool& depends) {
  Encoding encoding;
  while (!text.empty()) {
    const auto entry = wire::take_until(text, ';');
    depends |= entry.starts_with("depend=");
    if (!entry.starts_with("pt=")) {
      encoding.restrictions.append(encoding.restrictions.empty() ? "" : ";").append(entry);
      continue;
    }
    auto list = entry.substr(3);
    do {
      const auto number = wire::parse_decimal<std::uint8_t>(wire::take_until(list, ','));
      if (!number || *number > 127) return std::nullopt;
      if (encoding.admits(*number) && !encoding.payload_types.empty()) continue;
      encoding.payload_types.push_back(*number);
    } while (!list.empty());
  }
  return encoding;
}

// One entry of a=simulcast: alternatives between commas.
std::expected<std::optional<Encoding>, std::string> read_entry(std::string_view entry, const RidLines& lines,
                                                               std::set<std::string_view>& named) {
  std::optional<Encoding> chosen;
  do {
    auto id = wire::take_until(entry, ',');
    const bool paused = id.starts_with('~');
    if (paused) id.remove_prefix(1);
    if (!wire::is_rid(id)) return std::unexpected("a=simulcast names what is no rid.");
    if (!named.insert(id).second) return std::unexpected(fmt::format("a=simulcast names the rid {} twice.", id));
    const auto line = lines.find(id);
    if (chosen || line == lines.end()) continue;
    bool depends = false;
    auto encoding = read_restrictions(line->second, depends);
    if (!encoding) return std::unexpected(fmt::format("The payload types of the rid {} are malformed.", id));
    if (depends) continue;
    encoding->rid = id;
    encoding->paused = paused;
    chosen = std::move(encoding);
  } while (!entry.empty());
  return chosen;
}

}  // namespace

bool Encoding::admits(std::uint8_t payload_type) const {
  return payload_types.empty() ||
         std::find(payload_types.begin(), payload_types.end(), payload_type) != payload_types.end();
}

std::expected<std::vector<Encoding>, std::string> read_encodings(const wire::SdpAttributes& attributes,
                                                                 wire::RidDirection direction) {
  RidLines lines;
  std::optional<std::string_view> list;
  for (const auto& attribute : attributes) {
    if (attribute.name == "rid") {
      const auto rid = wire::parse_rid(attribute.value);
      if (!rid) return malformed(attribute);
      if (rid->direction == direction && !lines.emplace(rid->id, rid->restrictions).second)
        return std::unexpected(fmt::format("The rid {} has two a=rid lines.", rid->id));
    } else if (attribute.name == "simulcast") {
      const auto simulcast = wire::parse_simulcast(attribute.value);
      if (!simulcast) return malformed(attribute);
      if (list) return std::unexpected("There are two a=simulcast lines.");
      list = direction == wire::RidDirection::send ? simulcast->send : simulcast->recv;
    }
  }
  std::vector<Encoding> encodings;
  std::set<std::string_view> named;
  for (auto rest = list.value_or(""); !rest.empty();) {
    auto encoding = read_entry(wire::take_until(rest, ';'), lines, named);
    if (!encoding) return std::unexpected(std::move(encoding.error()));
    if (*encoding && encodings.size() < kMaxEncodings) encodings.push_back(std::move(**encoding));
  }
  return encodings;
}

void write_encodings(wire::SdpAttributes& out, std::span<const Encoding> encodings, wire::RidDirection direction,
                     const NegotiatedCodec& codec) {
  if (encodings.empty()) return;
  const auto name = wire::rid_direction_name(direction);
  std::string list;
  for (const auto& encoding : encodings) {
    std::string restrictions;
    if (!encoding.payload_types.empty()) {
      restrictions = fmt::format("pt={}", codec.payload_type);
      if (codec.rtx_payload_type != 0 && encoding.admits(codec.rtx_payload_type))
        restrictions += fmt::format(",{}", codec.rtx_payload_type);
    }
    if (!encoding.restrictions.empty())
      restrictions.append(restrictions.empty() ? "" : ";").append(encoding.restrictions);
    out.push_back({"rid", fmt::format("{} {}{}{}", encoding.rid, name, restrictions.empty() ? "" : " ", restrictions)});
    list += fmt::format("{}{}{}", list.empty() ? "" : ";", encoding.paused ? "~" : "", encoding.rid);
  }
  out.push_back({"simulcast", fmt::format("{} {}", name, list)});
}

}  // namespace bridgehall::session
