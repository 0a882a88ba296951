// SDP (RFC 8866) as lines and attributes: the parser knows the grammar, not what the attributes mean (that is
// sdp_attributes.h, and offer and answer in the session layer). Input is attacker's: bounded in size, lines, line
// length and media sections. A plain value; used on the control thread only.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace bridgehall::wire {

// The largest offer of our own clients has 33 media sections; Chromium writes up to 200 lines and 6 KB into each (36
// sections: 5,556 lines, 181 KB), and with many network interfaces their candidates into each as well. An fmtp line
// with parameter sets is the longest line seen, at about 1 KB.
inline constexpr std::size_t kSdpMaxSize = 400'000;  // as long as the signalling lets an offer be
inline constexpr std::size_t kSdpMaxLines = 8192;
inline constexpr std::size_t kSdpMaxLineSize = 4096;
inline constexpr std::size_t kSdpMaxMedia = 64;
inline constexpr std::size_t kSdpMaxFormats = 128;  // there are no more RTP payload types

// "a=name:value", or "a=name" when the value is empty.
struct SdpAttribute {
  std::string name;
  std::string value;
  std::size_t line = 0;  // counted from 1; 0 when made by us. Not part of equality.
  bool operator==(const SdpAttribute& other) const { return name == other.name && value == other.value; }
};
using SdpAttributes = std::vector<SdpAttribute>;

struct SdpMedia {
  std::string kind;  // "audio", "video", "application"
  std::uint16_t port = 0;
  std::string protocol;              // "UDP/TLS/RTP/SAVPF"
  std::vector<std::string> formats;  // at least one
  std::string connection;            // the c= line's value, may be empty
  SdpAttributes attributes;
  std::size_t line = 0;
  bool operator==(const SdpMedia& other) const {
    return kind == other.kind && port == other.port && protocol == other.protocol && formats == other.formats &&
           connection == other.connection && attributes == other.attributes;
  }
};

struct SdpSession {
  std::string origin;  // the o= line's value: six fields
  std::string name = "-";
  SdpAttributes attributes;
  std::vector<SdpMedia> media;
  bool operator==(const SdpSession&) const = default;
};

struct SdpError {
  std::size_t line = 0;
  std::string message;  // a whole sentence
};

// Line ends may be CRLF or LF. Lines that say nothing for WebRTC (b=, i=, t=, …) are checked for form and left out.
std::expected<SdpSession, SdpError> parse_sdp(std::string_view text);
// An SDP fragment (RFC 8840): session attributes and media sections without v=, o=, s= and t=.
std::expected<SdpSession, SdpError> parse_sdp_fragment(std::string_view text);

// CRLF line ends. What parse_sdp() took comes out so that parse_sdp() takes it as the same value again.
std::string write_sdp(const SdpSession& session);
std::string write_sdp_fragment(const SdpSession& session);

// The value of the first attribute of that name; nullptr when there is none.
const std::string* find_attribute(const SdpAttributes& attributes, std::string_view name);

}  // namespace bridgehall::wire
