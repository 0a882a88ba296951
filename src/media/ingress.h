// Hop 3: a datagram with media from a known peer is parsed once, opened in place, noted in its receive log and, if its
// publication is open, put into its history.
#pragma once

#include "base/time.h"
#include "media/api.h"
#include "media/tables.h"

namespace bridgehall::media {

class Ingress {
 public:
  Ingress(Tables& tables, ShardCounters& counters, NtpOrigin ntp) : tables_(tables), counters_(counters), ntp_(ntp) {}

  // `slot` holds the datagram and is the caller's. The publication that took the slot over, or nullptr: then it is free
  // to be received into again.
  Publication* receive_rtp(Peer& peer, Slot slot, std::size_t size, TimePoint arrived_at);

 private:
  struct Source {
    IncomingStream* stream = nullptr;
    bool rtx = false;
  };
  Source find_source(Peer& peer, const wire::RtpHeader& header) const;
  void read_extensions(Peer& peer, const IncomingStream& stream, BytesView bytes, const wire::RtpHeader& header,
                       StoredPacket& packet) const;
  void note_keyframe(Publication& publication, const StoredPacket& packet);
  Publication* store_packet(IncomingStream& stream, StoredPacket& packet);
  Publication* drop(Drop reason) {
    ++counters_.drops[static_cast<std::size_t>(reason)];
    return nullptr;
  }

  Tables& tables_;
  ShardCounters& counters_;
  NtpOrigin ntp_;
};

}  // namespace bridgehall::media
