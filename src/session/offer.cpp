#include "session/offer.h"

#include <array>

#include <fmt/format.h>

#include "base/check.h"
#include "session/codec_match.h"
#include "session/remote_description.h"
#include "session/simulcast.h"
#include "wire/sdp.h"

namespace bridgehall::session {
namespace {

using wire::Codec;
using wire::ExtensionKind;
using wire::MediaKind;

std::string_view offered_fmtp(Codec codec) {
  switch (codec) {
    case Codec::opus:
      return "minptime=10;useinbandfec=1";
    case Codec::h264:
      return "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    case Codec::vp9:
      return "profile-id=0";
    case Codec::vp8:
    case Codec::av1:
      break;
  }
  return "";
}

// RTX has the next one.
std::uint8_t offered_payload_type(Codec codec) {
  constexpr std::array<std::uint8_t, 5> kPayloadTypes{111, 96, 98, 102, 104};
  return kPayloadTypes[static_cast<std::size_t>(codec)];
}

class OfferWriter {
 public:
  explicit OfferWriter(const ClientEnd& local) : local_(local) {
    offer_.origin = fmt::format("- {} 1 IN IP4 0.0.0.0", local.session_id);
    offer_.attributes.push_back({"group", "BUNDLE"});
    offer_.attributes.push_back({"extmap-allow-mixed", ""});
  }

  void add_source(const OfferedSource& source) {
    const bool simulcast = !source.rids.empty();
    const auto codec = make_codec(source.codec, simulcast || source.rtx_ssrc.value() != 0);
    auto& out = add_media(std::span(&codec, 1), "sendonly");
    add_extension(out, ExtensionKind::transport_sequence);
    add_extension(out, ExtensionKind::mid);
    if (wire::kind_of(source.codec) == MediaKind::video) add_extension(out, ExtensionKind::dependency_descriptor);
    if (!simulcast) return announce(out, source, codec.rtx_payload_type != 0);
    add_extension(out, ExtensionKind::rid);
    add_extension(out, ExtensionKind::repaired_rid);
    std::vector<Encoding> encodings;
    for (const auto& rid : source.rids) encodings.push_back({.rid = rid});
    write_encodings(out, encodings, wire::RidDirection::send, codec);
  }

  void add_slot(std::span<const Codec> kinds, bool transport_cc) {
    std::vector<NegotiatedCodec> codecs;
    for (const auto codec : kinds) codecs.push_back(make_codec(codec, true));
    auto& out = add_media(codecs, "recvonly");
    if (transport_cc) add_extension(out, ExtensionKind::transport_sequence);
    if (wire::kind_of(kinds.front()) == MediaKind::video) add_extension(out, ExtensionKind::dependency_descriptor);
  }

  std::string text() const { return wire::write_sdp(offer_); }

 private:
  static NegotiatedCodec make_codec(Codec codec, bool rtx) {
    const auto payload_type = offered_payload_type(codec);
    const bool repaired = rtx && wire::kind_of(codec) == MediaKind::video;
    return {.codec = codec,
            .payload_type = payload_type,
            .rtx_payload_type = static_cast<std::uint8_t>(repaired ? payload_type + 1 : 0)};
  }

  wire::SdpAttributes& add_media(std::span<const NegotiatedCodec> codecs, const char* direction) {
    const auto index = offer_.media.size();
    BRIDGEHALL_CHECK(index < wire::kSdpMaxMedia && !codecs.empty());
    const bool video = wire::kind_of(codecs.front().codec) == MediaKind::video;
    offer_.attributes.front().value += fmt::format(" {}", index);
    auto& media = offer_.media.emplace_back(
        wire::SdpMedia{.kind = video ? "video" : "audio", .port = 9, .protocol = "UDP/TLS/RTP/SAVPF"});
    media.connection = "IN IP4 0.0.0.0";
    add_transport(media.attributes, index);
    media.attributes.push_back({direction, ""});
    for (const auto& codec : codecs) {
      media.formats.push_back(fmt::to_string(codec.payload_type));
      if (codec.rtx_payload_type != 0) media.formats.push_back(fmt::to_string(codec.rtx_payload_type));
      add_codec(media.attributes, codec);
    }
    if (!video) add_extension(media.attributes, ExtensionKind::audio_level);
    return media.attributes;
  }

  void add_transport(wire::SdpAttributes& out, std::size_t index) const {
    out.push_back({"mid", fmt::to_string(index)});
    out.push_back({"ice-ufrag", local_.credentials.ufrag});
    out.push_back({"ice-pwd", local_.credentials.password});
    out.push_back({"fingerprint", local_.fingerprint.to_sdp()});
    out.push_back({"setup", "actpass"});
    out.push_back({"rtcp-mux", ""});
    out.push_back({"rtcp-rsize", ""});
    for (std::size_t i = 0; i < local_.candidates.size(); ++i)
      out.push_back({"candidate", wire::write_host_candidate(local_.candidates[i], i)});
  }

  static void add_extension(wire::SdpAttributes& out, ExtensionKind kind) {
    out.push_back({"extmap", fmt::format("{} {}", static_cast<int>(kind) + 1, extension_uri(kind))});
  }

