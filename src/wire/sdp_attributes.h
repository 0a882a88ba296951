// The SDP attributes that WebRTC needs, each from its value ("a=rtpmap:" already cut off) to a struct of views into
// that value. nullopt: the value does not have the form that the named RFC gives it.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/id.h"

namespace bridgehall::wire {

// A token of RFC 8866 section 9, not empty.
bool is_token(std::string_view text);
// ice-char of RFC 8839 section 5.1, `least` to 256 of them.
bool is_ice_text(std::string_view text, std::size_t least);
bool equal_ignoring_case(std::string_view a, std::string_view b);

// The whole of `text` as a decimal number that fits T.
template <class T>
std::optional<T> parse_decimal(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Fields between spaces, one after another; empty at the end.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}
  std::string_view next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    const auto field = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(field.size());
    return field;
  }
  std::string_view rest() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    return rest_;
  }

 private:
  std::string_view rest_;
};

enum class SdpDirection : std::uint8_t { inactive, sendonly, recvonly, sendrecv };
constexpr bool sends(SdpDirection d) { return d == SdpDirection::sendonly || d == SdpDirection::sendrecv; }
constexpr bool receives(SdpDirection d) { return d == SdpDirection::recvonly || d == SdpDirection::sendrecv; }
std::optional<SdpDirection> parse_direction(std::string_view attribute_name);
std::string_view direction_name(SdpDirection direction);

// a=rtpmap:111 opus/48000/2 (RFC 8866 section 6.6)
struct RtpMap {
  std::uint8_t payload_type = 0;
  std::string_view encoding;
  std::uint32_t clock_rate = 0;
  std::uint32_t channels = 1;
};
std::optional<RtpMap> parse_rtpmap(std::string_view value);

// a=fmtp:97 apt=96 (section 6.15): the payload type and the rest
struct FormatParameters {
  std::uint8_t payload_type = 0;
  std::string_view parameters;
};
std::optional<FormatParameters> parse_fmtp(std::string_view value);
// "a=1;b=2" → the value of `name` (case-insensitive); nullopt when it is not there.
std::optional<std::string_view> fmtp_parameter(std::string_view parameters, std::string_view name);

// a=rtcp-fb:96 nack pli (RFC 4585 section 4.2)
struct RtcpFeedback {
  std::optional<std::uint8_t> payload_type;  // nullopt: '*', all of the m-line
  std::string_view kind;                     // "nack pli"
};
std::optional<RtcpFeedback> parse_rtcp_feedback(std::string_view value);

// a=extmap:2/recvonly urn:… (RFC 8285 section 5)
struct ExtensionMap {
  std::uint16_t id = 0;  // 1–255, or 4096–4351 for "only if ids run out"
  std::optional<SdpDirection> direction;
  std::string_view uri;
};
std::optional<ExtensionMap> parse_extmap(std::string_view value);

// a=ssrc:1 cname:x (RFC 5576 section 4.1)
struct SourceAttribute {
  Ssrc ssrc{};
  std::string_view name;
  std::string_view value;
};
std::optional<SourceAttribute> parse_ssrc(std::string_view value);

// a=rid:l send pt=96,97;max-width=320 (RFC 8851 section 4). The id is what a header extension of one byte form can
// carry (RFC 8852 section 3): 1 to 16 letters, digits, '-' or '_'.
enum class RidDirection : std::uint8_t { send, recv };
std::string_view rid_direction_name(RidDirection direction);
bool is_rid(std::string_view text);
struct Rid {
  std::string_view id;
  RidDirection direction{};
  std::string_view restrictions;  // "pt=96,97;max-width=320", may be empty
};
std::optional<Rid> parse_rid(std::string_view value);

// a=simulcast:send l;~m,x;h recv y (RFC 8853 section 5.1): both lists as they stand there, empty when not given.
struct Simulcast {
  std::string_view send;
  std::string_view recv;
};
std::optional<Simulcast> parse_simulcast(std::string_view value);

// The text before the first `separator`, which is cut off from `rest` with it; empty at the end.
inline std::string_view take_until(std::string_view& rest, char separator) {
  const auto part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

// a=candidate:… (RFC 8839 section 5.1): what a client needs of it. Host names (mDNS) and TCP are nullopt.
std::optional<SocketAddress> parse_udp_candidate(std::string_view value);
// The n-th host candidate of ours: earlier ones get higher priority (RFC 8445 section 5.1.2.1). One over TCP is passive
// (RFC 6544 section 4.5) and comes after all over UDP.
std::string write_host_candidate(const TransportAddress& candidate, std::size_t n);

}  // namespace bridgehall::wire
