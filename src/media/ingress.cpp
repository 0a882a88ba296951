#include "media/ingress.h"

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

Publication* Ingress::receive_rtp(Peer& peer, Slot slot, std::size_t size, TimePoint arrived_at) {
  const MutableBytes datagram = tables_.store.bytes(slot).first(size);
  const auto header = wire::parse_rtp_header(datagram);
  if (!header) return drop(Drop::rtp_malformed);
  const auto [stream, rtx] = find_source(peer, *header);
  if (stream == nullptr || !stream->attached) return drop(Drop::rtp_unknown_ssrc);
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
    if (payload->empty())
      return nullptr;  // bandwidth probing with nothing inside (RFC 4588 is used for it by browsers)
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
  auto& publication = tables_.publications[stream->publication];
  if (noted.too_many_missing && publication.open && publication.kind() == wire::MediaKind::video)
    publication.keyframes.want();
  return store_packet(*stream, packet);
}

// By SSRC where the offer announced it. Otherwise the first packet that authenticates with the payload type of a track
// without an SSRC tells it; until then the stream's fresh replay state is used, which learns nothing from a forgery.
Ingress::Source Ingress::find_source(Peer& peer, const wire::RtpHeader& header) const {
  for (auto& stream : peer.incoming) {
    if (stream.ssrc == header.ssrc) return {&stream, false};
    if (stream.rtx_ssrc == header.ssrc && stream.rtx_ssrc != Ssrc{}) return {&stream, true};
  }
  for (auto& stream : peer.incoming) {
    if (stream.ssrc == Ssrc{} && header.payload_type == stream.track.codec.payload_type) return {&stream, false};
    if (stream.rtx_ssrc == Ssrc{} && stream.track.codec.rtx_payload_type != 0 &&
        header.payload_type == stream.track.codec.rtx_payload_type)
      return {&stream, true};
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

Publication* Ingress::store_packet(IncomingStream& stream, StoredPacket& packet) {
  auto& publication = tables_.publications[stream.publication];
  if (!publication.open) return drop(Drop::gate_closed);
  const BytesView bytes = tables_.store.bytes(packet.slot);
  if (packet.payload_size > 0) {
    const auto info =
        wire::parse_payload(publication.codec, bytes.subspan(packet.payload_offset, packet.payload_size),
                            bytes.subspan(packet.dependency_descriptor_offset, packet.dependency_descriptor_size));
    if (!info) return drop(Drop::rtp_bad_payload);
    packet.payload = *info;
  }
  // A packet without payload is bandwidth probing on the media's own SSRC: forwarded empty, as it has a sequence
  // number.

  publication.clock.on_packet(packet.timestamp, ntp_.ntp_at(packet.arrived_at));
  packet.epoch = publication.epoch;
  if (packet.payload.keyframe && publication.kind() == wire::MediaKind::video) {
    note_keyframe(publication, packet);
  } else if (publication.kind() == wire::MediaKind::video && !publication.last_keyframe &&
             !publication.receivers.empty()) {
    publication.keyframes.want();  // nobody can begin with what comes
  }
  publication.history.push(packet);
  publication.burst_complete |= packet.marker;
  return &publication;
}

// H.264 marks two packets of a keyframe: its parameter sets and the first slice behind them. Who starts, starts at the
// first.
void Ingress::note_keyframe(Publication& publication, const StoredPacket& packet) {
  const auto* known = publication.last_keyframe ? publication.history.at(*publication.last_keyframe) : nullptr;
  if (known != nullptr && known->timestamp == packet.timestamp && known->sequence < packet.sequence) return;
  publication.last_keyframe = publication.history.next();
  publication.keyframes.on_keyframe();
  ++counters_.keyframes_received;
}

}  // namespace bridgehall::media