  static void add_codec(wire::SdpAttributes& out, const NegotiatedCodec& codec) {
    out.push_back({"rtpmap", fmt::format("{} {}", codec.payload_type, codec_encoding(codec.codec))});
    if (const auto fmtp = offered_fmtp(codec.codec); !fmtp.empty())
      out.push_back({"fmtp", fmt::format("{} {}", codec.payload_type, fmtp)});
    out.push_back({"rtcp-fb", fmt::format("{} transport-cc", codec.payload_type)});
    if (wire::kind_of(codec.codec) == MediaKind::video)
      for (const auto* kind : {"ccm fir", "nack", "nack pli"})
        out.push_back({"rtcp-fb", fmt::format("{} {}", codec.payload_type, kind)});
    if (codec.rtx_payload_type == 0) return;
    out.push_back({"rtpmap", fmt::format("{} rtx/{}", codec.rtx_payload_type, wire::clock_rate_of(codec.codec))});
    out.push_back({"fmtp", fmt::format("{} apt={}", codec.rtx_payload_type, codec.payload_type)});
  }

  void announce(wire::SdpAttributes& out, const OfferedSource& source, bool rtx) const {
    if (rtx) out.push_back({"ssrc-group", fmt::format("FID {} {}", source.ssrc.value(), source.rtx_ssrc.value())});
    out.push_back({"ssrc", fmt::format("{} cname:{}", source.ssrc.value(), local_.cname)});
    if (rtx) out.push_back({"ssrc", fmt::format("{} cname:{}", source.rtx_ssrc.value(), local_.cname)});
  }

  const ClientEnd& local_;
  wire::SdpSession offer_;
};

wire::ExtensionIds agreed_extensions(const RemoteMedia& media) {
  wire::ExtensionIds ids;
  for (const auto& extension : media.extensions) ids[extension.kind] = extension.id;
  return ids;
}

// For a track the answer has one codec, and the direction that its extensions are for does not matter here.
NegotiatedTrack agreed_track(const RemoteMedia& media) {
  NegotiatedTrack track{.mid = media.mid, .kind = *media.kind, .codec = media.codecs.front()};
  track.extensions = agreed_extensions(media);
  track.remote_ssrc = media.ssrc;
  track.remote_rtx_ssrc = media.rtx_ssrc;
  for (const auto& encoding : media.wanted_encodings) track.rids.push_back(encoding.rid);
  return track;
}

AgreedSlot agreed_slot(const RemoteMedia& media, const wire::SdpMedia& section) {
  AgreedSlot slot{{media.mid, *media.kind, media.codecs, agreed_extensions(media)}, media.ssrc, media.rtx_ssrc, {}, {}};
  if (const auto* msid = wire::find_attribute(section.attributes, "msid")) {
    wire::FieldReader fields(*msid);
    slot.stream_id = fields.next();
    slot.track_id = fields.next();
  }
  return slot;
}

std::expected<Agreed, NegotiationError> read_agreed(std::string_view text, bool with_slots) {
  auto answer = read_description(text);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (answer->bundle.empty()) return refuse(Refusal::no_bundle, "a=group", "The answer bundles nothing.");
  const auto* carrier = answer->find(answer->bundle.front());
  auto transport = read_transport(*answer, static_cast<std::size_t>(carrier - answer->media.data()), {"passive"});
  if (!transport) return std::unexpected(std::move(transport.error()));

  Agreed agreed{std::move(transport->credentials), std::move(transport->fingerprint), {}, {}, {}};
  for (std::size_t i = 0; i < answer->media.size(); ++i) {
    const auto& media = answer->media[i];
    const auto& section = answer->sdp.media[i];
    for (const auto& attribute : section.attributes)
      if (attribute.name == "candidate")
        if (const auto address = wire::parse_udp_candidate(attribute.value)) agreed.candidates.push_back(*address);
    if (!media.active() || !media.bundled || media.codecs.empty()) continue;
    if (with_slots && wire::sends(media.direction))
      agreed.slots.push_back(agreed_slot(media, section));
    else
      agreed.tracks.push_back(agreed_track(media));
  }
  if (agreed.tracks.empty() && agreed.slots.empty())
    return refuse(Refusal::no_usable_media, "m=", "The answer accepts no m-line.");
  if (agreed.candidates.empty()) return refuse(Refusal::no_ice, "a=candidate", "The answer has no UDP candidate.");
  return agreed;
}

}  // namespace

std::string make_publisher_offer(const ClientEnd& local, std::span<const OfferedSource> sources) {
  return make_participant_offer(local, sources, {});
}

std::string make_viewer_offer(const ClientEnd& local, std::span<const Codec> codecs, bool transport_cc) {
  OfferWriter writer(local);
  for (const auto& codec : codecs) writer.add_slot(std::span(&codec, 1), transport_cc);
  return writer.text();
}

std::string make_participant_offer(const ClientEnd& local, std::span<const OfferedSource> sources,
                                   const OfferedSlots& slots) {
  OfferWriter writer(local);
  constexpr std::array<Codec, 1> kAudio{Codec::opus};
  for (const auto& source : sources) writer.add_source(source);
  for (std::size_t i = 0; i < slots.audio; ++i) writer.add_slot(kAudio, slots.transport_cc);
  for (std::size_t i = 0; i < slots.video; ++i) writer.add_slot(slots.video_codecs, slots.transport_cc);
  return writer.text();
}

std::expected<Agreed, NegotiationError> read_answer(std::string_view answer) { return read_agreed(answer, false); }
std::expected<Agreed, NegotiationError> read_participant_answer(std::string_view answer) {
  return read_agreed(answer, true);
}

}  // namespace bridgehall::session
