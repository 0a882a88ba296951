#include "session/offer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "session/codec_match.h"
#include "session/remote_description.h"
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

class OfferWriter {
 public:
  explicit OfferWriter(const ClientEnd& local) : local_(local) {
    offer_.origin = fmt::format("- {} 1 IN IP4 0.0.0.0", local.session_id);
    offer_.attributes.push_back({"group", "BUNDLE"});
    offer_.attributes.push_back({"extmap-allow-mixed", ""});
  }

  void add(Codec codec, const OfferedSource* source) {
    const auto index = offer_.media.size();
    BRIDGEHALL_CHECK(index < 15);
    const auto payload_type = static_cast<int>(96 + 2 * index);
    const bool video = wire::kind_of(codec) == MediaKind::video;
    const bool rtx = video && (source == nullptr || source->rtx_ssrc.value() != 0);
    wire::SdpMedia media{.kind = video ? "video" : "audio", .port = 9, .protocol = "UDP/TLS/RTP/SAVPF"};
    media.formats.push_back(fmt::to_string(payload_type));
    if (rtx) media.formats.push_back(fmt::to_string(payload_type + 1));
    media.connection = "IN IP4 0.0.0.0";
    offer_.attributes.front().value += fmt::format(" {}", index);
    add_transport(media.attributes, index);
    media.attributes.push_back({source ? "sendonly" : "recvonly", ""});
    add_extensions(media.attributes, video, source != nullptr);
    add_codec(media.attributes, codec, payload_type, rtx);
    if (source) add_source(media.attributes, *source, rtx);
    offer_.media.push_back(std::move(media));
  }

  std::string text() const { return wire::write_sdp(offer_); }

 private:
  void add_transport(wire::SdpAttributes& out, std::size_t index) const {
    out.push_back({"mid", fmt::to_string(index)});
    out.push_back({"ice-ufrag", local_.credentials.ufrag});
    out.push_back({"ice-pwd", local_.credentials.password});
    out.push_back({"fingerprint", local_.fingerprint.to_sdp()});
    out.push_back({"setup", "actpass"});
    out.push_back({"rtcp-mux", ""});
    out.push_back({"rtcp-rsize", ""});
  }

  static void add_extensions(wire::SdpAttributes& out, bool video, bool sending) {
    const auto add = [&](int id, ExtensionKind kind) {
      out.push_back({"extmap", fmt::format("{} {}", id, extension_uri(kind))});
    };
    if (!video) add(1, ExtensionKind::audio_level);
    if (!sending) return;
    add(3, ExtensionKind::transport_sequence);
    add(4, ExtensionKind::mid);
  }

  static void add_codec(wire::SdpAttributes& out, Codec codec, int payload_type, bool rtx) {
    out.push_back({"rtpmap", fmt::format("{} {}", payload_type, codec_encoding(codec))});
    if (const auto fmtp = offered_fmtp(codec); !fmtp.empty())
      out.push_back({"fmtp", fmt::format("{} {}", payload_type, fmtp)});
    out.push_back({"rtcp-fb", fmt::format("{} transport-cc", payload_type)});
    if (wire::kind_of(codec) == MediaKind::video)
      for (const auto* kind : {"ccm fir", "nack", "nack pli"})
        out.push_back({"rtcp-fb", fmt::format("{} {}", payload_type, kind)});
    if (!rtx) return;
    out.push_back({"rtpmap", fmt::format("{} rtx/{}", payload_type + 1, wire::clock_rate_of(codec))});
    out.push_back({"fmtp", fmt::format("{} apt={}", payload_type + 1, payload_type)});
  }

  void add_source(wire::SdpAttributes& out, const OfferedSource& source, bool rtx) const {
    if (rtx) out.push_back({"ssrc-group", fmt::format("FID {} {}", source.ssrc.value(), source.rtx_ssrc.value())});
    out.push_back({"ssrc", fmt::format("{} cname:{}", source.ssrc.value(), local_.cname)});
    if (rtx) out.push_back({"ssrc", fmt::format("{} cname:{}", source.rtx_ssrc.value(), local_.cname)});
  }

  const ClientEnd& local_;
  wire::SdpSession offer_;
};

// An answered m-line has one codec, and the direction that its extensions are for does not matter here.
NegotiatedTrack agreed_track(const RemoteMedia& media) {
  NegotiatedTrack track{.mid = media.mid, .kind = *media.kind, .codec = media.codecs.front()};
  for (const auto& extension : media.extensions) track.extensions[extension.kind] = extension.id;
  track.remote_ssrc = media.ssrc;
  track.remote_rtx_ssrc = media.rtx_ssrc;
  return track;
}

}  // namespace

std::string make_publisher_offer(const ClientEnd& local, std::span<const OfferedSource> sources) {
  OfferWriter writer(local);
  for (const auto& source : sources) writer.add(source.codec, &source);
  return writer.text();
}

std::string make_viewer_offer(const ClientEnd& local, std::span<const Codec> codecs) {
  OfferWriter writer(local);
  for (const auto codec : codecs) writer.add(codec, nullptr);
  return writer.text();
}

std::expected<Agreed, NegotiationError> read_answer(std::string_view text) {
  auto answer = read_description(text);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (answer->bundle.empty()) return refuse(Refusal::no_bundle, "a=group", "The answer bundles nothing.");
  const auto* carrier = answer->find(answer->bundle.front());
  auto transport = read_transport(*answer, static_cast<std::size_t>(carrier - answer->media.data()), {"passive"});
  if (!transport) return std::unexpected(std::move(transport.error()));

  Agreed agreed{std::move(transport->credentials), std::move(transport->fingerprint), {}, {}};
  for (const auto& media : answer->media)
    if (media.active() && media.bundled && !media.codecs.empty()) agreed.tracks.push_back(agreed_track(media));
  for (const auto& section : answer->sdp.media)
    for (const auto& attribute : section.attributes)
      if (attribute.name == "candidate")
        if (const auto address = wire::parse_udp_candidate(attribute.value)) agreed.candidates.push_back(*address);
  if (agreed.tracks.empty()) return refuse(Refusal::no_usable_media, "m=", "The answer accepts no m-line.");
  if (agreed.candidates.empty()) return refuse(Refusal::no_ice, "a=candidate", "The answer has no UDP candidate.");
  return agreed;
}

}  // namespace bridgehall::session
