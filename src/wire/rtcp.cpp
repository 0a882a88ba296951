#include "wire/rtcp.h"

#include <algorithm>
#include <limits>

namespace bridgehall::wire {
namespace {

constexpr std::size_t kHeaderSize = 4;
constexpr std::size_t kReportBlockSize = 24;
constexpr std::size_t kSenderInfoSize = 24;  // with the sender's SSRC
constexpr std::uint8_t kSdesCname = 1;
constexpr std::uint32_t kRembName = 0x52454D42;  // "REMB"

// Where the report blocks begin; 0 when the packet is no report.
std::size_t report_blocks_offset(RtcpType type) {
  if (type == RtcpType::sender_report) return kSenderInfoSize;
  return type == RtcpType::receiver_report ? 4 : 0;
}

bool reports_fit(const RtcpPacket& packet) {
  const std::size_t offset = report_blocks_offset(packet.type);
  return offset != 0 && packet.body.size() >= offset + packet.count_or_format * kReportBlockSize;
}

ReportBlock read_report_block(const std::uint8_t* p) {
  ReportBlock block;
  block.ssrc = Ssrc{load_u32(p)};
  block.fraction_lost = p[4];
  // Shifted up and down again to carry the sign of the 24 bits.
  block.cumulative_lost = static_cast<std::int32_t>(load_u32(p + 4) << 8) >> 8;
  block.highest_sequence = load_u32(p + 8);
  block.jitter = load_u32(p + 12);
  block.last_sender_report = load_u32(p + 16);
  block.delay_since_last = load_u32(p + 20);
  return block;
}

void write_report_block(ByteWriter& out, const ReportBlock& block) {
  out.u32(block.ssrc.value());
  out.u8(block.fraction_lost);
  out.u24(static_cast<std::uint32_t>(block.cumulative_lost));
  out.u32(block.highest_sequence);
  out.u32(block.jitter);
  out.u32(block.last_sender_report);
  out.u32(block.delay_since_last);
}

// Writes the header of a packet whose body will take `body_size` bytes; false (nothing written) when that does not fit.
bool write_header(ByteWriter& out, RtcpType type, std::size_t count_or_format, std::size_t body_size) {
  if (body_size / 4 > 0xffff || out.remaining() < kHeaderSize + body_size) return false;
  out.u8(static_cast<std::uint8_t>(0x80 | count_or_format));
  out.u8(static_cast<std::uint8_t>(type));
  out.u16(static_cast<std::uint16_t>(body_size / 4));
  return true;
}

// The number of `sequences` from `begin` that one PID/BLP pair carries, and its bit mask.
std::size_t nack_pair(std::span<const std::uint16_t> sequences, std::size_t begin, std::uint16_t& mask) {
  mask = 0;
  std::size_t end = begin + 1;
  for (; end < sequences.size(); ++end) {
    const auto distance = static_cast<std::uint16_t>(sequences[end] - sequences[begin]);
    if (distance > 16) break;
    if (distance > 0) mask = static_cast<std::uint16_t>(mask | 1u << (distance - 1));
  }
  return end - begin;
}

}  // namespace

bool RtcpWalk::next(RtcpPacket& out) {
  if (rest_.empty() || failed_) return false;
  failed_ = true;
  if (rest_.size() < kHeaderSize || rest_[0] >> 6 != 2) return false;
  const std::size_t size = kHeaderSize + 4u * load_u16(rest_.data() + 2);
  if (size > rest_.size()) return false;
  BytesView body = rest_.subspan(kHeaderSize, size - kHeaderSize);
  if (rest_[0] & 0x20) {
    // RFC 3550 has padding in multiples of four and on the last packet only. But transport-wide-cc fills up its last
    // word with one to three bytes, and libwebrtc sends several such messages in one datagram.
    if (body.empty()) return false;
    const std::size_t padding = body.back();
    if (padding == 0 || padding > body.size()) return false;
    body = body.first(body.size() - padding);
  }
  out.type = static_cast<RtcpType>(rest_[1]);
  out.count_or_format = rest_[0] & 0x1f;
  out.body = body;
  rest_ = rest_.subspan(size);
  failed_ = false;
  return true;
}

bool parse_sender_info(const RtcpPacket& packet, SenderInfo& out) {
  if (packet.type != RtcpType::sender_report || !reports_fit(packet)) return false;
  ByteReader in(packet.body);
  out.ssrc = Ssrc{in.u32()};
  out.ntp = NtpTime{in.u64()};
  out.rtp_timestamp = in.u32();
  out.packets = in.u32();
  out.octets = in.u32();
  return true;
}

std::size_t parse_report_blocks(const RtcpPacket& packet, std::span<ReportBlock> out) {
  if (!reports_fit(packet)) return 0;
  const std::size_t count = std::min<std::size_t>(packet.count_or_format, out.size());
  const std::uint8_t* p = packet.body.data() + report_blocks_offset(packet.type);
  for (std::size_t i = 0; i < count; ++i, p += kReportBlockSize) out[i] = read_report_block(p);
  return count;
}

bool parse_feedback_ssrcs(const RtcpPacket& packet, Ssrc& sender, Ssrc& media) {
  if (packet.body.size() < 8) return false;
  sender = Ssrc{load_u32(packet.body.data())};
  media = Ssrc{load_u32(packet.body.data() + 4)};
  return true;
}

// draft-alvestrand-rmcat-remb-03 section 2.2: name, number of SSRCs, 6 bits of exponent, 18 of mantissa.
bool parse_remb(const RtcpPacket& packet, std::uint64_t& bits_per_second) {
  if (packet.type != RtcpType::payload_feedback || packet.count_or_format != kFormatApplication) return false;
  if (packet.body.size() < 16 || load_u32(packet.body.data() + 8) != kRembName) return false;
  const std::uint32_t word = load_u32(packet.body.data() + 12);
  if (packet.body.size() < 16 + 4u * (word >> 24)) return false;
  const std::uint32_t exponent = word >> 18 & 0x3f;
  const std::uint64_t mantissa = word & 0x3ffff;
  if (mantissa > std::numeric_limits<std::uint64_t>::max() >> exponent) return false;
  bits_per_second = mantissa << exponent;
  return true;
}

bool write_sender_report(ByteWriter& out, const SenderInfo& info, std::span<const ReportBlock> blocks) {
  if (blocks.size() > kMaxReportBlocks) return false;
  const std::size_t body_size = kSenderInfoSize + blocks.size() * kReportBlockSize;
  if (!write_header(out, RtcpType::sender_report, blocks.size(), body_size)) return false;
  out.u32(info.ssrc.value());
  out.u64(info.ntp.value);
  out.u32(info.rtp_timestamp);
  out.u32(info.packets);
  out.u32(info.octets);
  for (const auto& block : blocks) write_report_block(out, block);
  return true;
}

bool write_receiver_report(ByteWriter& out, Ssrc sender, std::span<const ReportBlock> blocks) {
  if (blocks.size() > kMaxReportBlocks) return false;
  const std::size_t body_size = 4 + blocks.size() * kReportBlockSize;
  if (!write_header(out, RtcpType::receiver_report, blocks.size(), body_size)) return false;
  out.u32(sender.value());
  for (const auto& block : blocks) write_report_block(out, block);
  return true;
}

bool write_source_description(ByteWriter& out, Ssrc ssrc, std::string_view cname) {
  if (cname.size() > 255) return false;
  const std::size_t items = 2 + cname.size();
  const std::size_t padding = 4 - items % 4;  // at least one zero byte ends the chunk (RFC 3550 section 6.5)
  if (!write_header(out, RtcpType::source_description, 1, 4 + items + padding)) return false;
  out.u32(ssrc.value());
  out.u8(kSdesCname);
  out.u8(static_cast<std::uint8_t>(cname.size()));
  out.bytes(as_bytes_view(cname));
  out.zeros(padding);
  return true;
}

bool write_bye(ByteWriter& out, Ssrc ssrc) {
  if (!write_header(out, RtcpType::bye, 1, 4)) return false;
  out.u32(ssrc.value());
  return true;
}

bool write_nack(ByteWriter& out, Ssrc sender, Ssrc media, std::span<const std::uint16_t> sequences) {
  if (sequences.empty()) return false;
  std::uint16_t mask = 0;
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < sequences.size(); i += nack_pair(sequences, i, mask)) ++pairs;
  if (!write_header(out, RtcpType::transport_feedback, kFormatNack, 8 + 4 * pairs)) return false;
  out.u32(sender.value());
  out.u32(media.value());
  for (std::size_t i = 0; i < sequences.size();) {
    const std::uint16_t first = sequences[i];
    i += nack_pair(sequences, i, mask);
    out.u16(first);
    out.u16(mask);
  }
  return true;
}

bool write_pli(ByteWriter& out, Ssrc sender, Ssrc media) {
  if (!write_header(out, RtcpType::payload_feedback, kFormatPli, 8)) return false;
  out.u32(sender.value());
  out.u32(media.value());
  return true;
}

bool write_fir(ByteWriter& out, Ssrc sender, Ssrc media, std::uint8_t command_number) {
  if (!write_header(out, RtcpType::payload_feedback, kFormatFir, 16)) return false;
  out.u32(sender.value());
  out.u32(0);  // the header's media SSRC is unused (RFC 5104 section 4.3.1.2)
  out.u32(media.value());
  out.u8(command_number);
  out.u24(0);
  return true;
}

}  // namespace bridgehall::wire
