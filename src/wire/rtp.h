// RTP packets (RFC 3550 section 5) and their header extensions (RFC 8285), read in place.
#pragma once

#include <array>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/id.h"

namespace bridgehall::wire {

inline constexpr std::size_t kRtpFixedHeaderSize = 12;

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
std::expected<RtpHeader, RtpError> parse_rtp_header(BytesView packet);

// The payload without its padding, once the packet is in clear. A padding count of 0 or beyond the payload is an error.
std::expected<BytesView, RtpError> rtp_payload(BytesView packet, const RtpHeader& header);

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
// The two-byte form is taken when an id is above 14 or a value is empty or longer than 16 bytes (decided at construction).
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
  // `out` must hold the header and every extension added; a header of ours needs at most kMaxHeader bytes.
  static constexpr std::size_t kMaxHeader = 12 + 4 + 320;
  RtpHeaderWriter(MutableBytes out, const RtpFields& fields, ExtensionForm form);
  // False (and nothing written) when it does not fit the form or the room.
  bool add(std::uint8_t id, BytesView value);
  // Pads the extension block to 32 bits, writes its length, returns the header's size.
  std::size_t finish();

 private:
  MutableBytes out_;
  std::size_t position_ = kRtpFixedHeaderSize;
  ExtensionForm form_;
};

// First-byte demultiplexing of one port (RFC 7983, RFC 5761).
enum class DatagramKind : std::uint8_t { stun, dtls, rtp, rtcp, unknown };
DatagramKind classify_datagram(BytesView datagram);

}  // namespace bridgehall::wire
