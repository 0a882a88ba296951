// Hop 4: what may this receiver have, and under which numbers? Turns packets between a slot's cursor and the end of its
// layer's history into plans; nothing is copied or sealed here.
#pragma once

#include <cstdint>
#include <span>

#include "base/time.h"
#include "media/tables.h"

namespace bridgehall::media {

// One packet for one receiver: everything about it but its bytes.
struct PlannedPacket {
  OutgoingStream* stream = nullptr;
  const StoredPacket* packet = nullptr;
  BytesView bytes;  // the whole stored packet's slot
  RewrittenNumbers numbers;
  std::int64_t rtx_sequence = -1;  // ≥ 0: sent again, by RTX, as this number
  wire::ExtensionForm extension_form = wire::ExtensionForm::none;
  std::uint16_t plain_size = 0;  // RTP header, extensions, payload; without RTP padding and tag
  bool marker = false;
};

class Forwarder {
 public:
  Forwarder(Tables& tables, ShardCounters& counters) : tables_(tables), counters_(counters) {}

  // Plans what `peer` is to be sent now, at most plans.size() packets: repetitions, then video, then audio. Cursors
  // move on. Whatever does not fit stays pending.
  std::size_t plan(Peer& peer, std::span<PlannedPacket> plans);

 private:
  std::size_t plan_repeats(Peer& peer, std::span<PlannedPacket> plans);
  std::size_t plan_stream(Peer& peer, OutgoingStream& stream, std::span<PlannedPacket> plans);
  static bool begin_epoch(OutgoingStream& stream, const Layer& layer, const StoredPacket& packet);
  static bool filter(OutgoingStream& stream, const StoredPacket& packet, bool& marker);

  Tables& tables_;
  ShardCounters& counters_;
};

}  // namespace bridgehall::media
