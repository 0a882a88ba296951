#include "sim/source_stream.h"

#include "base/check.h"
#include "base/sequence.h"
#include "session/send_stream.h"

namespace bridgehall::sim {

std::size_t SourceStream::add(const SentPacket& packet) {
  auto& packets = record().packets;
  packets.push_back(packet);
  ++next_sequence_;
  return packets.size() - 1;
}

BytesView SourceStream::seal(crypto::Sealer& sealer, std::size_t index, std::uint16_t& transport_sequence) {
  const auto packet = record().packets[index];
  ++packets_;
  octets_ += packet.payload_size;
  const auto sealed = seal_as(sealer, packet, index, false, transport_sequence);
  if (terms_.track.codec.rtx_payload_type == 0) {
    auto& remembered = remembered_[index % kRemembered];
    remembered.index = index;
    remembered.bytes.assign(sealed.begin(), sealed.end());
  }
  return sealed;
}

BytesView SourceStream::repeat(crypto::Sealer& sealer, std::uint16_t sequence, std::uint16_t& transport_sequence,
                               std::uint64_t& tag) {
  const auto& record_of = record();
  const auto extended = extend_sequence(next_sequence_ - 1, sequence) - record_of.first_sequence;
  if (extended < 0 || extended >= static_cast<std::int64_t>(record_of.packets.size())) return {};
  const auto index = static_cast<std::size_t>(extended);
  tag = Tag::packet(broadcast_, index);
  if (terms_.track.codec.rtx_payload_type == 0) {
    const auto& remembered = remembered_[index % kRemembered];
    return remembered.index == index ? BytesView{remembered.bytes} : BytesView{};
  }
  if (record_of.packets.size() - index > kRemembered) return {};
  const auto packet = record_of.packets[index];
  return seal_as(sealer, packet, index, true, transport_sequence);
}

BytesView SourceStream::seal_as(crypto::Sealer& sealer, const SentPacket& packet, std::size_t index, bool rtx,
                                std::uint16_t& transport_sequence) {
  const auto sequence = record().first_sequence + static_cast<std::int64_t>(index);
  const auto line = rtx ? next_rtx_sequence_++ : sequence;
  std::size_t prefix = 0;
  if (rtx) {
    store_u16(payload_.data(), static_cast<std::uint16_t>(sequence));
    prefix = 2;
  }
  const bool empty = packet.payload_size == 0;
  if (!empty)
    write_content(record(), {broadcast_, static_cast<std::uint32_t>(index)}, packet, packet.picture_id,
                  packet.tl0_picture_index, MutableBytes{payload_}.subspan(prefix));
  const auto header = write_header(packet, rtx, empty, line, transport_sequence);
  const auto size = sealer.seal_rtp({.header = BytesView{datagram_}.first(header),
                                     .payload = BytesView{payload_}.first(prefix + packet.payload_size),
                                     .padding = static_cast<std::uint8_t>(empty ? 200 : 0),
                                     .rollover_counter = session::SendStream::rollover_counter(line)},
                                    datagram_);
  BRIDGEHALL_CHECK(size > 0);
  return BytesView{datagram_}.first(size);
}

BytesView SourceStream::probe(crypto::Sealer& sealer, std::uint16_t& transport_sequence) {
  const auto line = next_rtx_sequence_++;
  const auto header = write_header(record().packets.back(), true, true, line, transport_sequence);
  const auto size = sealer.seal_rtp({.header = BytesView{datagram_}.first(header),
                                     .padding = 224,
                                     .rollover_counter = session::SendStream::rollover_counter(line)},
                                    datagram_);
  return BytesView{datagram_}.first(size);
}

std::size_t SourceStream::write_header(const SentPacket& packet, bool rtx, bool padding, std::int64_t sequence,
                                       std::uint16_t& transport_sequence) {
  const auto& track = terms_.track;
  const auto& ids = track.extensions;
  std::array<std::uint8_t, 64> descriptor;
  const auto descriptor_size = record().has_dependency_descriptor && packet.payload_size > 0
                                   ? write_dependency_descriptor(packet, descriptor)
                                   : 0;
  const auto form = terms_.two_byte_extensions || descriptor_size > 16 ? wire::ExtensionForm::two_byte
                                                                       : wire::ExtensionForm::one_byte;
  wire::RtpHeaderWriter writer(datagram_,
                               {.marker = packet.marker,
                                .has_padding = padding,
                                .payload_type = rtx ? track.codec.rtx_payload_type : track.codec.payload_type,
                                .sequence_number = static_cast<std::uint16_t>(sequence),
                                .timestamp = packet.timestamp,
                                .ssrc = rtx ? terms_.rtx_ssrc : terms_.ssrc},
                               form);
  using Kind = wire::ExtensionKind;
  const auto add = [&](Kind kind, BytesView value) {
    if (ids[kind] != 0) writer.add(ids[kind], value);
  };
  std::array<std::uint8_t, 2> number;
  store_u16(number.data(), transport_sequence++);
  add(Kind::transport_sequence, number);
  add(Kind::mid, as_bytes_view(track.mid));
  if (!terms_.rid.empty()) add(rtx ? Kind::repaired_rid : Kind::rid, as_bytes_view(terms_.rid));
  if (packet.has_audio_level) add(Kind::audio_level, {&packet.audio_level, 1});
  if (packet.has_video_orientation) add(Kind::video_orientation, {&packet.video_orientation, 1});
  if (descriptor_size > 0) add(Kind::dependency_descriptor, BytesView{descriptor}.first(descriptor_size));
  return writer.finish();
}

}  // namespace bridgehall::sim
