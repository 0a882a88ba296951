// One RTP stream of a model publisher: turns packets of the ledger into sealed datagrams, remembers what a repetition
// needs, and answers NACKs by RTX (RFC 4588) or, without it, by the same sealed bytes again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/srtp.h"
#include "session/negotiation.h"
#include "sim/content.h"
#include "sim/ledger.h"

namespace bridgehall::sim {

// What a server would have agreed with a sender, without SDP.
struct SourceTerms {
  session::NegotiatedTrack track;
  Ssrc ssrc;
  Ssrc rtx_ssrc;
  std::string rid;  // of a simulcast encoding; empty: told by its SSRC
  std::uint16_t first_sequence = 0;
  bool two_byte_extensions = false;
};

class SourceStream {
 public:
  SourceStream(const SourceTerms& terms, Ledger& ledger, BroadcastId broadcast)
      : terms_(terms), ledger_(ledger), broadcast_(broadcast), next_sequence_(terms.first_sequence) {}

  BroadcastId broadcast() const { return broadcast_; }
  const SourceTerms& terms() const { return terms_; }
  Broadcast& record() { return ledger_[broadcast_]; }
  std::uint32_t packets() const { return packets_; }
  std::uint32_t octets() const { return octets_; }

  // Puts the packet into the ledger; it has the next sequence number.
  std::size_t add(const SentPacket& packet);
  // The sealed datagram of the packet at `index` of the ledger, valid until the next call. `transport_sequence` grows
  // with each datagram of the peer.
  BytesView seal(crypto::Sealer& sealer, std::size_t index, std::uint16_t& transport_sequence);
  // The answer to a NACK: empty when the packet is not known any more.
  BytesView repeat(crypto::Sealer& sealer, std::uint16_t sequence, std::uint16_t& transport_sequence,
                   std::uint64_t& tag);
  // Bandwidth probing: padding alone, on the RTX stream.
  BytesView probe(crypto::Sealer& sealer, std::uint16_t& transport_sequence);

 private:
  static constexpr std::size_t kRemembered = 512;
  struct Sealed {
    std::size_t index = SIZE_MAX;
    std::vector<std::uint8_t> bytes;
  };

  BytesView seal_as(crypto::Sealer& sealer, const SentPacket& packet, std::size_t index, bool rtx,
                    std::uint16_t& transport_sequence);
  std::size_t write_header(const SentPacket& packet, bool rtx, bool padding, std::int64_t sequence,
                           std::uint16_t& transport_sequence);

  SourceTerms terms_;
  Ledger& ledger_;
  BroadcastId broadcast_;
  std::int64_t next_sequence_;
  std::int64_t next_rtx_sequence_ = 100;
  std::uint32_t packets_ = 0;
  std::uint32_t octets_ = 0;
  std::array<std::uint8_t, 2048> datagram_{};
  std::array<std::uint8_t, 2048> payload_{};
  std::array<Sealed, kRemembered> remembered_;
};

}  // namespace bridgehall::sim
