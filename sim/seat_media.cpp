#include "sim/seat_media.h"

#include <algorithm>

#include "base/sequence.h"

namespace bridgehall::sim {
namespace {

constexpr Duration kReportInterval = 1s;
constexpr Duration kLookInterval = 20ms;  // for what has to be asked for again
constexpr Duration kRoundTrip = 60ms;
constexpr Duration kSilentInterval = 400ms;  // of Opus in DTX

media::SlotUse to_media(messages::SlotUse use) {
  static constexpr std::array kUses{media::SlotUse::stage, media::SlotUse::slides, media::SlotUse::tile,
                                    media::SlotUse::voice};
  return kUses[static_cast<std::size_t>(use)];
}

}  // namespace

SeatMedia::SeatMedia(World& world, const SocketAddress& server, crypto::SrtpSuite suite, VoiceCheck& voices,
                     const ClientSetup& setup, const SeatMediaOptions& options)
    : Client(world, server, suite, setup),
      voices_(voices),
      options_(options),
      local_(session::make_ice_credentials(random())),
      own_ssrc_(0x30000000 + setup.peer.value()) {
  if (!options_.sends) return;
  begin_broadcast(messages::TrackUse::microphone, 0, wire::Codec::opus);
  for (std::size_t i = 0; i < options_.layers; ++i)
    begin_broadcast(messages::TrackUse::camera, static_cast<std::uint8_t>(i), wire::Codec::vp8);
  if (options_.slides) begin_broadcast(messages::TrackUse::slides, 0, wire::Codec::vp8);
}

void SeatMedia::begin_broadcast(messages::TrackUse use, std::uint8_t layer, wire::Codec codec) {
  const auto id = world().ledger.begin({.codec = codec,
                                        .owner = options_.owner,
                                        .layer = layer,
                                        .first_sequence = static_cast<std::int64_t>(random().below(0x7000)),
                                        .first_timestamp = random().u32(),
                                        .began = now()});
  sources_.push_back({.use = use, .layer = layer, .broadcast = id});
}

Ssrc SeatMedia::source_ssrc(std::size_t source, bool rtx) const {
  return Ssrc{0x40000000 + peer().value() * 16 + static_cast<std::uint32_t>(source) * 2 + rtx};
}

// -- signalling --

SeatMedia::Offer SeatMedia::make_offer() {
  Offer offer;
  std::vector<session::OfferedSource> offered;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& source = sources_[i];
    if (source.layer > 0) continue;
    const auto codec = world().ledger[source.broadcast].codec;
    session::OfferedSource entry{.codec = codec, .ssrc = source_ssrc(i, false)};
    if (codec != wire::Codec::opus) entry.rtx_ssrc = source_ssrc(i, true);
    if (source.use == messages::TrackUse::camera && options_.layers > 1)
      entry.rids.assign(kRids.begin(), kRids.begin() + static_cast<std::ptrdiff_t>(options_.layers));
    offer.sends.push_back({.mid = fmt::to_string(offered.size()), .use = source.use});
    offered.push_back(std::move(entry));
  }
  const session::OfferedSlots slots{
      .audio = media::kVoicePlaces, .video = 2 + options_.tiles, .transport_cc = options_.transport_numbers};
  for (std::size_t i = 0; i < slots.audio + slots.video; ++i) {
    const auto use = i < slots.audio        ? messages::SlotUse::voice
                     : i == slots.audio     ? messages::SlotUse::stage
                     : i == slots.audio + 1 ? messages::SlotUse::slides
                                            : messages::SlotUse::tile;
    offer.slots.push_back({.mid = fmt::to_string(offered.size() + i), .use = use});
  }
  offer.text = session::make_participant_offer(
      {.credentials = local_, .fingerprint = fingerprint(), .session_id = "1", .cname = "page"}, offered, slots);
  return offer;
}

void SeatMedia::take_answer(const messages::Answer& answer) {
  const auto agreed = session::read_participant_answer(answer.answer);
  if (!agreed) return world().violations.add(now(), "{} cannot read its answer: {}", name(), agreed.error().message);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto& source = sources_[i];
    const auto track = std::find_if(agreed->tracks.begin(), agreed->tracks.end(), [&](const auto& t) {
      return t.mid == fmt::to_string(static_cast<int>(source.use));
    });
    if (track == agreed->tracks.end()) {
      world().violations.add(now(), "{} may not send its {}", name(), messages::name(source.use));
      continue;
    }
    const bool simulcast = !track->rids.empty();
    if (source.layer >= std::max<std::size_t>(1, track->rids.size())) continue;
    source.stream = std::make_unique<SourceStream>(
        SourceTerms{.track = *track,
                    .ssrc = source_ssrc(i, false),
                    .rtx_ssrc = source_ssrc(i, true),
                    .rid = simulcast ? kRids[source.layer] : "",
                    .first_sequence = static_cast<std::uint16_t>(world().ledger[source.broadcast].first_sequence),
                    .two_byte_extensions = options_.two_byte_extensions},
        world().ledger, source.broadcast);
  }
  const auto shard = media::shard_of_ufrag(agreed->remote_credentials.ufrag).value_or(media::ShardNumber{});
  for (const auto& slot : answer.slots) {
    const auto found = std::find_if(agreed->slots.begin(), agreed->slots.end(),
                                    [&](const auto& candidate) { return candidate.slot.mid == slot.mid; });
    if (found == agreed->slots.end())
      world().violations.add(now(), "{}: slot {} has no m-line", name(), slot.slot);
    else
      add_slot(*found, static_cast<media::SlotNumber>(slot.slot), to_media(slot.use), shard);
  }
  connect(local_, agreed->remote_credentials, agreed->remote_fingerprint);
}

