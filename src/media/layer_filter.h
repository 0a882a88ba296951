// Which packets of a layered stream one receiver is sent: decides packet by packet for a target of spatial and temporal
// layers that may change at any time, so that whatever is forwarded can be decoded. Belongs to a subscription; shard's
// thread; pure, 112 bytes, nothing that grows.
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

#include <array>
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

  void set_target(wire::Layers target) { target_.layers = target; }
  wire::Layers target() const { return target_.layers; }
  wire::Layers current() const { return now().layers; }

  // Leaves out what nothing else of these layers refers to, for a line in need; only of streams or targets with one
  // spatial layer, so that a temporal unit never loses its end.
  void set_skip_discardable(bool skip) { target_.skip_discardable = skip; }

  // A new line of frames begins at `first`, a keyframe's first packet: call with Rewriter::begin_epoch().
  void begin_epoch(const StoredPacket& first);

  // Call once for each packet of the epoch in the order of the history, also for `first`, unless the rewriter has no
  // place for it.
  Decision decide(const StoredPacket& packet);

  // The marker bit that decide() gave a packet that was forwarded: for repetitions.
  bool marker_of(const StoredPacket& packet) const;

  // More or, without nesting, other spatial layers are wanted than are sent, and the stream has them: a keyframe would
  // bring them at once. Ask for one where nothing better comes soon.
  bool waits_for_keyframe() const { return started_ && current().spatial != target_.layers.spatial; }

 private:
  struct Selection {
    wire::Layers layers;
    bool skip_discardable = false;
    bool operator==(const Selection&) const = default;
  };
  // What is in force from a sequence number on.
  struct Change {
    std::int64_t from = 0;
    Selection selection;
  };
  // Late packets rarely reach behind the last of them; those that reach behind all have no place any more.
  static constexpr std::size_t kChanges = 4;

  const Selection& now() const { return changes_[0].selection; }
  const Selection* in_force(std::int64_t sequence) const {
    for (const auto& change : changes_)
      if (sequence >= change.from) return &change.selection;
    return nullptr;
  }
  void change(const Selection& to, std::int64_t at);
  void consider_change(const StoredPacket& packet);
  void go_down(const wire::FrameFacts& frame, Selection& to) const;
  bool can_switch(const StoredPacket& packet, wire::Layers to) const;
  bool decodable(const wire::FrameFacts& frame) const;
  bool starts_unit(const StoredPacket& packet) const { return packet.timestamp != newest_timestamp_; }
  void note_forwarded(const StoredPacket& packet, bool marker);

  std::array<Change, kChanges> changes_{};  // the newest first
  std::int64_t newest_ = 0;                 // sequence number
  std::uint64_t forwarded_ = 0;             // bit i: the frame numbered newest_frame_ - i was forwarded
  std::uint32_t newest_timestamp_ = 0;
  std::uint32_t ended_timestamp_ = 0;  // of the last unit that was given its marker bit
  std::uint16_t newest_frame_ = 0;
  Selection target_{.layers = wire::kAllLayers};
  bool started_ = false;
  bool any_ended_ = false;
};

}  // namespace bridgehall::media
