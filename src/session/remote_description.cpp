#include "session/remote_description.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <map>

#include <fmt/format.h>

namespace bridgehall::session {
namespace {

using wire::Codec;
using wire::MediaKind;

constexpr std::size_t kMaxMidSize = 32;  // RFC 9143 section 15.1 advises three bytes; GStreamer writes "video0"

constexpr std::array<std::string_view, wire::kExtensionKinds> kExtensionUris{
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "urn:3gpp:video-orientation",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
};

struct KnownCodec {
  std::string_view encoding;
  Codec codec;
};
constexpr std::array<KnownCodec, 5> kCodecs{
    {{"opus", Codec::opus}, {"VP8", Codec::vp8}, {"VP9", Codec::vp9}, {"H264", Codec::h264}, {"AV1", Codec::av1}}};

std::optional<Codec> codec_of(const wire::RtpMap& map, MediaKind kind) {
  for (const auto& known : kCodecs) {
    if (!wire::equal_ignoring_case(known.encoding, map.encoding) || wire::kind_of(known.codec) != kind) continue;
    if (map.clock_rate != wire::clock_rate_of(known.codec)) continue;
    if (known.codec == Codec::opus && map.channels != 2) continue;  // RFC 7587 section 7
    return known.codec;
  }
  return std::nullopt;
}

bool carries_rtp(std::string_view protocol) {
  constexpr std::array<std::string_view, 5> kProtocols{
      "UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "RTP/SAVPF", "UDP/TLS/RTP/SAVP",
      "RTP/SAVP"};  // RFC 9429 section 5.1.2 has all of them taken as the first
  return std::find(kProtocols.begin(), kProtocols.end(), protocol) != kProtocols.end();
}

// Static PCMU, and what would look like RTCP with rtcp-mux (RFC 5761 section 4).
bool is_unusable(std::uint8_t payload_type) { return payload_type == 0 || (payload_type >= 64 && payload_type <= 95); }

std::unexpected<NegotiationError> malformed(std::string field, std::string message) {
  return refuse(Refusal::malformed, std::move(field), std::move(message));
}

// Reads one m-line. Every list in it is bounded by the parser's bounds on lines and formats.
class MediaReader {
 public:
  MediaReader(const wire::SdpSession& session, const wire::SdpMedia& media, std::size_t index)
      : session_(session), media_(media) {
    if (const auto* mid = wire::find_attribute(media.attributes, "mid")) out_.mid = *mid;
    out_.label = out_.mid.empty()
                     ? fmt::format("m={} (m-line {})", media.kind.substr(0, kMaxMidSize), index + 1)
                     : fmt::format("m={} (mid {})", media.kind.substr(0, kMaxMidSize), out_.mid.substr(0, kMaxMidSize));
  }

  std::expected<RemoteMedia, NegotiationError> run() {
    if (out_.mid.size() > kMaxMidSize || (!out_.mid.empty() && !wire::is_token(out_.mid)))
      return malformed(out_.label, fmt::format("The mid is not a token of at most {} bytes.", kMaxMidSize));
    if (carries_rtp(media_.protocol)) {
      if (media_.kind == "audio") out_.kind = MediaKind::audio;
      if (media_.kind == "video") out_.kind = MediaKind::video;
    }
    const bool bundle_only = wire::find_attribute(media_.attributes, "bundle-only") != nullptr;
    out_.in_use = media_.port != 0 || bundle_only;
    read_flags();
    if (out_.kind && !(read_formats() && read_rtpmaps() && read_parameters() && read_extensions() && read_sources() &&
                       read_simulcast()))
      return malformed(out_.label, std::move(error_));
    return std::move(out_);
  }

 private:
  template <class Visit>
  bool each(std::string_view name, Visit&& visit) {
    for (const auto& attribute : media_.attributes)
      if (attribute.name == name && !visit(std::string_view(attribute.value))) {
        if (error_.empty()) error_ = fmt::format("a={} on line {} is malformed.", name, attribute.line);
        return false;
      }
    return true;
  }

