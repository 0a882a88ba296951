// RTP packets (RFC 3550 section 5) and their header extensions (RFC 8285), read in place and written into caller's
// memory. Packet path: no allocation, no state, everything inline; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <expected>

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"

namespace bridgehall::wire {

inline constexpr std::size_t kRtpFixedHeaderSize = 12;
// "defined by profile" words of RFC 8285; the two-byte form leaves its low four bits to the application.
inline constexpr std::uint16_t kOneByteProfile = 0xBEDE;
inline constexpr std::uint16_t kTwoByteProfile = 0x1000;

// The header extensions we understand. An SDP answer maps each to an id of 1–14 (one byte form) or 1–255.
enum class ExtensionKind : std::uint8_t {
  mid,                    // RFC 9143
  rid,                    // RFC 8852
  repaired_rid,           // RFC 8852
  audio_level,            // RFC 6464
  transport_sequence,     // draft-holmer-rmcat-transport-wide-cc-extensions-01
  absolute_send_time,     // webrtc.org abs-send-time
  video_orientation,      // 3GPP TS 26.114, urn:3gpp:video-orientation
  dependency_descriptor,  // AV1 RTP specification, appendix A
};
inline constexpr std::size_t kExtensionKinds = 8;

// id per kind; 0 = not negotiated.
struct ExtensionIds {
  std::array<std::uint8_t, kExtensionKinds> ids{};
  std::uint8_t& operator[](ExtensionKind kind) { return ids[static_cast<std::size_t>(kind)]; }
  std::uint8_t operator[](ExtensionKind kind) const { return ids[static_cast<std::size_t>(kind)]; }
  bool operator==(const ExtensionIds&) const = default;
};

enum class ExtensionForm : std::uint8_t { none, one_byte, two_byte, unknown };

enum class RtpError : std::uint8_t { too_short, wrong_version, header_overruns, extension_overruns, padding_overruns };

// A parsed fixed header. Offsets are from the packet's first byte; all are inside the packet.
struct RtpHeader {
  bool marker = false;
  bool has_padding = false;
  std::uint8_t payload_type = 0;
  std::uint16_t sequence_number = 0;
  std::uint32_t timestamp = 0;
  Ssrc ssrc{};
  std::uint16_t header_size = 0;  // fixed header + CSRCs + extension block: where the payload begins
  std::uint16_t extensions_offset = 0;
  std::uint16_t extensions_size = 0;
  ExtensionForm extension_form = ExtensionForm::none;
};

// Reads and bounds-checks the header. Padding is not looked at: it may still be encrypted.
inline std::expected<RtpHeader, RtpError> parse_rtp_header(BytesView packet) {
  if (packet.size() < kRtpFixedHeaderSize) return std::unexpected(RtpError::too_short);
  const std::uint8_t* const p = packet.data();
  if (p[0] >> 6 != 2) return std::unexpected(RtpError::wrong_version);
  const std::size_t limit = std::min<std::size_t>(packet.size(), 0xffff);  // offsets are 16 bits; a datagram is shorter
  std::size_t size = kRtpFixedHeaderSize + 4u * (p[0] & 0x0fu);
  if (size > limit) return std::unexpected(RtpError::header_overruns);
  RtpHeader header{.marker = (p[1] & 0x80) != 0,
                   .has_padding = (p[0] & 0x20) != 0,
                   .payload_type = static_cast<std::uint8_t>(p[1] & 0x7f),
                   .sequence_number = load_u16(p + 2),
                   .timestamp = load_u32(p + 4),
                   .ssrc = Ssrc{load_u32(p + 8)}};
  if (p[0] & 0x10) {
    if (limit - size < 4) return std::unexpected(RtpError::extension_overruns);
    const std::uint16_t profile = load_u16(p + size);
    const std::size_t extensions = 4u * load_u16(p + size + 2);
    size += 4;
    if (extensions > limit - size) return std::unexpected(RtpError::extension_overruns);
    header.extensions_size = static_cast<std::uint16_t>(extensions);
    header.extension_form = profile == kOneByteProfile              ? ExtensionForm::one_byte
                            : (profile & 0xfff0) == kTwoByteProfile ? ExtensionForm::two_byte
                                                                    : ExtensionForm::unknown;
    header.extensions_offset = static_cast<std::uint16_t>(size);
    size += extensions;
  }
  header.header_size = static_cast<std::uint16_t>(size);
  return header;
}

// The payload without its padding, once the packet is in clear. A padding count of 0 or beyond the payload is an error;
// one of the whole payload is a padding-only packet and gives an empty view.
inline std::expected<BytesView, RtpError> rtp_payload(BytesView packet, const RtpHeader& header) {
  if (packet.size() < header.header_size) return std::unexpected(RtpError::too_short);
  const BytesView payload = packet.subspan(header.header_size);
  if (!header.has_padding) return payload;
  if (payload.empty() || payload.back() == 0 || payload.back() > payload.size())
    return std::unexpected(RtpError::padding_overruns);
  return payload.first(payload.size() - payload.back());
}

// Calls visit(std::uint8_t id, BytesView value) for each extension element, in order; stops at the first that would
// overrun its block. Elements with id 0 (padding) are skipped; id 15 of the one-byte form ends the walk (RFC 8285 4.2).
template <class Visit>
void for_each_extension(BytesView packet, const RtpHeader& header, Visit&& visit) {
  const std::uint8_t* p = packet.data() + header.extensions_offset;
  const std::uint8_t* const end = p + header.extensions_size;
  if (header.extension_form == ExtensionForm::one_byte) {
    while (p < end) {
      const std::uint8_t id = *p >> 4;
      if (id == 0) {
        ++p;
        continue;
      }
      if (id == 15) return;
      const std::size_t size = (*p & 0x0fu) + 1u;
      if (static_cast<std::size_t>(end - p - 1) < size) return;
      visit(id, BytesView{p + 1, size});
      p += 1 + size;
    }
  } else if (header.extension_form == ExtensionForm::two_byte) {
    while (p < end) {
      if (*p == 0) {
        ++p;
        continue;
      }
      if (end - p < 2) return;
      const std::size_t size = p[1];
      if (static_cast<std::size_t>(end - p - 2) < size) return;
      visit(p[0], BytesView{p + 2, size});
      p += 2 + size;
    }
  }
}

// Writes headers for sending. Usage: construct with the fields, add() extensions in any order, finish().
// The caller chooses the form: two_byte when an id is above 14 or a value is empty or longer than 16 bytes.
struct RtpFields {
  bool marker = false;
  bool has_padding = false;
  std::uint8_t payload_type = 0;
  std::uint16_t sequence_number = 0;
  std::uint32_t timestamp = 0;
  Ssrc ssrc{};
};

class RtpHeaderWriter {
 public:
  // A header of ours needs at most kMaxHeader bytes: a dependency descriptor of 255 is the only long value.
  static constexpr std::size_t kMaxHeader = 12 + 4 + 320;

