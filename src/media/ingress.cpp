#include "media/ingress.h"

#include <string_view>
#include <utility>

namespace bridgehall::media {
namespace {

Drop drop_of(crypto::SrtpError error) {
  switch (error) {
    case crypto::SrtpError::replayed:
    case crypto::SrtpError::too_old:
      return Drop::srtp_replayed;
    case crypto::SrtpError::too_short:
      return Drop::rtp_malformed;
    case crypto::SrtpError::authentication_failed:
      break;
  }
  return Drop::srtp_authentication;
}

}  // namespace

Ingress::Received Ingress::receive_rtp(Peer& peer, Slot slot, std::size_t size, TimePoint arrived_at) {
  const MutableBytes datagram = tables_.store.bytes(slot).first(size);
  const auto header = wire::parse_rtp_header(datagram);
  if (!header) return drop(Drop::rtp_malformed);
  const auto [stream, rtx] = find_source(peer, datagram, *header);
  if (stream == nullptr || !stream->attached()) return drop(Drop::rtp_unknown_ssrc);
  const auto& codec = stream->track.codec;
  if (header->payload_type != (rtx ? codec.rtx_payload_type : codec.payload_type))
    return drop(Drop::rtp_unknown_payload_type);

  const auto opened = peer.transport.opener().open_rtp(datagram, *header, rtx ? stream->rtx_srtp : stream->srtp);
  if (!opened) return drop(drop_of(opened.error()));
  ++counters_.rtp_received;
  (rtx ? stream->rtx_ssrc : stream->ssrc) = header->ssrc;

  const BytesView bytes = datagram.first(opened->size);
  StoredPacket packet{.slot = slot, .timestamp = header->timestamp, .arrived_at = arrived_at, .marker = header->marker};
  read_extensions(peer, *stream, bytes, *header, packet);
  const auto payload = wire::rtp_payload(bytes, *header);
  if (!payload) return drop(Drop::rtp_bad_payload);

  auto sequence = header->sequence_number;
  packet.payload_offset = header->header_size;
  packet.payload_size = static_cast<std::uint16_t>(payload->size());
  if (rtx) {
    if (payload->empty()) return {};  // bandwidth probing with nothing inside (RFC 4588 is used for it by browsers)
    // The original's sequence number, then its payload (RFC 4588 section 4).
    if (payload->size() < 2) return drop(Drop::rtp_bad_payload);
    sequence = load_u16(payload->data());
    packet.payload_offset = static_cast<std::uint16_t>(packet.payload_offset + 2);
    packet.payload_size = static_cast<std::uint16_t>(packet.payload_size - 2);
    ++counters_.retransmissions_received;
  }

  const auto noted = stream->log.on_packet(sequence, packet.timestamp, arrived_at, rtx);
  if (noted.arrival == session::ReceiveLog::Arrival::duplicate) return drop(Drop::rtp_duplicate);
  if (noted.arrival == session::ReceiveLog::Arrival::too_old) return drop(Drop::rtp_too_old);
  packet.sequence = noted.extended_sequence;
  auto& layer = tables_.layers[stream->layer];
  if (noted.too_many_missing && layer.open && layer.kind() == wire::MediaKind::video && layer.is_wanted())
    layer.keyframes.want();
  return store_packet(*stream, packet);
}

// By SSRC once it is known: from the offer, or bound by the first packet that authenticated. Until then the stream's
// fresh replay state is used, which learns nothing from a forgery.
Ingress::Source Ingress::find_source(Peer& peer, BytesView datagram, const wire::RtpHeader& header) {
  if (header.ssrc == Ssrc{}) return {};  // our own mark for a stream that is not bound
  for (auto& stream : peer.incoming) {
    if (stream.ssrc == header.ssrc) return {&stream, false};
    if (stream.rtx_ssrc == header.ssrc) return {&stream, true};
  }
  return find_unbound(peer, datagram, header);
}

// RFC 9143 section 9.2, RFC 8852: by MID, and by RID where the track has encodings; a sender that names no MID (RFC
// 9143 leaves it the choice) is known by its payload type.
Ingress::Source Ingress::find_unbound(Peer& peer, BytesView datagram, const wire::RtpHeader& header) {
  const auto text = [](BytesView value) {
    return std::string_view{reinterpret_cast<const char*>(value.data()), value.size()};
  };
  for (auto& stream : peer.incoming) {
    const auto& codec = stream.track.codec;
    const bool rtx = codec.rtx_payload_type != 0 && header.payload_type == codec.rtx_payload_type;
    if (!rtx && header.payload_type != codec.payload_type) continue;
    if ((rtx ? stream.rtx_ssrc : stream.ssrc) != Ssrc{}) continue;
    const auto& ids = stream.track.extensions;
    const auto rid_id = ids[rtx ? wire::ExtensionKind::repaired_rid : wire::ExtensionKind::rid];
    std::string_view mid, rid;
    wire::for_each_extension(datagram, header, [&](std::uint8_t id, BytesView value) {
      if (id == ids[wire::ExtensionKind::mid]) mid = text(value);
      if (id == rid_id) rid = text(value);
    });
    if (!mid.empty() && mid != stream.track.mid) continue;
    if (!stream.rid.empty() && rid != stream.rid) continue;
    return {&stream, rtx};
  }
  return {};
}

void Ingress::read_extensions(Peer& peer, const IncomingStream& stream, BytesView bytes, const wire::RtpHeader& header,
                              StoredPacket& packet) const {
  const auto& ids = stream.track.extensions;
  wire::for_each_extension(bytes, header, [&](std::uint8_t id, BytesView value) {
    if (id == ids[wire::ExtensionKind::transport_sequence] && value.size() == 2 && peer.arrivals) {
      peer.arrivals->on_packet(load_u16(value.data()), packet.arrived_at);
    } else if (id == ids[wire::ExtensionKind::audio_level] && !value.empty()) {
      packet.audio_level = value[0];
      packet.has_audio_level = true;
    } else if (id == ids[wire::ExtensionKind::video_orientation] && !value.empty()) {
      packet.video_orientation = value[0];
      packet.has_video_orientation = true;
    } else if (id == ids[wire::ExtensionKind::dependency_descriptor]) {
      packet.dependency_descriptor_offset = static_cast<std::uint16_t>(value.data() - bytes.data());
      packet.dependency_descriptor_size = static_cast<std::uint8_t>(value.size());
    }
  });
}

Ingress::Received Ingress::store_packet(IncomingStream& stream, StoredPacket& packet) {
  const auto index = stream.layer;
  auto& layer = tables_.layers[index];
  if (!layer.open) return drop(Drop::gate_closed, index);
  const BytesView bytes = tables_.store.bytes(packet.slot);
  if (packet.payload_size > 0) {
    const auto descriptor = bytes.subspan(packet.dependency_descriptor_offset, packet.dependency_descriptor_size);
    const auto info =
        wire::parse_payload(layer.codec, bytes.subspan(packet.payload_offset, packet.payload_size), descriptor);
    if (!info) return drop(Drop::rtp_bad_payload);
    packet.payload = *info;
    if (layer.kind() == wire::MediaKind::video)
      packet.frame = stream.facts.read(layer.codec, *info, descriptor, packet.sequence);
  }
  // A packet without payload is bandwidth probing on the media's own SSRC: forwarded empty, as it has a sequence
  // number.
  packet.epoch = layer.epoch;
  const auto kept = keep(index, packet);
  counters_.keyframes_received += kept.keyframe;
  return kept;
}

Ingress::Received Ingress::keep(LayerIndex index, const StoredPacket& packet) {
  auto& layer = tables_.layers[index];
  if (!layer.is_line()) layer.clock.on_packet(packet.timestamp, ntp_.ntp_at(packet.arrived_at));
  bool keyframe = false;
  if (packet.payload.keyframe && layer.kind() == wire::MediaKind::video) {
    keyframe = note_keyframe(layer, packet);
  } else if (layer.kind() == wire::MediaKind::video && !layer.last_keyframe && layer.is_wanted()) {
    layer.keyframes.want();  // nobody can begin with what comes
  }
  layer.history.push(packet);
  layer.history.forget_before(packet.arrived_at - (layer.is_wanted() ? Layer::kHistoryAge : Layer::kKeyframeReuse));
  layer.burst_complete |= packet.marker;
  return {
      .layer = index, .stored = true, .keyframe = keyframe, .reordered = keyframe && note_size(layer, packet.payload)};
}

// H.264 marks two packets of a keyframe: its parameter sets and the first slice behind them. Who starts, starts at the
// first.
bool Ingress::note_keyframe(Layer& layer, const StoredPacket& packet) {
  const auto* known = layer.last_keyframe ? layer.history.at(*layer.last_keyframe) : nullptr;
  if (known != nullptr && known->timestamp == packet.timestamp && known->sequence < packet.sequence) return false;
  layer.last_keyframe = layer.history.next();
  layer.keyframes.on_keyframe();
  return true;
}

// True when the publication's layers have another order now.
bool Ingress::note_size(Layer& layer, const wire::PayloadInfo& payload) {
  const auto pixels = std::uint32_t{payload.width} * payload.height;
  if (pixels == 0 || pixels == layer.pixels) return false;
  layer.pixels = pixels;
  return tables_.order_layers(tables_.publications[layer.publication]);
}

}  // namespace bridgehall::media