void SeatMedia::add_slot(const session::AgreedSlot& agreed, media::SlotNumber number, media::SlotUse use,
                         media::ShardNumber shard) {
  media::OutgoingTrack track{.ssrc = agreed.ssrc, .rtx_ssrc = agreed.rtx_ssrc, .use = use};
  track.track = {.mid = agreed.slot.mid, .kind = agreed.slot.kind, .codec = agreed.slot.codecs.front()};
  track.track.extensions = agreed.slot.extensions;
  const auto voices =
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.use == media::SlotUse::voice; });
  auto& slot = slots_.emplace_back(world(), fmt::format("{} slot {}", name(), number), track, number);
  slot.place = static_cast<std::uint8_t>(voices);
  slot.check.set_shard(shard);
}

std::string SeatMedia::make_restart_fragment() {
  local_ = session::make_ice_credentials(random());
  return fmt::format("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", local_.ufrag, local_.password);
}

void SeatMedia::take_restart_fragment(std::string_view text) {
  const auto fragment = session::parse_ice_fragment(text);
  if (!fragment || !fragment->credentials)
    return world().violations.add(now(), "{} cannot read the fragment of a restart", name());
  if (joined()) restart_ice(local_, *fragment->credentials);
}

// -- what the server did --

void SeatMedia::on_created(const media::CreatePeer& command) {
  for (const auto& incoming : command.incoming) {
    world().ledger.end_broadcasts(incoming.publication, now());
    for (auto& source : sources_)
      if (fmt::to_string(static_cast<int>(source.use)) == incoming.track.mid)
        world().ledger[source.broadcast].publication = incoming.publication;
  }
}

void SeatMedia::on_filled(media::SlotNumber number, media::PublicationId publication) {
  auto& filled = filled_[number];
  if (publication == media::PublicationId{})
    filled.clear();
  else if (filled.empty() || filled.back() != publication)
    filled.push_back(publication);
}

void SeatMedia::end_broadcasts() {
  for (const auto& source : sources_) {
    auto& ended = world().ledger[source.broadcast].ended_at;
    ended = std::min(ended, now());
  }
}

// -- sending --

void SeatMedia::on_connected() {
  next_frame_ = now() + Duration{random().below(static_cast<std::uint64_t>(options_.frame_interval.count()))};
  next_audio_ = now() + Duration{random().below(20'000'000)};
  next_report_ = now() + 100ms + Duration{random().below(200'000'000)};
  next_look_ = now() + kLookInterval;
  for (const auto& waiting : std::exchange(waiting_, {})) check_sealed(waiting.bytes, waiting.at);
}

// What was not filmed while it slept is not sent afterwards.
void SeatMedia::on_woken() {
  for (auto* next : {&next_frame_, &next_audio_, &next_report_, &next_look_})
    if (*next != kNever) *next = std::max(*next, now());
}

TimePoint SeatMedia::media_deadline() const {
  return std::min({next_frame_, next_audio_, next_report_, next_look_, arrivals_.next_deadline()});
}

void SeatMedia::advance_media() {
  if (now() >= next_frame_) {
    make_frames();
    next_frame_ += options_.frame_interval;
  }
  if (now() >= next_audio_) make_audio();
  if (now() >= next_report_) {
    next_report_ = now() + kReportInterval - 200ms + Duration{random().below(400'000'000)};
    send_reports();
    send_receiver_report();
  }
  if (now() >= arrivals_.next_deadline()) send_arrivals();
  if (now() >= next_look_) {
    next_look_ = now() + kLookInterval;
    look_after_slots();
  }
}

bool SeatMedia::is_on(const Source& source) const {
  if (source.use == messages::TrackUse::slides) return slides_on_;
  return source.use == messages::TrackUse::camera && camera_on_ && source.layer < active_layers_;
}

void SeatMedia::make_frames() {
  for (auto& source : sources_)
    if (source.stream && is_on(source)) make_frame(source);
}