  // `out` holds at least the fixed header.
  RtpHeaderWriter(MutableBytes out, const RtpFields& fields, ExtensionForm form)
      : out_(out.first(std::min<std::size_t>(out.size(), 0xffff))), form_(form) {
    BRIDGEHALL_CHECK(out.size() >= kRtpFixedHeaderSize);
    std::uint8_t* const p = out_.data();
    p[0] = static_cast<std::uint8_t>(0x80 | (fields.has_padding ? 0x20 : 0));
    p[1] = static_cast<std::uint8_t>((fields.marker ? 0x80 : 0) | (fields.payload_type & 0x7f));
    store_u16(p + 2, fields.sequence_number);
    store_u32(p + 4, fields.timestamp);
    store_u32(p + 8, fields.ssrc.value());
  }

  // False (and nothing written) when it does not fit the form or the room.
  bool add(std::uint8_t id, BytesView value) {
    const bool two_byte = form_ == ExtensionForm::two_byte;
    if (two_byte ? id == 0 || value.size() > 255
                 : form_ != ExtensionForm::one_byte || id == 0 || id > 14 || value.empty() || value.size() > 16)
      return false;
    const std::size_t start = position_ == kRtpFixedHeaderSize ? kElements : position_;
    const std::size_t end = start + (two_byte ? 2 : 1) + value.size();
    if (padded(end) > out_.size()) return false;  // room for the padding of finish() too
    std::uint8_t* p = out_.data() + start;
    if (two_byte) {
      *p++ = id;
      *p++ = static_cast<std::uint8_t>(value.size());
    } else {
      *p++ = static_cast<std::uint8_t>(id << 4 | (value.size() - 1));
    }
    if (!value.empty()) std::memcpy(p, value.data(), value.size());
    position_ = end;
    return true;
  }

  // Pads the extension block to 32 bits, writes its length, returns the header's size. Without elements there is no
  // block.
  std::size_t finish() {
    if (position_ == kRtpFixedHeaderSize) return position_;
    const std::size_t end = padded(position_);
    while (position_ < end) out_[position_++] = 0;
    out_[0] |= 0x10;
    store_u16(out_.data() + kRtpFixedHeaderSize, form_ == ExtensionForm::one_byte ? kOneByteProfile : kTwoByteProfile);
    store_u16(out_.data() + kRtpFixedHeaderSize + 2, static_cast<std::uint16_t>((end - kElements) / 4));
    return end;
  }

 private:
  static constexpr std::size_t kElements = kRtpFixedHeaderSize + 4;
  static constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

  MutableBytes out_;
  std::size_t position_ = kRtpFixedHeaderSize;
  ExtensionForm form_;
};

// First-byte demultiplexing of one port (RFC 7983); RTCP by its packet type (RFC 5761 section 4). What is too short to
// be of its kind is unknown.
enum class DatagramKind : std::uint8_t { stun, dtls, rtp, rtcp, unknown };
inline DatagramKind classify_datagram(BytesView datagram) {
  if (datagram.size() < 8) return DatagramKind::unknown;
  const std::uint8_t first = datagram[0];
  if (first >> 6 == 2) {
    if (datagram[1] >= 192 && datagram[1] <= 223) return DatagramKind::rtcp;
    return datagram.size() >= kRtpFixedHeaderSize ? DatagramKind::rtp : DatagramKind::unknown;
  }
  if (first < 4) return datagram.size() >= 20 ? DatagramKind::stun : DatagramKind::unknown;
  if (first >= 20 && first < 64) return datagram.size() >= 13 ? DatagramKind::dtls : DatagramKind::unknown;
  return DatagramKind::unknown;
}

}  // namespace bridgehall::wire
