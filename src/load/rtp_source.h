// One stream that the publisher sends: numbers, seals and keeps its packets for retransmission (RFC 4588).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/srtp.h"
#include "session/negotiation.h"
#include "wire/rtcp.h"

namespace bridgehall::load {

class RtpSource {
 public:
  static constexpr std::size_t kHistory = 1024;  // 5 s of a 1.5 Mb/s stream

  // `track` as the server answered; `ssrc` and `rtx_ssrc` as we offered.
  RtpSource(const session::NegotiatedTrack& track, Ssrc ssrc, Ssrc rtx_ssrc, RandomSource& random,
            std::size_t history = kHistory);

  // From now on packets say which m-line they belong to and, unless it is empty, which encoding they are: what a stream
  // needs whose SSRC no offer has announced. Retransmissions go on to say it when packets stop to.
  void begin_naming(std::string rid);
  void stop_naming() { naming_ = false; }
  // The value of RFC 6464's extension in the packets from now on.
  void set_audio_level(std::uint8_t level) { audio_level_ = level; }

  // The sealed packet. `transport_sequence` counts over all streams of the transport.
  std::vector<std::uint8_t> seal(crypto::Sealer& sealer, BytesView payload, std::uint32_t timestamp, bool marker,
                                 std::uint16_t transport_sequence);
  // Empty when the packet is not in the history or no RTX was agreed.
  std::vector<std::uint8_t> seal_again(crypto::Sealer& sealer, std::uint16_t sequence,
                                       std::uint16_t transport_sequence);

  wire::SenderInfo sender_info(NtpTime ntp, std::uint32_t timestamp) const {
    return {ssrc_, ntp, timestamp, packets_, octets_};
  }
  Ssrc ssrc() const { return ssrc_; }
  Ssrc rtx_ssrc() const { return rtx_ssrc_; }
  std::uint32_t timestamp_base() const { return timestamp_base_; }
  std::uint64_t sent() const { return packets_; }

 private:
  struct Kept {
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    bool marker = false;
    std::vector<std::uint8_t> payload;
  };
  struct Numbered {
    Ssrc ssrc;
    std::uint8_t payload_type;
    std::int64_t& next;
    wire::ExtensionKind rid_kind;
    bool named;
  };
  std::vector<std::uint8_t> seal_as(crypto::Sealer& sealer, Numbered stream, BytesView prefix, BytesView payload,
                                    std::uint32_t timestamp, bool marker, std::uint16_t transport_sequence);

  session::NegotiatedTrack track_;
  Ssrc ssrc_;
  Ssrc rtx_ssrc_;
  std::int64_t next_sequence_;  // extended: the rollover counter is its upper part
  std::int64_t next_rtx_sequence_;
  std::uint32_t timestamp_base_;
  std::uint32_t packets_ = 0;
  std::uint32_t octets_ = 0;
  std::vector<Kept> history_;
  bool naming_ = false;
  bool naming_repairs_ = false;
  std::string rid_;
  std::uint8_t audio_level_ = 0x80 | 30;  // voice, 30 dB below overload
};

}  // namespace bridgehall::load
