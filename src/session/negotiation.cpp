#include "session/negotiation.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include <fmt/format.h>

#include "session/codec_match.h"
#include "session/negotiation_answer.h"
#include "session/remote_description.h"

namespace bridgehall::session {
namespace {

using wire::Codec;
using wire::ExtensionKind;
using wire::MediaKind;
using Acceptance = std::expected<AcceptedMedia, NegotiationError>;
// What the client must do on an m-line for us: wire::sends or wire::receives.
using Ability = bool (*)(wire::SdpDirection);

std::expected<RemoteDescription, NegotiationError> read_offer(std::string_view text) {
  auto offer = read_description(text);
  if (!offer) return offer;
  if (!offer->has_bundle)
    return refuse(Refusal::no_bundle, "a=group", "The offer has no BUNDLE group; everything must be bundled.");
  for (const auto& media : offer->media) {
    if (!media.active()) continue;
    if (!media.bundled)
      return refuse(Refusal::no_bundle, media.label, "The m-line is in use but not in the BUNDLE group.");
    if (!media.rtcp_mux)
      return refuse(Refusal::malformed, media.label, "A bundled m-line must have a=rtcp-mux (RFC 9143 section 7.1.3).");
  }
  return offer;
}

using Extensions = std::span<const ExtensionKind>;
constexpr std::array kPublishedAudio{ExtensionKind::mid, ExtensionKind::audio_level};
constexpr std::array kPublishedVideo{ExtensionKind::mid, ExtensionKind::video_orientation,
                                     ExtensionKind::dependency_descriptor};
constexpr std::array kPublishedSimulcast{ExtensionKind::rid, ExtensionKind::repaired_rid};
constexpr std::array kViewedAudio{ExtensionKind::audio_level};
constexpr std::array kViewedVideo{ExtensionKind::video_orientation, ExtensionKind::dependency_descriptor};
constexpr std::array kTransportSequence{ExtensionKind::transport_sequence};

void agree_extensions(const RemoteMedia& media, Extensions wanted, Ability ability, wire::ExtensionIds& ids) {
  for (const auto kind : wanted)
    for (const auto& extension : media.extensions)
      if (extension.kind == kind && ability(extension.direction) && ids[kind] == 0) ids[kind] = extension.id;
}

NegotiatedCodec agree_codec(const NegotiatedCodec& offered, bool with_rtx) {
  NegotiatedCodec codec = offered;
  if (!with_rtx) codec.rtx_payload_type = 0;
  codec.fmtp = answered_fmtp(offered.codec, offered.fmtp);
  return codec;
}

// Sequence numbers and feedback about them make sense only together, and for every codec that may follow.
void agree_transport_feedback(const RemoteMedia& media, Ability ability, AcceptedMedia& accepted) {
  if (std::all_of(accepted.codecs.begin(), accepted.codecs.end(), [](const auto& codec) { return codec.transport_cc; }))
    agree_extensions(media, kTransportSequence, ability, accepted.extensions);
  if (accepted.extensions[ExtensionKind::transport_sequence] != 0) return;
  for (auto& codec : accepted.codecs) codec.transport_cc = false;
}

std::unexpected<NegotiationError> no_common_codec(const RemoteMedia& media) {
  return refuse(Refusal::no_common_codec, media.label,
                media.encodings.empty() ? "The m-line has no codec that can be used here."
                                        : "The m-line has no codec that all its encodings can use here.");
}

// The encodings are told apart by their rids alone: that only the first packets carry an SSRC's rid is the usual case,
// and the SSRCs that some clients announce do not say which is which.
std::optional<NegotiationError> agree_encodings(const RemoteMedia& media, AcceptedMedia& accepted) {
  if (media.encodings.empty()) return std::nullopt;
  agree_extensions(media, kPublishedSimulcast, wire::sends, accepted.extensions);
  if (accepted.extensions[ExtensionKind::mid] == 0 || accepted.extensions[ExtensionKind::rid] == 0)
    return refuse(Refusal::malformed, media.label,
                  "Simulcast needs the header extensions for MID and RID (RFC 8853 section 5.5).")
        .error();
  if (accepted.extensions[ExtensionKind::repaired_rid] == 0) accepted.codecs.front().rtx_payload_type = 0;
  accepted.encodings = media.encodings;
  accepted.remote_ssrc = accepted.remote_rtx_ssrc = {};
  return std::nullopt;
}

// An m-line on which the client sends: one codec, the best that all encodings may use.
Acceptance accept_sent(const RemoteDescription& offer, std::size_t index, std::span<const Codec> video_preference) {
  const auto& media = offer.media[index];
  const bool audio = *media.kind == MediaKind::audio;
  constexpr std::array<Codec, 1> kAudio{Codec::opus};
  std::vector<NegotiatedCodec> usable;
  for (const auto& codec : media.codecs)
    if (std::all_of(media.encodings.begin(), media.encodings.end(),
                    [&](const auto& encoding) { return encoding.admits(codec.payload_type); }))
      usable.push_back(codec);
  const auto* codec = choose_for_publisher(usable, audio ? std::span<const Codec>(kAudio) : video_preference);
  if (!codec) return no_common_codec(media);

  AcceptedMedia accepted{.index = index, .mid = media.mid, .codecs = {agree_codec(*codec, true)}};
  accepted.codecs.front().fmtp = requested_fmtp(codec->codec, codec->fmtp);
  agree_extensions(media, audio ? Extensions(kPublishedAudio) : Extensions(kPublishedVideo), wire::sends,
                   accepted.extensions);
  agree_transport_feedback(media, wire::sends, accepted);
  accepted.remote_ssrc = media.ssrc;
  if (codec->rtx_payload_type != 0) accepted.remote_rtx_ssrc = media.rtx_ssrc;
  if (auto error = agree_encodings(media, accepted)) return std::unexpected(std::move(*error));
  return accepted;
}

// An m-line on which we send `codecs`, of which there is at least one.
AcceptedMedia accept_received(const RemoteDescription& offer, std::size_t index, std::vector<NegotiatedCodec> codecs,
                              const AnsweredSource& source) {
  const auto& media = offer.media[index];
  AcceptedMedia accepted{.index = index, .mid = media.mid, .codecs = std::move(codecs)};
  accepted.source = source;
  agree_extensions(media, *media.kind == MediaKind::audio ? Extensions(kViewedAudio) : Extensions(kViewedVideo),
                   wire::receives, accepted.extensions);
  // A descriptor with templates is longer than the one-byte form holds, and to mix the forms must be allowed.
  if (!media.mixed_extensions) accepted.extensions[ExtensionKind::dependency_descriptor] = 0;
  agree_transport_feedback(media, wire::receives, accepted);
  return accepted;
}

Acceptance accept_viewed(const RemoteDescription& offer, std::size_t index, const ViewTerms& terms,
                         std::size_t number) {
  const auto& source = terms.sources[number];
  const auto* codec = choose_for_viewer(offer.media[index].codecs, source.codec, source.fmtp);
  if (!codec) return no_common_codec(offer.media[index]);
  return accept_received(offer, index, {agree_codec(*codec, source.rtx_ssrc.value() != 0)},
                         {source.ssrc, source.rtx_ssrc, source.stream_id, source.track_id, number});
}

Acceptance accept_slot(const RemoteDescription& offer, std::size_t index, const SlotTerms& slot) {
  std::vector<NegotiatedCodec> codecs;
  for (const auto& codec : offer.media[index].codecs) codecs.push_back(agree_codec(codec, slot.rtx_ssrc.value() != 0));
  if (codecs.empty()) return no_common_codec(offer.media[index]);
  return accept_received(offer, index, std::move(codecs), {slot.ssrc, slot.rtx_ssrc, slot.stream_id, slot.track_id});
}

// The first m-line of one kind that `accept` takes; nullopt: there is none of that kind. Usable m-lines of which none
// is taken are a refusal, as an answer that leaves out half of what was asked for would look like success. `line`: no
// other than this one, counted among the usable of its kind.
template <class Accept>
std::optional<Acceptance> first_of_kind(const RemoteDescription& offer, MediaKind kind, Ability ability,
                                        Accept&& accept, std::optional<std::size_t> line = std::nullopt) {
  std::optional<Acceptance> refused;
  std::size_t usable = 0;
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    const auto& media = offer.media[i];
    if (!media.active() || *media.kind != kind || !ability(media.direction)) continue;
    const auto place = usable++;
    if (line && place != *line) continue;
    Acceptance accepted = accept(i);
    if (accepted) return accepted;
    if (!refused) refused = std::move(accepted);
  }
  return refused;
}

NegotiatedTrack track_of(const RemoteDescription& offer, const AcceptedMedia& accepted) {
  NegotiatedTrack track{.mid = accepted.mid,
                        .kind = *offer.media[accepted.index].kind,
                        .codec = accepted.codecs.front(),
                        .extensions = accepted.extensions,
                        .remote_ssrc = accepted.remote_ssrc,
                        .remote_rtx_ssrc = accepted.remote_rtx_ssrc};
  if (accepted.source) track.source = accepted.source->number;
  for (const auto& encoding : accepted.encodings) track.rids.push_back(encoding.rid);
  return track;
}

std::expected<Negotiated, NegotiationError> answer(const RemoteDescription& offer, std::vector<AcceptedMedia> accepted,
                                                   const LocalEnd& local, std::string nothing_usable) {
  if (accepted.empty()) return refuse(Refusal::no_usable_media, "m=", std::move(nothing_usable));
  std::sort(accepted.begin(), accepted.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  std::vector<NegotiatedTrack> tracks;
  for (const auto& media : accepted) tracks.push_back(track_of(offer, media));
  auto written = write_answer(offer, std::move(accepted), local);
  if (!written) return std::unexpected(std::move(written.error()));
  return Negotiated{std::move(written->answer), std::move(written->remote.credentials),
                    std::move(written->remote.fingerprint), std::move(tracks)};
}

// A publication of which no m-line carries anything; nullptr: there is none.
const std::string* left_out(const ViewTerms& terms, const std::vector<AcceptedMedia>& accepted) {
  const auto missing = std::find_if(terms.sources.begin(), terms.sources.end(), [&](const auto& source) {
    return std::none_of(accepted.begin(), accepted.end(),
                        [&](const auto& media) { return media.source->stream_id == source.stream_id; });
  });
  return missing == terms.sources.end() ? nullptr : &missing->stream_id;
}

// Finds the m-lines that a participant's terms name, each once.
class NamedMedia {
 public:
  explicit NamedMedia(const RemoteDescription& offer) : offer_(offer) {}

  std::expected<std::size_t, NegotiationError> find(std::string_view mid, Ability ability) {
    const auto field = fmt::format("mid {}", mid.substr(0, 32));
    const auto* media = mid.empty() ? nullptr : offer_.find(mid);
    if (!media) return refuse(Refusal::no_usable_media, field, "The offer has no m-line with this mid.");
    if (!named_.insert(media->mid).second) return refuse(Refusal::malformed, field, "The mid is named twice.");
    if (!media->kind)
      return refuse(Refusal::no_usable_media, media->label, "The m-line is neither audio nor video over SRTP.");
    if (!media->active() || !ability(media->direction))
      return refuse(Refusal::no_usable_media, media->label,
                    ability == static_cast<Ability>(wire::sends)
                        ? "The m-line is named as one that sends, and does not."
                        : "The m-line is named as one that receives, and does not.");
    return static_cast<std::size_t>(media - offer_.media.data());
  }

 private:
  const RemoteDescription& offer_;
  std::set<std::string_view> named_;
};

}  // namespace

const NegotiatedCodec* NegotiatedSlot::codec_for(Codec codec, std::string_view publisher_fmtp) const {
  return choose_for_viewer(codecs, codec, publisher_fmtp);
}

std::expected<Negotiated, NegotiationError> answer_publisher(std::string_view text, const PublishTerms& terms,
                                                             const LocalEnd& local) {
  auto offer = read_offer(text);
  if (!offer) return std::unexpected(std::move(offer.error()));
  std::vector<AcceptedMedia> accepted;
  for (const auto kind : {MediaKind::audio, MediaKind::video}) {
    auto media = first_of_kind(*offer, kind, wire::sends,
                               [&](std::size_t index) { return accept_sent(*offer, index, terms.video_preference); });
    if (!media) continue;
    if (!*media) return std::unexpected(std::move(media->error()));
    accepted.push_back(std::move(**media));
  }
  return answer(*offer, std::move(accepted), local, "The offer has no audio or video m-line that sends.");
}

std::expected<Negotiated, NegotiationError> answer_viewer(std::string_view text, const ViewTerms& terms,
                                                          const LocalEnd& local) {
  auto offer = read_offer(text);
  if (!offer) return std::unexpected(std::move(offer.error()));
  std::vector<AcceptedMedia> accepted;
  for (std::size_t number = 0; number < terms.sources.size(); ++number) {
    const auto& source = terms.sources[number];
    auto media = first_of_kind(
        *offer, wire::kind_of(source.codec), wire::receives,
        [&](std::size_t index) { return accept_viewed(*offer, index, terms, number); }, source.line);
    if (!media) continue;
    if (!*media) return std::unexpected(std::move(media->error()));
    accepted.push_back(std::move(**media));
  }
  if (const auto* name = accepted.empty() ? nullptr : left_out(terms, accepted))
    return refuse(Refusal::no_usable_media, "m=", fmt::format("The offer has no m-line for what {} publishes.", *name));
  return answer(*offer, std::move(accepted), local, "The offer has no m-line that could receive what is published.");
}

std::expected<NegotiatedParticipant, NegotiationError> answer_participant(std::string_view text,
                                                                          const ParticipantTerms& terms,
                                                                          const LocalEnd& local) {
  auto offer = read_offer(text);
  if (!offer) return std::unexpected(std::move(offer.error()));
  if (terms.sends.empty() && terms.slots.empty())
    return refuse(Refusal::no_usable_media, "m=", "No m-line is named to send or to receive on.");

  NegotiatedParticipant result;
  NamedMedia named(*offer);
  std::vector<AcceptedMedia> accepted;
  const auto accept = [&](std::string_view mid, Ability ability, auto&& how) -> std::optional<NegotiationError> {
    const auto index = named.find(mid, ability);
    if (!index) return index.error();
    Acceptance media = how(*index);
    if (!media) return std::move(media.error());
    accepted.push_back(std::move(*media));
    return std::nullopt;
  };
  for (const auto& mid : terms.sends) {
    auto error =
        accept(mid, wire::sends, [&](std::size_t index) { return accept_sent(*offer, index, terms.video_preference); });
    if (error) return std::unexpected(std::move(*error));
    result.tracks.push_back(track_of(*offer, accepted.back()));
  }
  for (const auto& slot : terms.slots) {
    auto error = accept(slot.mid, wire::receives, [&](std::size_t index) { return accept_slot(*offer, index, slot); });
    if (error) return std::unexpected(std::move(*error));
    const auto& media = accepted.back();
    result.slots.push_back({media.mid, *offer->media[media.index].kind, media.codecs, media.extensions});
  }
  auto written = write_answer(*offer, std::move(accepted), local);
  if (!written) return std::unexpected(std::move(written.error()));
  result.answer = std::move(written->answer);
  result.first_mid = std::move(written->first_mid);
  result.remote_credentials = std::move(written->remote.credentials);
  result.remote_fingerprint = std::move(written->remote.fingerprint);
  return result;
}

std::expected<std::vector<OfferedMedia>, NegotiationError> receiving_media(std::string_view text) {
  const auto offer = read_description(text);
  if (!offer) return std::unexpected(offer.error());
  std::vector<OfferedMedia> found;
  for (const auto& media : offer->media)
    if (media.active() && wire::receives(media.direction)) found.push_back({media.mid, *media.kind});
  return found;
}

}  // namespace bridgehall::session
