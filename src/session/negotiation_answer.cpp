#include "session/negotiation_answer.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "session/codec_match.h"
#include "wire/sdp.h"

namespace bridgehall::session {
namespace {

std::optional<NegotiationError> contradiction(std::string field, std::string message) {
  return refuse(Refusal::malformed, std::move(field), std::move(message)).error();
}

// What the m-lines of one bundle share: payload types may stand in several of them, but for the same thing (RFC 9143
// section 9.1); SSRCs are each for one stream. Extension ids are one space (section 9.2), but aiortc numbers each
// m-line anew: that is refused only where both meanings are agreed on.
class DistinctCheck {
 public:
  std::optional<NegotiationError> add(const AcceptedMedia& media) {
    for (const auto& codec : media.codecs) {
      const auto format = codec_format(codec.codec, codec.fmtp);
      if (auto error = add_format(codec.payload_type, {codec.codec, format.profile, format.packetization_mode, 0}))
        return error;
      if (codec.rtx_payload_type == 0) continue;
      if (auto error = add_format(codec.rtx_payload_type, {codec.codec, 0, 0, codec.payload_type})) return error;
    }
    for (const auto ssrc : {media.remote_ssrc, media.remote_rtx_ssrc})
      if (ssrc.value() != 0 && !ssrcs_.insert(ssrc).second)
        return contradiction("a=ssrc", fmt::format("SSRC {} is announced for two streams.", ssrc.value()));
    for (std::size_t kind = 0; kind < wire::kExtensionKinds; ++kind) {
      const auto id = media.extensions.ids[kind];
      if (id != 0 && extensions_.emplace(id, kind).first->second != kind)
        return contradiction("a=extmap", fmt::format("Extension id {} means two things in one bundle.", id));
    }
    return std::nullopt;
  }

 private:
  // Codec, profile, packetization mode, and of RTX the payload type that it repairs.
  using Format = std::tuple<wire::Codec, int, int, std::uint8_t>;

  std::optional<NegotiationError> add_format(std::uint8_t payload_type, const Format& format) {
    if (formats_.emplace(payload_type, format).first->second == format) return std::nullopt;
    return contradiction("m=", fmt::format("Payload type {} means two things in one bundle.", payload_type));
  }

  std::map<std::uint8_t, Format> formats_;
  std::set<Ssrc> ssrcs_;
  std::map<std::uint8_t, std::size_t> extensions_;
};

class AnswerWriter {
 public:
  AnswerWriter(const RemoteDescription& offer, const LocalEnd& local, const std::vector<AcceptedMedia>& accepted)
      : offer_(offer), local_(local), accepted_(accepted) {}

  std::string write(std::size_t bundle_index, const std::vector<std::string>& bundle) {
    wire::SdpSession answer;
    answer.origin = fmt::format("- {} 1 IN IP4 0.0.0.0", local_.session_id);
    answer.attributes.push_back({"ice-lite", ""});
    answer.attributes.push_back({"group", fmt::format("BUNDLE {}", fmt::join(bundle, " "))});
    if (offer_.mixed_extensions) answer.attributes.push_back({"extmap-allow-mixed", ""});
    for (std::size_t i = 0; i < offer_.media.size(); ++i) {
      const auto found = std::find_if(accepted_.begin(), accepted_.end(), [&](const auto& a) { return a.index == i; });
      answer.media.push_back(found == accepted_.end() ? rejected(i) : accept(*found, i == bundle_index));
    }
    return wire::write_sdp(answer);
  }

 private:
  // RFC 3264 section 6: port 0 refuses; the formats then mean nothing but must be there.
  wire::SdpMedia rejected(std::size_t index) const {
    const auto& offered = offer_.sdp.media[index];
    wire::SdpMedia media{
        .kind = offered.kind, .port = 0, .protocol = offered.protocol, .formats = {offered.formats.front()}};
    media.connection = "IN IP4 0.0.0.0";
    if (!offer_.media[index].mid.empty()) media.attributes.push_back({"mid", offer_.media[index].mid});
    media.attributes.push_back({"inactive", ""});
    return media;
  }

  wire::SdpMedia accept(const AcceptedMedia& accepted, bool carries_bundle) {
    const auto& offered = offer_.sdp.media[accepted.index];
    const auto& remote = offer_.media[accepted.index];
    wire::SdpMedia media{.kind = offered.kind, .port = 9, .protocol = offered.protocol};
    for (const auto& codec : accepted.codecs) {
      media.formats.push_back(fmt::to_string(codec.payload_type));
      if (codec.rtx_payload_type != 0) media.formats.push_back(fmt::to_string(codec.rtx_payload_type));
    }
    media.connection = "IN IP4 0.0.0.0";
    auto& out = media.attributes;
    out.push_back({"mid", accepted.mid});
    out.push_back({accepted.source ? "sendonly" : "recvonly", ""});
    add_transport(out, remote, carries_bundle);
    if (remote.mixed_extensions && !offer_.mixed_extensions) out.push_back({"extmap-allow-mixed", ""});
    for (const auto& codec : accepted.codecs) add_codec(out, codec);
    add_extensions(out, remote, accepted.extensions);
    write_encodings(out, accepted.encodings, wire::RidDirection::recv, accepted.codecs.front());
    if (accepted.source) add_source(out, accepted);
    return media;
  }