  void read_flags() {
    for (const auto* attributes : {&session_.attributes, &media_.attributes})
      for (const auto& attribute : *attributes) {
        if (const auto direction = wire::parse_direction(attribute.name)) out_.direction = *direction;
        if (attribute.name == "extmap-allow-mixed") out_.mixed_extensions = true;
      }
    out_.rtcp_mux = wire::find_attribute(media_.attributes, "rtcp-mux") != nullptr;
    out_.rtcp_rsize = wire::find_attribute(media_.attributes, "rtcp-rsize") != nullptr;
  }

  bool read_formats() {
    for (const auto& format : media_.formats) {
      const auto number = wire::parse_decimal<std::uint8_t>(format);
      if (!number || *number > 127) {
        error_ = fmt::format("The payload type on line {} is not a number from 0 to 127.", media_.line);
        return false;
      }
      if (listed_[*number]) {
        error_ = fmt::format("Payload type {} is listed twice.", *number);
        return false;
      }
      listed_.set(*number);
      order_.push_back(*number);
    }
    return true;
  }

  // Firefox leaves lines of payload types that are no longer in the m-line: they are passed over.
  bool read_rtpmaps() {
    std::map<std::uint8_t, wire::RtpMap> maps;
    const bool fine = each("rtpmap", [&](std::string_view value) {
      const auto map = wire::parse_rtpmap(value);
      if (!map) return false;
      if (!listed_[map->payload_type]) return true;
      if (maps.emplace(map->payload_type, *map).second) return true;
      error_ = fmt::format("Payload type {} has two rtpmap lines.", map->payload_type);
      return false;
    });
    if (!fine) return false;
    for (const auto payload_type : order_) {
      const auto found = maps.find(payload_type);
      if (found == maps.end() || is_unusable(payload_type)) continue;
      if (wire::equal_ignoring_case(found->second.encoding, "rtx")) {
        rtx_.set(payload_type);
      } else if (const auto codec = codec_of(found->second, *out_.kind)) {
        out_.codecs.push_back({.codec = *codec, .payload_type = payload_type});
      }
    }
    return true;
  }

  NegotiatedCodec* find_codec(std::uint8_t payload_type) {
    const auto found = std::find_if(out_.codecs.begin(), out_.codecs.end(),
                                    [&](const auto& c) { return c.payload_type == payload_type; });
    return found == out_.codecs.end() ? nullptr : &*found;
  }

  bool read_parameters() {
    const bool fine = each("fmtp", [&](std::string_view value) {
      const auto format = wire::parse_fmtp(value);
      if (!format) return false;
      if (auto* codec = find_codec(format->payload_type)) {
        if (codec->fmtp.empty()) codec->fmtp = format->parameters;
      } else if (rtx_[format->payload_type]) {
        const auto apt =
            wire::parse_decimal<std::uint8_t>(wire::fmtp_parameter(format->parameters, "apt").value_or(""));
        auto* repaired = apt ? find_codec(*apt) : nullptr;
        if (repaired && repaired->rtx_payload_type == 0) repaired->rtx_payload_type = format->payload_type;
      }
      return true;
    });
    return fine && each("rtcp-fb", [&](std::string_view value) {
             const auto feedback = wire::parse_rtcp_feedback(value);
             if (!feedback) return false;
             for (auto& codec : out_.codecs)
               if (!feedback->payload_type || *feedback->payload_type == codec.payload_type)
                 add_feedback(codec, feedback->kind);
             return true;
           });
  }

  static void add_feedback(NegotiatedCodec& codec, std::string_view kind) {
    codec.nack |= kind == "nack";
    codec.pli |= kind == "nack pli";
    codec.fir |= kind == "ccm fir";
    codec.transport_cc |= kind == "transport-cc";
  }

