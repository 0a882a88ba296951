// Hop 3: a datagram with media from a known peer is parsed once, opened in place, noted in its receive log and, if its
// publication is open, put into its layer's history.
#pragma once

#include "base/time.h"
#include "media/api.h"
#include "media/tables.h"

namespace bridgehall::media {

class Ingress {
 public:
  Ingress(Tables& tables, ShardCounters& counters, NtpOrigin ntp) : tables_(tables), counters_(counters), ntp_(ntp) {}

  struct Received {
    LayerIndex layer = kNoLayer;  // whose media it is
    bool stored = false;          // the layer's history took the slot over; else it is free to be received into again
    bool keyframe = false;        // ... and it begins the layer's newest keyframe
    bool reordered = false;       // ... whose size puts the publication's layers into another order
  };
  // `slot` holds the datagram and is the caller's.
  Received receive_rtp(Peer& peer, Slot slot, std::size_t size, TimePoint arrived_at);
  // A packet that was opened and read, here or at another shard, with the layer's own epoch, into the layer's history.
  Received keep(LayerIndex index, const StoredPacket& packet);

 private:
  struct Source {
    IncomingStream* stream = nullptr;
    bool rtx = false;
  };
  static Source find_source(Peer& peer, BytesView datagram, const wire::RtpHeader& header);
  static Source find_unbound(Peer& peer, BytesView datagram, const wire::RtpHeader& header);
  void read_extensions(Peer& peer, const IncomingStream& stream, BytesView bytes, const wire::RtpHeader& header,
                       StoredPacket& packet) const;
  bool note_keyframe(Layer& layer, const StoredPacket& packet);
  bool note_size(Layer& layer, const wire::PayloadInfo& payload);
  Received store_packet(IncomingStream& stream, StoredPacket& packet);
  Received drop(Drop reason, LayerIndex layer = kNoLayer) {
    ++counters_.drops[static_cast<std::size_t>(reason)];
    return {.layer = layer};
  }

  Tables& tables_;
  ShardCounters& counters_;
  NtpOrigin ntp_;
};

}  // namespace bridgehall::media