  void add_transport(wire::SdpAttributes& out, const RemoteMedia& remote, bool carries_bundle) const {
    out.push_back({"ice-ufrag", local_.credentials.ufrag});
    out.push_back({"ice-pwd", local_.credentials.password});
    out.push_back({"ice-options", "trickle"});
    out.push_back({"fingerprint", local_.fingerprint.to_sdp()});
    out.push_back({"setup", "passive"});
    out.push_back({"rtcp-mux", ""});
    if (remote.rtcp_rsize) out.push_back({"rtcp-rsize", ""});
    if (!carries_bundle) return;
    for (std::size_t i = 0; i < local_.candidates.size(); ++i)
      out.push_back({"candidate", wire::write_host_candidate(local_.candidates[i], i)});
    out.push_back({"end-of-candidates", ""});
  }

  static void add_codec(wire::SdpAttributes& out, const NegotiatedCodec& codec) {
    out.push_back({"rtpmap", fmt::format("{} {}", codec.payload_type, codec_encoding(codec.codec))});
    if (!codec.fmtp.empty()) out.push_back({"fmtp", fmt::format("{} {}", codec.payload_type, codec.fmtp)});
    const auto feedback = [&](bool agreed, std::string_view kind) {
      if (agreed) out.push_back({"rtcp-fb", fmt::format("{} {}", codec.payload_type, kind)});
    };
    feedback(codec.transport_cc, "transport-cc");
    feedback(codec.fir, "ccm fir");
    feedback(codec.nack, "nack");
    feedback(codec.pli, "nack pli");
    if (codec.rtx_payload_type == 0) return;
    out.push_back({"rtpmap", fmt::format("{} rtx/{}", codec.rtx_payload_type, wire::clock_rate_of(codec.codec))});
    out.push_back({"fmtp", fmt::format("{} apt={}", codec.rtx_payload_type, codec.payload_type)});
  }

  // The direction is answered turned round where the offer gives one (RFC 8285 section 5).
  static void add_extensions(wire::SdpAttributes& out, const RemoteMedia& remote, const wire::ExtensionIds& agreed) {
    for (const auto& extension : remote.extensions) {
      if (agreed[extension.kind] != extension.id) continue;
      std::string_view direction;
      if (extension.direction == wire::SdpDirection::sendonly) direction = "/recvonly";
      if (extension.direction == wire::SdpDirection::recvonly) direction = "/sendonly";
      out.push_back({"extmap", fmt::format("{}{} {}", extension.id, direction, extension_uri(extension.kind))});
    }
  }

  void add_source(wire::SdpAttributes& out, const AcceptedMedia& accepted) const {
    const auto& source = *accepted.source;
    const bool with_rtx = std::any_of(accepted.codecs.begin(), accepted.codecs.end(),
                                      [](const auto& codec) { return codec.rtx_payload_type != 0; });
    out.push_back({"msid", fmt::format("{} {}", source.stream_id, source.track_id)});
    if (with_rtx) out.push_back({"ssrc-group", fmt::format("FID {} {}", source.ssrc.value(), source.rtx_ssrc.value())});
    out.push_back({"ssrc", fmt::format("{} cname:{}", source.ssrc.value(), local_.cname)});
    if (with_rtx) out.push_back({"ssrc", fmt::format("{} cname:{}", source.rtx_ssrc.value(), local_.cname)});
  }

  const RemoteDescription& offer_;
  const LocalEnd& local_;
  const std::vector<AcceptedMedia>& accepted_;
};

}  // namespace

std::expected<WrittenAnswer, NegotiationError> write_answer(const RemoteDescription& offer,
                                                            std::vector<AcceptedMedia> accepted,
                                                            const LocalEnd& local) {
  std::sort(accepted.begin(), accepted.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  DistinctCheck distinct;
  for (const auto& media : accepted)
    if (auto error = distinct.add(media)) return std::unexpected(std::move(*error));

  // The group keeps the offer's order; its first accepted mid carries the transport (RFC 9143 section 7.3.2).
  const auto find = [&](std::string_view mid) {
    return std::find_if(accepted.begin(), accepted.end(), [&](const auto& a) { return a.mid == mid; });
  };
  std::vector<std::string> bundle;
  for (const auto& mid : offer.bundle)
    if (find(mid) != accepted.end()) bundle.push_back(mid);
  const auto carrier = find(bundle.front())->index;
  auto transport = read_transport(offer, carrier, {"actpass", "active"});
  if (!transport) return std::unexpected(std::move(transport.error()));
  auto text = AnswerWriter(offer, local, accepted).write(carrier, bundle);
  if (text.size() > wire::kSdpMaxSize)
    return refuse(Refusal::malformed,
                  "m=", fmt::format("The answer would be longer than {} bytes.", wire::kSdpMaxSize));
  return WrittenAnswer{std::move(text), bundle.front(), std::move(*transport)};
}

}  // namespace bridgehall::session