  bool read_extensions() {
    std::map<std::uint16_t, std::string_view> uris;
    return each("extmap", [&](std::string_view value) {
      const auto map = wire::parse_extmap(value);
      if (!map) return false;
      const auto [entry, fresh] = uris.emplace(map->id, map->uri);
      if (!fresh && entry->second != map->uri) {
        error_ = fmt::format("Extension id {} stands for two extensions.", map->id);
        return false;
      }
      // 15 is not to be used in the one-byte form (RFC 8285 section 4.2); ids of 4096 and up are offers to be
      // renumbered.
      const auto known = std::find(kExtensionUris.begin(), kExtensionUris.end(), map->uri);
      if (!fresh || known == kExtensionUris.end() || map->id > 255 || map->id == 15) return true;
      if (map->id > 14 && !out_.mixed_extensions) return true;
      out_.extensions.push_back({static_cast<wire::ExtensionKind>(known - kExtensionUris.begin()),
                                 static_cast<std::uint8_t>(map->id),
                                 map->direction.value_or(wire::SdpDirection::sendrecv)});
      return true;
    });
  }

  bool read_sources() {
    std::vector<std::vector<std::uint32_t>> repair_groups;
    Ssrc simulcast_first{};
    const bool fine = each("ssrc-group", [&](std::string_view value) {
      wire::FieldReader fields(value);
      const auto semantics = fields.next();
      std::vector<std::uint32_t> members;
      for (auto field = fields.next(); !field.empty(); field = fields.next()) {
        const auto ssrc = wire::parse_decimal<std::uint32_t>(field);
        if (!ssrc) return false;
        members.push_back(*ssrc);
      }
      if (semantics == "SIM" && !members.empty() && simulcast_first.value() == 0)
        simulcast_first = Ssrc{members.front()};
      if (semantics == "FID" && members.size() == 2) repair_groups.push_back(std::move(members));
      return !semantics.empty();
    });
    if (!fine) return false;
    out_.ssrc = simulcast_first;
    if (out_.ssrc.value() == 0 && !repair_groups.empty()) out_.ssrc = Ssrc{repair_groups.front()[0]};
    const bool sources_fine = each("ssrc", [&](std::string_view value) {
      const auto source = wire::parse_ssrc(value);
      if (source && out_.ssrc.value() == 0) out_.ssrc = source->ssrc;
      return source.has_value();
    });
    for (const auto& group : repair_groups)
      if (Ssrc{group[0]} == out_.ssrc && group[1] != group[0] && out_.rtx_ssrc.value() == 0)
        out_.rtx_ssrc = Ssrc{group[1]};
    return sources_fine;
  }

  bool read_simulcast() {
    if (out_.kind != MediaKind::video) return true;
    auto sent = read_encodings(media_.attributes, wire::RidDirection::send);
    auto wanted = read_encodings(media_.attributes, wire::RidDirection::recv);
    if (!sent || !wanted) {
      error_ = std::move(sent ? wanted.error() : sent.error());
      return false;
    }
    out_.encodings = std::move(*sent);
    out_.wanted_encodings = std::move(*wanted);
    return true;
  }

