// Which packets of a layered stream one receiver is sent: decides packet by packet for a target of spatial and temporal
// layers that may change at any time, so that whatever is forwarded can be decoded. Belongs to a subscription; shard's
// thread; pure, 64 bytes, nothing that grows.
//
// Rules. A frame goes if its indication for the layers in force says that it is present. Changes take effect at the
// newest frame start only:
//   down   at the start of a temporal unit, at once, where fewer layers are a subset of more;
//   up     at a frame that is a switch point for the new layers and refers only to frames that were forwarded
//          (A.4.4: "decodable"), more spatial layers only while the unit has not ended for this receiver, or without a
//          descriptor at keyframes only; more temporal layers without a descriptor at VP9's U or VP8's Y;
//   any    at a keyframe.
// Late packets are judged by the layers that were in force at their place in the sequence.
#pragma once

#include <cstdint>

#include "media/history.h"
#include "wire/frame_facts.h"

namespace bridgehall::media {

class LayerFilter {
 public:
  enum class Verdict : std::uint8_t {
    forward,
    skip_layer,    // other frames of its picture may go
    skip_picture,  // the whole picture is left out: picture ids close up over it
  };
  struct Decision {
    Verdict verdict = Verdict::forward;
    bool marker = false;  // the RTP marker bit for this receiver; only with forward
    bool forward() const { return verdict == Verdict::forward; }
  };

  void set_target(wire::Layers target) { target_ = target; }
  wire::Layers target() const { return target_; }
  wire::Layers current() const { return current_; }

  // Leaves out what nothing else of these layers refers to, for a line in need; only of streams or targets with one
  // spatial layer, so that a temporal unit never loses its end.
  void set_skip_discardable(bool skip) { skip_discardable_ = skip; }

  // Call once per packet in the order of the history, from the first of an epoch on (which must be a keyframe's).
  Decision decide(const StoredPacket& packet);

  // The marker bit that decide() gave a packet that was forwarded: for repetitions.
  bool marker_of(const StoredPacket& packet) const { return marker(packet, in_force(packet.sequence)); }

  // More or, without nesting, other spatial layers are wanted than are sent, and the stream has them: a keyframe would
  // bring them at once. Ask for one where nothing better comes soon.
  bool waits_for_keyframe() const { return started_ && current_.spatial != target_.spatial; }

 private:
  bool present(const wire::FrameFacts& frame, wire::Layers layers) const;
  bool marker(const StoredPacket& packet, wire::Layers layers) const;
  wire::Layers in_force(std::int64_t sequence) const { return sequence >= changed_at_ ? current_ : previous_; }
  void begin(const StoredPacket& packet);
  void change(wire::Layers to, std::int64_t at);
  void consider_change(const StoredPacket& packet, bool unit_start);
  bool can_switch(const StoredPacket& packet, wire::Layers to, bool unit_start) const;
  bool decodable(const wire::FrameFacts& frame) const;
  void note_forwarded(const StoredPacket& packet, bool marker);

  std::int64_t changed_at_ = 0;     // current_ holds from this sequence number on, previous_ before
  std::int64_t previous_from_ = 0;  // and previous_ from here on; what is older has no place any more
  std::int64_t newest_ = 0;         // sequence number
  std::uint64_t forwarded_ = 0;     // bit i: the frame numbered newest_frame_ - i was forwarded
  std::uint32_t newest_timestamp_ = 0;
  std::uint32_t ended_timestamp_ = 0;  // of the last unit that was given its marker bit
  std::uint16_t newest_frame_ = 0;
  std::uint16_t epoch_ = 0;
  wire::Layers target_ = wire::kAllLayers;
  wire::Layers current_{};
  wire::Layers previous_{};
  bool started_ = false;
  bool any_ended_ = false;
  bool skip_discardable_ = false;
};

}  // namespace bridgehall::media
