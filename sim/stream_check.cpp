#include "sim/stream_check.h"

#include <algorithm>

#include "base/sequence.h"
#include "media/layer.h"

namespace bridgehall::sim {

void StreamCheck::on_sent(BytesView plain, const wire::RtpHeader& header, std::int64_t sequence, TimePoint sent_at) {
  ++packets_;
  world_.trace.note(sent_at, TraceKind::media_sent, track_.ssrc.value(), static_cast<std::uint64_t>(sequence),
                    header.timestamp);
  if (header.payload_type != track_.track.codec.payload_type) violated(sent_at, "payload type {}", header.payload_type);
  const auto payload = wire::rtp_payload(plain, header);
  if (!payload) return violated(sent_at, "padding that overruns");

  std::int64_t index;
  if (payload->empty()) {
    // Padding has no content to tell who made it: its place on the line does.
    if (epochs_.empty()) return violated(sent_at, "a stream that begins with padding");
    index = sequence - epochs_.back().sequence_offset;
  } else {
    const auto identity = read_identity(*payload);
    if (!identity || world_.ledger.find(identity->broadcast) == nullptr)
      return violated(sent_at, "content of no publisher at {}", sequence);
    index = identity->index;
    if (goes_over(*identity, header, sequence, sent_at)) begin_epoch(*identity, *payload, header, sequence, sent_at);
  }
  auto& epoch = epochs_.back();
  auto& broadcast = world_.ledger[epoch.broadcast];
  if (index < 0 || index >= static_cast<std::int64_t>(broadcast.packets.size()))
    return violated(sent_at, "sequence {} has no origin", sequence);
  const auto packet = broadcast.packets[static_cast<std::size_t>(index)];
  if (!check_allowed(broadcast, packet, sent_at)) return;
  check_numbers(packet, index, header, sequence, sent_at);
  if (payload->empty() != (packet.payload_size == 0))
    violated(sent_at, "sequence {} has {} bytes, its origin {}", sequence, payload->size(), packet.payload_size);
  else if (!payload->empty())
    check_content({epoch.broadcast, static_cast<std::uint32_t>(index)}, packet, epoch, *payload, sent_at);
  check_extensions(packet, plain, header, sent_at);

  const auto place = static_cast<std::size_t>(index - epoch.first_index);
  if (index >= epoch.first_index) {
    if (place >= epoch.forwarded.size()) epoch.forwarded.resize(place + 1);
    epoch.forwarded[place] = true;
  }
  if (index >= epoch.newest_index) epoch.newest_at = sent_at;
  epoch.newest_index = std::max(epoch.newest_index, index);
  epoch.lowest_sequence = std::min(epoch.lowest_sequence, sequence);
  if (sequence >= first_sequence_) {
    const auto at = static_cast<std::size_t>(sequence - first_sequence_);
    if (at >= sent_.size()) sent_.resize(at + 1);
    sent_[at] = {epoch.broadcast, static_cast<std::size_t>(index), sent_at,
                 static_cast<std::uint32_t>(epochs_.size() - 1)};
  }
  if (sequence > newest_) {
    newest_ = sequence;
    newest_timestamp_ = header.timestamp;
    if (!payload->empty()) {
      newest_picture_id_ = static_cast<std::uint16_t>(packet.picture_id + epoch.picture_id_offset);
      newest_tl0_ = static_cast<std::uint8_t>(packet.tl0_picture_index + epoch.tl0_offset);
      has_picture_ = true;
    }
  }
}

// The first packet of another sender or after a gate was opened; also where a slot, or a line that was too weak for a
// while, begins anew with what it had.
bool StreamCheck::goes_over(ContentIdentity identity, const wire::RtpHeader& header, std::int64_t sequence,
                            TimePoint at) const {
  if (epochs_.empty()) return true;
  const auto& epoch = epochs_.back();
  const auto& broadcast = world_.ledger[identity.broadcast];
  if (epoch.broadcast != identity.broadcast) return true;
  if (epoch.gate_period != gate_at(broadcast, at).period) return true;
  if (identity.index >= broadcast.packets.size()) return false;
  const auto& packet = broadcast.packets[identity.index];
  const auto offset = sequence - identity.index;
  if (offset == epoch.sequence_offset && header.timestamp - packet.timestamp == epoch.timestamp_offset) return false;
  // It goes on at a keyframe, whose first packet may have come, and leave, after later ones.
  const auto first = newest_ + 1 - offset;
  return first >= 0 && first <= identity.index && broadcast.packets[static_cast<std::size_t>(first)].keyframe;
}

// Nothing of a closed publication, of another one, or of what came before the gate was opened.
bool StreamCheck::check_allowed(const Broadcast& broadcast, const SentPacket& packet, TimePoint sent_at) {
  // Two shards close and open one after the other: what came in between is either's.
  constexpr Duration kBetweenShards = 10ms;
  const auto gate = gate_at(broadcast, sent_at);
  const bool before = broadcast.shard == shard_
                          ? packet.last_arrival < gate.changed_at
                          : packet.gate_period != gate.period && sent_at - packet.last_arrival > kBetweenShards;
  if (!is_slot() && broadcast.publication != track_.publication)
    violated(sent_at, "media of publication {} on a track of {}", broadcast.publication.value(),
             track_.publication.value());
  else if (!gate.open)
    violated(sent_at, "media of a closed publication, closed at {} us",
             gate.changed_at.time_since_epoch().count() / 1000);
  else if (before)
    violated(sent_at, "media that came before the gate was opened");
  else
    return true;
  return false;
}

void StreamCheck::begin_epoch(ContentIdentity identity, BytesView payload, const wire::RtpHeader& header,
                              std::int64_t sequence, TimePoint at) {
  if (!epochs_.empty()) check_transition(epochs_.back(), at);
  const auto& broadcast = world_.ledger[identity.broadcast];
  const auto& packet = broadcast.packets.at(identity.index);
  Epoch epoch{.broadcast = identity.broadcast,
              .gate_period = gate_at(broadcast, at).period,
              .first_index = identity.index,
              .sequence_offset = sequence - identity.index,
              .timestamp_offset = header.timestamp - packet.timestamp,
              .since = at,
              .lowest_sequence = sequence,
              .expected_sequence = newest_ + 1,
              .timestamp_before = newest_timestamp_,
              .picture_id_before = newest_picture_id_,
              .tl0_before = newest_tl0_,
              .follows = !epochs_.empty(),
              .follows_picture = has_picture_,
              .newest_index = identity.index};
  if (epochs_.empty())
    first_sequence_ = std::max<std::int64_t>(0, sequence - 256);  // later packets of a keyframe may leave first
  else if (!is_slot() && identity.broadcast < epochs_.back().broadcast)
    violated(at, "an earlier sender comes back");
  const auto info = wire::parse_payload(broadcast.codec, payload);
  if (info) {
    epoch.picture_id_offset = static_cast<std::uint16_t>(info->picture_id - packet.picture_id);
    epoch.tl0_offset = static_cast<std::uint8_t>(info->tl0_picture_index - packet.tl0_picture_index);
  }
  epochs_.push_back(std::move(epoch));
}

// A change of sender, or a gate that was closed and opened, leaves no gap and takes nothing back. Asked when the epoch
// is over: what came earlier leaves before a keyframe whose first packet came late.
void StreamCheck::check_transition(const Epoch& epoch, TimePoint at) {
  const auto& broadcast = world_.ledger[epoch.broadcast];
  const auto& first = broadcast.packets[static_cast<std::size_t>(epoch.lowest_sequence - epoch.sequence_offset)];
  if (wire::kind_of(broadcast.codec) == wire::MediaKind::video && !first.keyframe)
    violated(at, "an epoch began at {} without a keyframe", epoch.lowest_sequence);
  if (!epoch.follows) return;
  if (epoch.lowest_sequence != epoch.expected_sequence)
    violated(at, "a new epoch began at {}, where {} would follow", epoch.lowest_sequence, epoch.expected_sequence);
  if (static_cast<std::int32_t>(first.timestamp + epoch.timestamp_offset - epoch.timestamp_before) <= 0)
    violated(at, "a new epoch took the timestamp back from {}", epoch.timestamp_before);
  const bool vp8 = broadcast.codec == wire::Codec::vp8, vp9 = broadcast.codec == wire::Codec::vp9;
  if (!epoch.follows_picture || !(vp8 || vp9)) return;
  const std::uint16_t mask = broadcast.picture_id_bits == 15 ? 0x7fff : broadcast.picture_id_bits == 7 ? 0x7f : 0;
  const auto picture_id = static_cast<std::uint16_t>(first.picture_id + epoch.picture_id_offset);
  if (((picture_id - epoch.picture_id_before - 1) & mask) != 0)
    violated(at, "a new epoch has picture id {} after {}", picture_id & mask, epoch.picture_id_before & mask);
  const bool has_tl0 = vp9 || broadcast.picture_id_bits != 0;
  const auto tl0 = static_cast<std::uint8_t>(first.tl0_picture_index + epoch.tl0_offset);
  if (has_tl0 && tl0 != static_cast<std::uint8_t>(epoch.tl0_before + 1))
    violated(at, "a new epoch has TL0PICIDX {} after {}", tl0, epoch.tl0_before);
}

void StreamCheck::check_numbers(const SentPacket& packet, std::int64_t index, const wire::RtpHeader& header,
                                std::int64_t sequence, TimePoint at) {
  const auto& epoch = epochs_.back();
  if (sequence - index != epoch.sequence_offset)
    violated(at, "packet {} left as {}, where {} is its place", index, sequence, index + epoch.sequence_offset);
  if (header.timestamp - packet.timestamp != epoch.timestamp_offset)
    violated(at, "packet {} has timestamp {}, {} expected", index, header.timestamp,
             packet.timestamp + epoch.timestamp_offset);
  if (header.marker != packet.marker) violated(at, "packet {} has another marker bit", index);
}

void StreamCheck::check_content(ContentIdentity identity, const SentPacket& packet, const Epoch& epoch,
                                BytesView payload, TimePoint at) {
  std::array<std::uint8_t, 2048> expected;
  if (payload.size() != packet.payload_size)
    return violated(at, "packet {} has {} bytes, {} made", identity.index, payload.size(), packet.payload_size);
  const auto& broadcast = world_.ledger[identity.broadcast];
  const std::uint16_t mask = broadcast.picture_id_bits == 7 ? 0x7f : 0x7fff;
  write_content(broadcast, identity, packet,
                static_cast<std::uint16_t>((packet.picture_id + epoch.picture_id_offset) & mask),
                static_cast<std::uint8_t>(packet.tl0_picture_index + epoch.tl0_offset), expected);
  if (!std::equal(payload.begin(), payload.end(), expected.begin()))
    violated(at, "packet {} has other bytes than were made", identity.index);
}

void StreamCheck::check_extensions(const SentPacket& packet, BytesView plain, const wire::RtpHeader& header,
                                   TimePoint at) {
  const auto& ids = track_.track.extensions;
  bool level = false, orientation = false;
  wire::for_each_extension(plain, header, [&](std::uint8_t id, BytesView value) {
    if (id == ids[wire::ExtensionKind::audio_level])
      level = packet.has_audio_level && value.size() == 1 && value[0] == packet.audio_level;
    else if (id == ids[wire::ExtensionKind::video_orientation])
      orientation = packet.has_video_orientation && value.size() == 1 && value[0] == packet.video_orientation;
    else if (id != ids[wire::ExtensionKind::dependency_descriptor] &&
             id != ids[wire::ExtensionKind::transport_sequence])
      violated(at, "an extension {} that was not agreed", id);
  });
  if (level != (packet.has_audio_level && ids[wire::ExtensionKind::audio_level] != 0))
    violated(at, "the audio level is wrong");
  if (orientation != (packet.has_video_orientation && ids[wire::ExtensionKind::video_orientation] != 0))
    violated(at, "the orientation is wrong");
}

// RFC 4588 section 4: the original's sequence number, then its payload; everything else as it was.
void StreamCheck::on_repeated(BytesView plain, const wire::RtpHeader& header, TimePoint sent_at) {
  ++repeats_;
  world_.trace.note(sent_at, TraceKind::repeat_sent, track_.ssrc.value(), header.sequence_number, header.timestamp);
  const auto payload = wire::rtp_payload(plain, header);
  if (header.payload_type != track_.track.codec.rtx_payload_type || !payload || payload->size() < 2)
    return violated(sent_at, "a repetition that is none");
  const auto sequence = extend_sequence(newest_, load_u16(payload->data()));
  const auto* original = sent(sequence);
  if (original == nullptr) return violated(sent_at, "{} is repeated and was never sent", sequence);
  const auto& epoch = epochs_[original->epoch];
  const auto& broadcast = world_.ledger[original->broadcast];
  const auto& packet = broadcast.packets[original->index];
  if (!check_allowed(broadcast, packet, sent_at)) return;
  if (epoch.gate_period != gate_at(broadcast, sent_at).period)
    return violated(sent_at, "{} is repeated from before the gate was closed", sequence);
  if (header.timestamp - packet.timestamp != epoch.timestamp_offset || header.marker != packet.marker)
    violated(sent_at, "{} is repeated with another timestamp or marker", sequence);
  if (packet.payload_size + 2u != payload->size())
    return violated(sent_at, "{} is repeated with another size", sequence);
  if (packet.payload_size > 0)
    check_content({original->broadcast, static_cast<std::uint32_t>(original->index)}, packet, epoch,
                  payload->subspan(2), sent_at);
}

std::optional<StreamCheck::Mapping> StreamCheck::mapping_before(TimePoint t) const {
  for (auto epoch = epochs_.rbegin(); epoch != epochs_.rend(); ++epoch)
    if (epoch->since < t) return Mapping{epoch->broadcast, epoch->timestamp_offset};
  return std::nullopt;
}

const StreamCheck::Sent* StreamCheck::sent(std::int64_t sequence) const {
  const auto at = sequence - first_sequence_;
  if (first_sequence_ < 0 || at < 0 || at >= static_cast<std::int64_t>(sent_.size())) return nullptr;
  const auto& entry = sent_[static_cast<std::size_t>(at)];
  return entry.at == TimePoint{} ? nullptr : &entry;
}

void StreamCheck::check_complete(TimePoint activated_at, TimePoint end) {
  if (!epochs_.empty()) check_transition(epochs_.back(), end);
  for (const auto& epoch : epochs_) check_epoch_complete(epoch, activated_at, end);
}

void StreamCheck::check_epoch_complete(const Epoch& epoch, TimePoint activated_at, TimePoint end) {
  // Closer to the end than this, a burst may still have been collected, or have been on its way between shards.
  constexpr Duration kCollection = 25ms;
  constexpr std::int64_t kTooLate = 400;  // the rewriter and the replay guard remember somewhat more
  const auto& broadcast = world_.ledger[epoch.broadcast];
  const bool audio = wire::kind_of(broadcast.codec) == wire::MediaKind::audio;
  for (auto index = epoch.first_index; index < static_cast<std::int64_t>(broadcast.packets.size()); ++index) {
    const auto& packet = broadcast.packets[static_cast<std::size_t>(index)];
    if (!packet.forwardable || packet.gate_period != epoch.gate_period || packet.accepted_at + kCollection > end)
      continue;
    const auto gate = gate_at(broadcast, packet.accepted_at + kCollection);
    if (!gate.open || gate.period != epoch.gate_period) continue;                      // closed under a burst
    if (gate_at(broadcast, packet.accepted_at).period != epoch.gate_period) continue;  // not yet open at this shard
    if (packet.newest_then - index > kTooLate) continue;
    // Before the cursor of whoever joined, or before the packets' shard heard of the first listener at another one.
    if (audio && packet.accepted_at <= activated_at + kCollection) continue;
    // Of a keyframe whose first packet came much later than the others no more is looked for.
    if (packet.accepted_at + media::Layer::kKeyframeReuse < epoch.since) continue;
    if (index > epoch.newest_index) continue;  // a sender that changed under a burst
    // What came late may have found that the slot had gone over to something else.
    if (is_slot() && packet.accepted_at + kCollection > epoch.newest_at) continue;
    const auto place = static_cast<std::size_t>(index - epoch.first_index);
    if (place < epoch.forwarded.size() && epoch.forwarded[place]) continue;
    return violated(
        end,
        "packet {} of broadcast {} came at {:.6f} s and was not forwarded between {} at {:.6f} s and {} at {:.6f} s",
        index, epoch.broadcast.value(), seconds(packet.accepted_at), epoch.first_index, seconds(epoch.since),
        epoch.newest_index, seconds(epoch.newest_at));
  }
}

}  // namespace bridgehall::sim
