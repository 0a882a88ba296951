#include "session/negotiation.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include <fmt/format.h>

#include "session/codec_match.h"
#include "session/remote_description.h"
#include "wire/sdp.h"

namespace bridgehall::session {
namespace {

using wire::Codec;
using wire::ExtensionKind;
using wire::MediaKind;

// A m-line of the offer that is accepted, and for viewers what it is to carry.
struct Accepted {
  std::size_t index = 0;
  NegotiatedTrack track;
  const ViewSource* source = nullptr;
};

std::optional<NegotiationError> check_bundle(const RemoteDescription& offer) {
  if (!offer.has_bundle)
    return refuse(Refusal::no_bundle, "a=group", "The offer has no BUNDLE group; everything must be bundled.").error();
  for (const auto& media : offer.media) {
    if (!media.active()) continue;
    if (!media.bundled)
      return refuse(Refusal::no_bundle, media.label, "The m-line is in use but not in the BUNDLE group.").error();
    if (!media.rtcp_mux)
      return refuse(Refusal::malformed, media.label, "A bundled m-line must have a=rtcp-mux (RFC 9143 section 7.1.3).")
          .error();
  }
  return std::nullopt;
}

using Extensions = std::span<const ExtensionKind>;
constexpr std::array kTransportSequence{ExtensionKind::transport_sequence};
constexpr std::array kPublishedAudio{ExtensionKind::mid, ExtensionKind::audio_level};
constexpr std::array kPublishedVideo{ExtensionKind::mid, ExtensionKind::video_orientation,
                                     ExtensionKind::dependency_descriptor};
constexpr std::array kViewedAudio{ExtensionKind::audio_level};
constexpr std::array kViewedVideo{ExtensionKind::video_orientation, ExtensionKind::dependency_descriptor};

// Extensions of the offer that are also wanted. `ours`: what the peer must be able to do with them, send or receive.
wire::ExtensionIds agree_extensions(const RemoteMedia& media, Extensions wanted, bool (*ours)(wire::SdpDirection)) {
  wire::ExtensionIds ids;
  for (const auto kind : wanted)
    for (const auto& extension : media.extensions)
      if (extension.kind == kind && ours(extension.direction) && ids[kind] == 0) ids[kind] = extension.id;
  return ids;
}

NegotiatedCodec agree_codec(const NegotiatedCodec& offered, bool with_rtx, bool with_transport_cc) {
  NegotiatedCodec codec = offered;
  if (!with_rtx) codec.rtx_payload_type = 0;
  if (!with_transport_cc) codec.transport_cc = false;
  codec.fmtp = answered_fmtp(offered.codec, offered.fmtp);
  return codec;
}

NegotiatedTrack published_track(const RemoteMedia& media, const NegotiatedCodec& codec) {
  NegotiatedTrack track{.mid = media.mid, .kind = *media.kind, .codec = agree_codec(codec, true, true)};
  const auto wanted = track.kind == MediaKind::audio ? Extensions(kPublishedAudio) : Extensions(kPublishedVideo);
  track.extensions = agree_extensions(media, wanted, wire::sends);
  // Sequence numbers and feedback about them make sense only together.
  const auto transport = agree_extensions(media, kTransportSequence, wire::sends);
  if (track.codec.transport_cc)
    track.extensions[ExtensionKind::transport_sequence] = transport[ExtensionKind::transport_sequence];
  if (track.extensions[ExtensionKind::transport_sequence] == 0) track.codec.transport_cc = false;
  track.remote_ssrc = media.ssrc;
  if (track.codec.rtx_payload_type != 0) track.remote_rtx_ssrc = media.rtx_ssrc;
  return track;
}

NegotiatedTrack viewed_track(const RemoteMedia& media, const NegotiatedCodec& codec, const ViewSource& source) {
  NegotiatedTrack track{
      .mid = media.mid, .kind = *media.kind, .codec = agree_codec(codec, source.rtx_ssrc.value() != 0, false)};
  const auto wanted = track.kind == MediaKind::audio ? Extensions(kViewedAudio) : Extensions(kViewedVideo);
  track.extensions = agree_extensions(media, wanted, wire::receives);
  return track;
}

// The m-line and codec for one kind: the first with a codec that `choose` takes. Usable m-lines without one are a
// refusal, as an answer that leaves out half of what was asked for would look like success.
template <class Usable, class Choose, class Accept>
std::optional<NegotiationError> accept_kind(const RemoteDescription& offer, MediaKind kind, Usable&& usable,
                                            Choose&& choose, Accept&& accept) {
  const RemoteMedia* refused = nullptr;
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    const auto& media = offer.media[i];
    if (!media.active() || *media.kind != kind || !usable(media.direction)) continue;
    if (const NegotiatedCodec* codec = choose(media.codecs)) {
      accept(i, media, *codec);
      return std::nullopt;
    }
    if (!refused) refused = &media;
  }
  if (!refused) return std::nullopt;
  return refuse(Refusal::no_common_codec, refused->label, "The m-line has no codec that can be used here.").error();
}

// Two tracks that could not be told apart on the wire. Extension ids of one bundle are one space (RFC 9143
// section 9.2), but aiortc numbers each m-line anew: that is refused only where both meanings are agreed on.
std::optional<NegotiationError> check_distinct(const std::vector<Accepted>& accepted) {
  std::set<std::uint8_t> payload_types;
  std::set<Ssrc> ssrcs;
  std::map<std::uint8_t, std::size_t> extensions;
  for (const auto& entry : accepted) {
    for (const auto payload_type : {entry.track.codec.payload_type, entry.track.codec.rtx_payload_type})
      if (payload_type != 0 && !payload_types.insert(payload_type).second)
        return refuse(Refusal::malformed,
                      "m=", fmt::format("Payload type {} means two things in one bundle.", payload_type))
            .error();
    for (const auto ssrc : {entry.track.remote_ssrc, entry.track.remote_rtx_ssrc})
      if (ssrc.value() != 0 && !ssrcs.insert(ssrc).second)
        return refuse(Refusal::malformed, "a=ssrc", fmt::format("SSRC {} is announced for two streams.", ssrc.value()))
            .error();
    for (std::size_t kind = 0; kind < wire::kExtensionKinds; ++kind) {
      const auto id = entry.track.extensions.ids[kind];
      if (id != 0 && extensions.emplace(id, kind).first->second != kind)
        return refuse(Refusal::malformed, "a=extmap",
                      fmt::format("Extension id {} means two things in one bundle.", id))
            .error();
    }
  }
  return std::nullopt;
}

class AnswerWriter {
 public:
  AnswerWriter(const RemoteDescription& offer, const LocalEnd& local, const std::vector<Accepted>& accepted)
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