  const wire::SdpSession& session_;
  const wire::SdpMedia& media_;
  RemoteMedia out_;
  std::string error_;
  std::bitset<128> listed_;
  std::bitset<128> rtx_;
  std::vector<std::uint8_t> order_;
};

std::optional<NegotiationError> read_bundle(RemoteDescription& description) {
  for (const auto& attribute : description.sdp.attributes) {
    if (attribute.name != "group" || description.has_bundle) continue;
    wire::FieldReader fields(attribute.value);
    if (fields.next() != "BUNDLE") continue;
    description.has_bundle = true;
    for (auto mid = fields.next(); !mid.empty(); mid = fields.next()) {
      const auto found =
          std::find_if(description.media.begin(), description.media.end(), [&](const auto& m) { return m.mid == mid; });
      if (found == description.media.end())
        return malformed("a=group", "The BUNDLE group names a mid that no m-line has.").error();
      if (found->bundled) return malformed("a=group", "The BUNDLE group names a mid twice.").error();
      found->bundled = true;
      description.bundle.emplace_back(mid);
    }
  }
  return std::nullopt;
}

std::optional<crypto::Fingerprint> read_fingerprint(std::string_view value) {
  constexpr std::array<std::string_view, 3> kStrong{"sha-256", "sha-384", "sha-512"};
  auto fingerprint = crypto::Fingerprint::parse(value);
  if (!fingerprint || std::find(kStrong.begin(), kStrong.end(), fingerprint->algorithm) == kStrong.end())
    return std::nullopt;
  return fingerprint;
}

const std::string* find_in(const wire::SdpAttributes& first, const wire::SdpAttributes& second, std::string_view name) {
  const auto* value = wire::find_attribute(first, name);
  return value ? value : wire::find_attribute(second, name);
}

}  // namespace

std::string_view extension_uri(wire::ExtensionKind kind) { return kExtensionUris[static_cast<std::size_t>(kind)]; }

std::unexpected<NegotiationError> refuse(Refusal refusal, std::string field, std::string message) {
  return std::unexpected(NegotiationError{refusal, std::move(field), std::move(message)});
}

const RemoteMedia* RemoteDescription::find(std::string_view mid) const {
  const auto found = std::find_if(media.begin(), media.end(), [&](const auto& m) { return m.mid == mid; });
  return found == media.end() ? nullptr : &*found;
}

std::expected<RemoteDescription, NegotiationError> read_description(std::string_view text) {
  auto sdp = wire::parse_sdp(text);
  if (!sdp) return malformed(fmt::format("line {}", sdp.error().line), std::move(sdp.error().message));
  RemoteDescription description;
  description.sdp = std::move(*sdp);
  description.mixed_extensions = wire::find_attribute(description.sdp.attributes, "extmap-allow-mixed") != nullptr;
  for (const auto& section : description.sdp.media) {
    auto media = MediaReader(description.sdp, section, description.media.size()).run();
    if (!media) return std::unexpected(std::move(media.error()));
    if (!media->mid.empty() && description.find(media->mid))
      return malformed(media->label, "Two m-lines have the same mid.");
    description.media.push_back(std::move(*media));
  }
  if (auto error = read_bundle(description)) return std::unexpected(std::move(*error));
  return description;
}

std::expected<std::optional<IceCredentials>, NegotiationError> read_credentials(const wire::SdpAttributes& first,
                                                                                const wire::SdpAttributes& second) {
  const auto* ufrag = find_in(first, second, "ice-ufrag");
  const auto* password = find_in(first, second, "ice-pwd");
  if (!ufrag && !password) return std::nullopt;
  if (!ufrag || !wire::is_ice_text(*ufrag, 4))
    return refuse(Refusal::no_ice, "a=ice-ufrag",
                  "The ICE user fragment is missing or is not 4 to 256 letters, digits, '+' or '/'.");
  if (!password || !wire::is_ice_text(*password, 22))
    return refuse(Refusal::no_ice, "a=ice-pwd",
                  "The ICE password is missing or is not 22 to 256 letters, digits, '+' or '/'.");
  return IceCredentials{*ufrag, *password};
}

std::expected<RemoteTransport, NegotiationError> read_transport(const RemoteDescription& description, std::size_t index,
                                                                std::vector<std::string_view> setups) {
  const auto& own = description.sdp.media[index].attributes;
  const auto& session = description.sdp.attributes;
  auto credentials = read_credentials(own, session);
  if (!credentials) return std::unexpected(std::move(credentials.error()));
  if (!*credentials) return refuse(Refusal::no_ice, "a=ice-ufrag", "The description has no ICE credentials.");

  // Several hashes of one certificate may be given (RFC 8122 section 5): any that is strong enough will do.
  std::optional<crypto::Fingerprint> fingerprint;
  for (const auto* attributes : {&own, &session})
    for (const auto& attribute : *attributes)
      if (!fingerprint && attribute.name == "fingerprint") fingerprint = read_fingerprint(attribute.value);
  if (!fingerprint)
    return refuse(Refusal::no_fingerprint, "a=fingerprint",
                  "The description has no certificate fingerprint by SHA-256, SHA-384 or SHA-512.");

  const auto* setup = find_in(own, session, "setup");
  const std::string_view value =
      setup ? std::string_view(*setup) : "active";  // RFC 4145 section 4: the default of an offer
  if (std::find(setups.begin(), setups.end(), value) == setups.end())
    return malformed("a=setup", fmt::format("a=setup must be {}.", fmt::join(setups, " or ")));
  return RemoteTransport{std::move(**credentials), std::move(*fingerprint)};
}

}  // namespace bridgehall::session