void SeatMedia::make_frame(Source& source) {
  const bool key = std::exchange(source.keyframe_wanted, false);
  auto& record = world().ledger[source.broadcast];
  if (key) world().trace.note(now(), TraceKind::keyframe_made, source.broadcast.value(), source.frame);
  const auto mean = (std::size_t{200} << 2 * source.layer) * (key ? 3 : 1) / 2;
  const auto bytes = std::max(mean + random().below(mean), kLeastPayload);
  const auto packets = (bytes + 1'099) / 1'100;
  const auto size = std::max(bytes / packets, kLeastPayload);
  ++source.tl0;
  for (std::size_t i = 0; i < packets; ++i) {
    const auto index = source.stream->add({.timestamp = record.timestamp_at(now()),
                                           .frame = source.frame,
                                           .frame_packets = static_cast<std::uint16_t>(packets),
                                           .index = static_cast<std::uint16_t>(i),
                                           .payload_size = static_cast<std::uint16_t>(size),
                                           .picture_id = static_cast<std::uint16_t>(source.frame & 0x7fff),
                                           .tl0_picture_index = source.tl0,
                                           .keyframe = key,
                                           .marker = i + 1 == packets,
                                           .captured_at = now()});
    send(source.stream->seal(transport().sealer(), index, transport_sequence_), Tag::packet(source.broadcast, index));
  }
  ++source.frame;
}

void SeatMedia::set_voice(std::optional<std::uint8_t> level) {
  if (level && !voice_ && next_audio_ != kNever) next_audio_ = now();
  voice_ = level;
}

void SeatMedia::make_audio() {
  next_audio_ = now() + (voice_ ? Duration{20ms} : kSilentInterval);
  if (sources_.empty() || !sources_.front().stream) return;
  auto& stream = *sources_.front().stream;
  const auto level = voice_ ? std::uint8_t(0x80 | *voice_) : std::uint8_t{127};
  const auto index =
      stream.add({.timestamp = stream.record().timestamp_at(now()),
                  .frame = static_cast<std::uint32_t>(stream.record().packets.size()),
                  .payload_size = static_cast<std::uint16_t>(voice_ ? 60 + random().below(60) : kLeastPayload),
                  .audio_level = level,
                  .has_audio_level = stream.terms().track.extensions[wire::ExtensionKind::audio_level] != 0,
                  .keyframe = true,
                  .marker = voice_.has_value() && !talking_,
                  .captured_at = now()});
  talking_ = voice_.has_value();
  send(stream.seal(transport().sealer(), index, transport_sequence_), Tag::packet(stream.broadcast(), index));
}

void SeatMedia::send_reports() {
  std::size_t count = 0;
  while (count < sources_.size() && sources_[count].stream) ++count;
  if (count == 0) return;
  send_rtcp(
      [&](ByteWriter& out) {
        for (std::size_t i = 0; i < count; ++i) {
          auto& stream = *sources_[i].stream;
          wire::write_sender_report(out,
                                    {.ssrc = stream.terms().ssrc,
                                     .ntp = NtpTime{std::uint64_t{3'900'000'000} << 32} + (now() - TimePoint{}),
                                     .rtp_timestamp = stream.record().timestamp_at(now()),
                                     .packets = stream.packets(),
                                     .octets = stream.octets()},
                                    {});
          wire::write_source_description(out, stream.terms().ssrc, "page");
        }
      },
      Tag::report(sources_.front().broadcast, count));
}

void SeatMedia::on_nack(const wire::RtcpPacket& packet) {
  Ssrc sender, media;
  if (!wire::parse_feedback_ssrcs(packet, sender, media)) return;
  auto* source = find_source(media);
  if (source == nullptr) return world().violations.add(now(), "{} is asked again for what it does not send", name());
  wire::for_each_nack(packet, [&](std::uint16_t sequence) {
    std::uint64_t tag = 0;
    const auto repeated = source->stream->repeat(transport().sealer(), sequence, transport_sequence_, tag);
    if (!repeated.empty()) send(repeated, tag);
  });
}

// At most one request in 500 ms and layer, for all receivers together.
void SeatMedia::on_keyframe_request(Ssrc media, TimePoint sent_at) {
  auto* source = find_source(media);
  if (source == nullptr || source->use == messages::TrackUse::microphone)
    return world().violations.add(now(), "{} is asked for a keyframe of what is no picture", name());
  source->keyframe_wanted = true;
  auto& last = source->last_request;
  if (last && sent_at > *last && sent_at - *last < media::KeyframeRequests::kWindow)
    world().violations.add(now(), "{} is asked for keyframes {} us apart", name(), (sent_at - *last).count() / 1000);
  if (!last || sent_at > *last) last = sent_at;
}

SeatMedia::Source* SeatMedia::find_source(Ssrc ssrc) {
  for (auto& source : sources_)
    if (source.stream && source.stream->terms().ssrc == ssrc) return &source;
  return nullptr;
}

}  // namespace bridgehall::sim