  wire::SdpMedia accept(const Accepted& accepted, bool carries_bundle) {
    const auto& offered = offer_.sdp.media[accepted.index];
    const auto& remote = offer_.media[accepted.index];
    const auto& track = accepted.track;
    wire::SdpMedia media{.kind = offered.kind, .port = 9, .protocol = offered.protocol};
    media.formats.push_back(fmt::to_string(track.codec.payload_type));
    if (track.codec.rtx_payload_type != 0) media.formats.push_back(fmt::to_string(track.codec.rtx_payload_type));
    media.connection = "IN IP4 0.0.0.0";
    auto& out = media.attributes;
    out.push_back({"mid", track.mid});
    out.push_back({accepted.source ? "sendonly" : "recvonly", ""});
    add_transport(out, remote, carries_bundle);
    if (remote.mixed_extensions && !offer_.mixed_extensions) out.push_back({"extmap-allow-mixed", ""});
    add_codec(out, track.codec);
    add_extensions(out, remote, track.extensions);
    if (accepted.source) add_source(out, *accepted.source, track.codec.rtx_payload_type != 0);
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

  void add_source(wire::SdpAttributes& out, const ViewSource& source, bool with_rtx) const {
    out.push_back({"msid", fmt::format("{} {}", source.stream_id, source.track_id)});
    if (with_rtx) out.push_back({"ssrc-group", fmt::format("FID {} {}", source.ssrc.value(), source.rtx_ssrc.value())});
    out.push_back({"ssrc", fmt::format("{} cname:{}", source.ssrc.value(), local_.cname)});
    if (with_rtx) out.push_back({"ssrc", fmt::format("{} cname:{}", source.rtx_ssrc.value(), local_.cname)});
  }

  const RemoteDescription& offer_;
  const LocalEnd& local_;
  const std::vector<Accepted>& accepted_;
};

std::expected<Negotiated, NegotiationError> answer(const RemoteDescription& offer, std::vector<Accepted> accepted,
                                                   const LocalEnd& local, std::string nothing_usable) {
  if (accepted.empty()) return refuse(Refusal::no_usable_media, "m=", std::move(nothing_usable));
  if (auto error = check_distinct(accepted)) return std::unexpected(std::move(*error));
  std::sort(accepted.begin(), accepted.end(), [](const auto& a, const auto& b) { return a.index < b.index; });

  // The group keeps the offer's order; its first accepted mid carries the transport (RFC 9143 section 7.3.2).
  std::vector<std::string> bundle;
  for (const auto& mid : offer.bundle)
    if (std::any_of(accepted.begin(), accepted.end(), [&](const auto& a) { return a.track.mid == mid; }))
      bundle.push_back(mid);
  const auto carrier =
      std::find_if(accepted.begin(), accepted.end(), [&](const auto& a) { return a.track.mid == bundle.front(); });
  auto transport = read_transport(offer, carrier->index, {"actpass", "active"});
  if (!transport) return std::unexpected(std::move(transport.error()));

  Negotiated result;
  result.answer = AnswerWriter(offer, local, accepted).write(carrier->index, bundle);
  result.remote_credentials = std::move(transport->credentials);
  result.remote_fingerprint = std::move(transport->fingerprint);
  for (auto& entry : accepted) result.tracks.push_back(std::move(entry.track));
  return result;
}

}  // namespace

std::expected<Negotiated, NegotiationError> answer_publisher(std::string_view text, const PublishTerms& terms,
                                                             const LocalEnd& local) {
  auto offer = read_description(text);
  if (!offer) return std::unexpected(std::move(offer.error()));
  if (auto error = check_bundle(*offer)) return std::unexpected(std::move(*error));
  std::vector<Accepted> accepted;
  constexpr std::array<Codec, 1> kAudio{Codec::opus};
  for (const auto kind : {MediaKind::audio, MediaKind::video}) {
    const std::span<const Codec> preference =
        kind == MediaKind::audio ? std::span<const Codec>(kAudio) : terms.video_preference;
    auto error = accept_kind(
        *offer, kind, wire::sends,
        [&](std::span<const NegotiatedCodec> codecs) { return choose_for_publisher(codecs, preference); },
        [&](std::size_t index, const RemoteMedia& media, const NegotiatedCodec& codec) {
          accepted.push_back({index, published_track(media, codec), nullptr});
        });
    if (error) return std::unexpected(std::move(*error));
  }
  return answer(*offer, std::move(accepted), local, "The offer has no audio or video m-line that sends.");
}

std::expected<Negotiated, NegotiationError> answer_viewer(std::string_view text, const ViewTerms& terms,
                                                          const LocalEnd& local) {
  auto offer = read_description(text);
  if (!offer) return std::unexpected(std::move(offer.error()));
  if (auto error = check_bundle(*offer)) return std::unexpected(std::move(*error));
  std::vector<Accepted> accepted;
  for (const auto& source : terms.sources) {
    auto error = accept_kind(
        *offer, wire::kind_of(source.codec), wire::receives,
        [&](std::span<const NegotiatedCodec> codecs) { return choose_for_viewer(codecs, source.codec, source.fmtp); },
        [&](std::size_t index, const RemoteMedia& media, const NegotiatedCodec& codec) {
          accepted.push_back({index, viewed_track(media, codec, source), &source});
        });
    if (error) return std::unexpected(std::move(*error));
  }
  return answer(*offer, std::move(accepted), local, "The offer has no m-line that could receive what is published.");
}

}  // namespace bridgehall::session
