#include "wire/sdp_attributes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace bridgehall::wire {
namespace {

constexpr bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::optional<std::uint8_t> parse_payload_type(std::string_view text) {
  const auto number = parse_decimal<std::uint8_t>(text);
  return number && *number < 128 ? number : std::nullopt;
}

constexpr std::array<std::string_view, 4> kDirectionNames{"inactive", "sendonly", "recvonly", "sendrecv"};

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`{|}~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || kOther.find(c) != std::string_view::npos;
  });
}

bool is_ice_text(std::string_view text, std::size_t least) {
  return text.size() >= least && text.size() <= 256 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; });
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<SdpDirection> parse_direction(std::string_view attribute_name) {
  const auto found = std::find(kDirectionNames.begin(), kDirectionNames.end(), attribute_name);
  if (found == kDirectionNames.end()) return std::nullopt;
  return static_cast<SdpDirection>(found - kDirectionNames.begin());
}

std::string_view direction_name(SdpDirection direction) { return kDirectionNames[static_cast<std::size_t>(direction)]; }

std::optional<RtpMap> parse_rtpmap(std::string_view value) {
  FieldReader fields(value);
  RtpMap map;
  const auto payload_type = parse_payload_type(fields.next());
  auto rest = fields.next();
  const auto slash = rest.find('/');
  if (!payload_type || slash == std::string_view::npos) return std::nullopt;
  map.payload_type = *payload_type;
  map.encoding = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  const auto second = rest.find('/');
  const auto clock_rate = parse_decimal<std::uint32_t>(rest.substr(0, second));
  if (!clock_rate || !is_token(map.encoding)) return std::nullopt;
  map.clock_rate = *clock_rate;
  if (second != std::string_view::npos) {
    const auto channels = parse_decimal<std::uint32_t>(rest.substr(second + 1));
    if (!channels) return std::nullopt;
    map.channels = *channels;
  }
  return map;
}

std::optional<FormatParameters> parse_fmtp(std::string_view value) {
  FieldReader fields(value);
  const auto payload_type = parse_payload_type(fields.next());
  if (!payload_type) return std::nullopt;
  return FormatParameters{*payload_type, fields.rest()};
}

std::optional<std::string_view> fmtp_parameter(std::string_view parameters, std::string_view name) {
  while (!parameters.empty()) {
    auto entry = parameters.substr(0, parameters.find(';'));
    parameters.remove_prefix(std::min(entry.size() + 1, parameters.size()));
    entry.remove_prefix(std::min(entry.find_first_not_of(' '), entry.size()));
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    const auto equals = entry.find('=');
    if (!equal_ignoring_case(entry.substr(0, equals), name)) continue;
    return equals == std::string_view::npos ? std::string_view{} : entry.substr(equals + 1);
  }
  return std::nullopt;
}

std::optional<RtcpFeedback> parse_rtcp_feedback(std::string_view value) {
  FieldReader fields(value);
  RtcpFeedback feedback;
  const auto format = fields.next();
  if (format != "*") {
    feedback.payload_type = parse_payload_type(format);
    if (!feedback.payload_type) return std::nullopt;
  }
  feedback.kind = fields.rest();
  return feedback;
}

std::optional<ExtensionMap> parse_extmap(std::string_view value) {
  FieldReader fields(value);
  const auto mapping = fields.next();
  const auto slash = mapping.find('/');
  const auto id = parse_decimal<std::uint16_t>(mapping.substr(0, slash));
  ExtensionMap map;
  map.uri = fields.next();
  if (!id || map.uri.empty()) return std::nullopt;
  if ((*id < 1 || *id > 255) && (*id < 4096 || *id > 4351)) return std::nullopt;
  map.id = *id;
  if (slash != std::string_view::npos) {
    map.direction = parse_direction(mapping.substr(slash + 1));
    if (!map.direction) return std::nullopt;
  }
  return map;
}

std::optional<SourceAttribute> parse_ssrc(std::string_view value) {
  FieldReader fields(value);
  const auto ssrc = parse_decimal<std::uint32_t>(fields.next());
  if (!ssrc) return std::nullopt;
  const auto rest = fields.rest();
  const auto colon = rest.find(':');
  SourceAttribute attribute{Ssrc{*ssrc}, rest.substr(0, colon), {}};
  if (colon != std::string_view::npos) attribute.value = rest.substr(colon + 1);
  return attribute;
}

std::string_view rid_direction_name(RidDirection direction) {
  return direction == RidDirection::send ? "send" : "recv";
}

bool is_rid(std::string_view text) {
  return !text.empty() && text.size() <= 16 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

std::optional<Rid> parse_rid(std::string_view value) {
  FieldReader fields(value);
  Rid rid;
  rid.id = fields.next();
  const auto direction = fields.next();
  if (!is_rid(rid.id) || (direction != "send" && direction != "recv")) return std::nullopt;
  rid.direction = direction == "send" ? RidDirection::send : RidDirection::recv;
  rid.restrictions = fields.rest();
  return rid;
}

std::optional<Simulcast> parse_simulcast(std::string_view value) {
  FieldReader fields(value);
  Simulcast simulcast;
  for (auto direction = fields.next(); !direction.empty(); direction = fields.next()) {
    if (direction != "send" && direction != "recv") return std::nullopt;
    auto& list = direction == "send" ? simulcast.send : simulcast.recv;
    if (!list.empty()) return std::nullopt;
    list = fields.next();
    if (list.empty()) return std::nullopt;
  }
  if (simulcast.send.empty() && simulcast.recv.empty()) return std::nullopt;
  return simulcast;
}

std::optional<SocketAddress> parse_udp_candidate(std::string_view value) {
  FieldReader fields(value);
  fields.next();  // foundation
  const auto component = fields.next();
  const auto transport = fields.next();
  fields.next();  // priority
  const auto ip = IpAddress::parse(fields.next());
  const auto port = parse_decimal<std::uint16_t>(fields.next());
  if (component != "1" || !equal_ignoring_case(transport, "udp") || !ip || !port) return std::nullopt;
  return SocketAddress{*ip, *port};
}

std::string write_host_candidate(const TransportAddress& candidate, std::size_t n) {
  constexpr std::uint32_t kHostPreference = 126, kTcpPreference = 90;
  constexpr std::uint32_t kPassive = 4;  // RFC 6544 section 4.2: direction preference, in the upper 3 of 16 bits
  const bool tcp = candidate.protocol == Protocol::tcp;
  const auto local_preference = tcp ? kPassive << 13 | static_cast<std::uint32_t>(8191 - std::min<std::size_t>(n, 8191))
                                    : static_cast<std::uint32_t>(65535 - std::min<std::size_t>(n, 65535));
  const std::uint32_t priority = (tcp ? kTcpPreference : kHostPreference) << 24 | local_preference << 8 | 255;
  return fmt::format("{} 1 {} {} {} {} typ host{}", n + 1, tcp ? "tcp" : "udp", priority,
                     candidate.address.ip.to_string(), candidate.address.port, tcp ? " tcptype passive" : "");
}

}  // namespace bridgehall::wire
