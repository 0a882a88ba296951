#include "media/egress.h"

#include <algorithm>
#include <array>
#include <bit>

namespace bridgehall::media {

void Egress::expect_far(const Peer& peer) {
  peer.transport.prefetch_sealer();
  for (auto waiting = peer.pending; waiting != 0; waiting &= waiting - 1)
    __builtin_prefetch(&peer.outgoing[static_cast<std::size_t>(std::countr_zero(waiting))].layer);
}

void Egress::expect_near(const Peer& peer) {
  if (!peer.transport.connected()) return;
  peer.transport.sealer().prefetch();
  for (auto waiting = peer.pending; waiting != 0; waiting &= waiting - 1) {
    const auto& stream = peer.outgoing[static_cast<std::size_t>(std::countr_zero(waiting))];
    stream.prefetch();
  }
}

void Egress::build(Peer& peer, TimePoint now, std::vector<Train>& out) {
  const auto count = forwarder_.plan(peer, plans_);
  auto& sealer = peer.transport.sealer();
  const auto overhead = crypto::rtp_overhead(sealer.suite());
  const Receiver receiver{peer, sealer, overhead, now};
  std::span<const PlannedPacket> rest{plans_.data(), count};
  while (!rest.empty()) {
    std::size_t segment = 0;
    const auto length = take_train(rest, overhead, segment);
    const auto begin = used_;
    for (std::size_t i = 0; i < length; ++i) {
      const bool last = i + 1 == length;  // the only one that may be shorter
      used_ += seal(receiver, rest[i], last ? 0 : segment - overhead - rest[i].plain_size);
    }
    out.push_back({peer.transport.path(), BytesView{arena_.get() + begin, used_ - begin}, segment});
    ++counters_.trains_sent;
    ++counters_.train_lengths[length];
    rest = rest.subspan(length);
  }
}

// How many of `plans` ride together, and the size of their segments. All but the last are padded to the largest.
std::size_t Egress::take_train(std::span<const PlannedPacket> plans, std::size_t overhead, std::size_t& segment) const {
  std::size_t smallest = plans[0].plain_size, largest = smallest, length = 1;
  for (; length < plans.size(); ++length) {
    const std::size_t size = plans[length].plain_size;
    const auto low = std::min(smallest, size), high = std::max(largest, size);
    if ((length + 1) * (high + overhead) > kTrainBytes) break;
    if (high - low > kMaxPadding) {
      if (size < largest) ++length;  // too short to be padded: it rides last, as it is
      break;
    }
    smallest = low;
    largest = high;
  }
  segment = largest + overhead;
  return length;
}

void Egress::write_extensions(wire::RtpHeaderWriter& writer, const PlannedPacket& plan,
                              std::uint16_t transport_sequence) {
  const auto& packet = *plan.packet;
  const auto add = [&](wire::ExtensionKind kind, BytesView value) {
    const auto id = plan.stream->extensions[kind];
    if (id != 0 && !value.empty()) writer.add(id, value);
  };
  std::array<std::uint8_t, 255> value;
  store_u16(value.data(), transport_sequence);
  add(wire::ExtensionKind::transport_sequence, BytesView{value}.first(2));
  if (packet.has_audio_level) add(wire::ExtensionKind::audio_level, {&packet.audio_level, 1});
  if (packet.has_video_orientation) add(wire::ExtensionKind::video_orientation, {&packet.video_orientation, 1});
  const auto descriptor = plan.bytes.subspan(packet.dependency_descriptor_offset, packet.dependency_descriptor_size);
  std::copy(descriptor.begin(), descriptor.end(), value.begin());
  if (descriptor.size() >= 3) store_u16(value.data() + 1, plan.numbers.frame_number);  // after flags and template
  add(wire::ExtensionKind::dependency_descriptor, BytesView{value}.first(descriptor.size()));
}

std::size_t Egress::seal(const Receiver& receiver, const PlannedPacket& plan, std::size_t padding) {
  const auto& packet = *plan.packet;
  auto& stream = *plan.stream;
  const bool repeated = plan.rtx_sequence >= 0;
  auto& line = repeated ? stream.rtx_stream : stream.stream;
  const auto sequence = repeated ? plan.rtx_sequence : plan.numbers.sequence;
  const MutableBytes out{arena_.get() + used_, kMaxSealed};

  wire::RtpHeaderWriter writer(out,
                               {.marker = plan.marker,
                                .has_padding = padding > 0,
                                .payload_type = repeated ? stream.types.rtx : stream.types.media,
                                .sequence_number = static_cast<std::uint16_t>(sequence),
                                .timestamp = plan.numbers.timestamp,
                                .ssrc = line.ssrc()},
                               plan.extension_form);
  if (plan.extension_form != wire::ExtensionForm::none) {
    std::uint16_t transport_sequence = 0;
    if (stream.extensions[wire::ExtensionKind::transport_sequence] != 0)
      transport_sequence =
          receiver.peer.downlink->log->on_sent(receiver.now, plan.plain_size + padding + receiver.overhead);
    write_extensions(writer, plan, transport_sequence);
  }
  const auto header_size = writer.finish();

  // What comes before the shared rest of the payload: RTX's original sequence number, and the VP8 or VP9 descriptor.
  const BytesView payload = plan.bytes.subspan(packet.payload_offset, packet.payload_size);
  std::array<std::uint8_t, 2 + 255> prefix;
  std::size_t prefix_size = 0, shared_from = 0;
  if (repeated) {
    store_u16(prefix.data(), static_cast<std::uint16_t>(plan.numbers.sequence));
    prefix_size = 2;
  }
  if (packet.payload.picture_id_bits != 0 || packet.payload.tl0_picture_index_offset != 0) {
    prefix_size += wire::rewrite_descriptor(payload, packet.payload, plan.numbers.picture_id,
                                            plan.numbers.tl0_picture_index, MutableBytes{prefix}.subspan(prefix_size));
    shared_from = packet.payload.descriptor_size;
  }

  const auto size = receiver.sealer.seal_rtp({.header = out.first(header_size),
                                              .prefix = BytesView{prefix}.first(prefix_size),
                                              .payload = payload.subspan(shared_from),
                                              .padding = static_cast<std::uint8_t>(padding),
                                              .rollover_counter = session::SendStream::rollover_counter(sequence)},
                                             out);
  BRIDGEHALL_CHECK(size > 0);  // a slot's packet, 2 bytes of RTX, padding and tag fit kMaxSealed
  line.count_sent(payload.size());
  ++(repeated ? counters_.rtp_retransmitted : counters_.rtp_forwarded);
  return size;
}

}  // namespace bridgehall::media
