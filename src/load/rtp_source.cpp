#include "load/rtp_source.h"

#include "wire/rtp.h"

namespace bridgehall::load {

RtpSource::RtpSource(const session::NegotiatedTrack& track, Ssrc ssrc, Ssrc rtx_ssrc, RandomSource& random,
                     std::size_t history)
    : track_(track),
      ssrc_(ssrc),
      rtx_ssrc_(rtx_ssrc),
      next_sequence_(static_cast<std::int64_t>(random.below(0x8000))),
      next_rtx_sequence_(static_cast<std::int64_t>(random.below(0x8000))),
      timestamp_base_(random.u32()),
      history_(history) {}

void RtpSource::begin_naming(std::string rid) {
  naming_ = naming_repairs_ = true;
  rid_ = std::move(rid);
}

std::vector<std::uint8_t> RtpSource::seal(crypto::Sealer& sealer, BytesView payload, std::uint32_t timestamp,
                                          bool marker, std::uint16_t transport_sequence) {
  auto& kept = history_[static_cast<std::size_t>(next_sequence_) % history_.size()];
  kept.sequence = static_cast<std::uint16_t>(next_sequence_);
  kept.timestamp = timestamp;
  kept.marker = marker;
  kept.payload.assign(payload.begin(), payload.end());
  ++packets_;
  octets_ += static_cast<std::uint32_t>(payload.size());
  return seal_as(sealer, {ssrc_, track_.codec.payload_type, next_sequence_, wire::ExtensionKind::rid, naming_}, {},
                 payload, timestamp, marker, transport_sequence);
}

std::vector<std::uint8_t> RtpSource::seal_again(crypto::Sealer& sealer, std::uint16_t sequence,
                                                std::uint16_t transport_sequence) {
  const auto& kept = history_[sequence % history_.size()];
  if (kept.payload.empty() || kept.sequence != sequence || track_.codec.rtx_payload_type == 0) return {};
  std::array<std::uint8_t, 2> original;
  store_u16(original.data(), sequence);
  return seal_as(sealer,
                 {rtx_ssrc_, track_.codec.rtx_payload_type, next_rtx_sequence_, wire::ExtensionKind::repaired_rid,
                  naming_repairs_},
                 original, kept.payload, kept.timestamp, kept.marker, transport_sequence);
}

std::vector<std::uint8_t> RtpSource::seal_as(crypto::Sealer& sealer, Numbered stream, BytesView prefix,
                                             BytesView payload, std::uint32_t timestamp, bool marker,
                                             std::uint16_t transport_sequence) {
  const auto extended = stream.next++;
  std::vector<std::uint8_t> datagram(wire::RtpHeaderWriter::kMaxHeader + prefix.size() + payload.size() + 16);
  wire::RtpHeaderWriter writer(datagram,
                               {.marker = marker,
                                .payload_type = stream.payload_type,
                                .sequence_number = static_cast<std::uint16_t>(extended),
                                .timestamp = timestamp,
                                .ssrc = stream.ssrc},
                               wire::ExtensionForm::one_byte);
  std::array<std::uint8_t, 2> number;
  store_u16(number.data(), transport_sequence);
  writer.add(track_.extensions[wire::ExtensionKind::transport_sequence], number);
  const std::array<std::uint8_t, 1> level{audio_level_};
  writer.add(track_.extensions[wire::ExtensionKind::audio_level], level);
  if (stream.named) {
    writer.add(track_.extensions[wire::ExtensionKind::mid], as_bytes_view(track_.mid));
    writer.add(track_.extensions[stream.rid_kind], as_bytes_view(rid_));  // nothing when there is none
  }
  const auto header = writer.finish();
  const auto size = sealer.seal_rtp({.header = BytesView{datagram}.first(header),
                                     .prefix = prefix,
                                     .payload = payload,
                                     .rollover_counter = static_cast<std::uint32_t>(extended >> 16)},
                                    datagram);
  datagram.resize(size);
  return datagram;
}

}  // namespace bridgehall::load
