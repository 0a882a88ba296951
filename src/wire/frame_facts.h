// What the packet path must know of a packet's frame to leave layers out for one receiver and not for another: 16
// bytes, kept beside the packet and read once per receiver. Made once per packet, from the dependency descriptor where
// there is one and otherwise from what the codec's own payload descriptor says, so that everything after it knows no
// codec. Plain values; any thread.
#pragma once

#include <array>
#include <cstdint>

#include "wire/payload.h"

namespace bridgehall::wire {

struct TemplateStructure;
struct DependencyDescriptor;

// The layers that forwarding tells apart: four spatial, four temporal. The last of each stands for all from it on up
// (the descriptors allow eight temporal layers; nobody sends more than three or four).
inline constexpr std::uint8_t kSpatialLayers = 4;
inline constexpr std::uint8_t kTemporalLayers = 4;

struct Layers {
  std::uint8_t spatial = 0;
  std::uint8_t temporal = 0;
  bool operator==(const Layers&) const = default;
};
inline constexpr Layers kAllLayers{kSpatialLayers - 1, kTemporalLayers - 1};

// What a frame is to whoever is sent up to some layers (AV1 RTP specification, table A.2).
enum class Indication : std::uint8_t {
  not_present = 0,
  discardable = 1,   // no other frame of these layers refers to it
  switch_point = 2,  // once it is decoded, all that follows for these layers can be
  required = 3,
};

struct FrameFacts {
  // Two bits for each of the sixteen targets. Targets that the sender does not offer stand for the highest one below.
  std::uint32_t indications = 0xffffffff;
  // Bit i: refers to the frame whose number is i + 1 less; only with references_known.
  std::uint32_t references = 0;
  std::uint16_t frame_number = 0;
  // For each spatial target (two bits) the highest spatial layer that is really forwarded for it.
  std::uint8_t top_spatial_layers = 0b11'10'01'00;
  std::uint8_t spatial_layer : 2 = 0;
  std::uint8_t temporal_layer : 2 = 0;
  bool frame_start : 1 = false;          // the frame's first packet
  bool frame_end : 1 = false;            // and its last one; not known for VP8 and H.264
  bool keyframe : 1 = false;             // first packet of a frame from which every target can start
  bool references_known : 1 = false;     // from a dependency descriptor
  bool refers_further : 1 = false;       // also to frames more than 32 back
  bool refers_to_base_only : 1 = false;  // VP8's Y: just the newest frame of temporal layer 0
  // Whoever gets more layers has all frames of fewer ones too: then going down needs no switch point. Not so for
  // spatial layers that use each other at keyframes only (K-SVC) or never (S modes).
  bool spatially_nested : 1 = true;
  bool temporally_nested : 1 = true;

  Indication indication(Layers target) const { return static_cast<Indication>(indications >> shift(target) & 3); }
  void set_indication(Layers target, Indication to) {
    indications = (indications & ~(3u << shift(target))) | static_cast<std::uint32_t>(to) << shift(target);
  }
  std::uint8_t top_spatial_layer(Layers target) const { return top_spatial_layers >> (2 * target.spatial) & 3; }
  bool operator==(const FrameFacts&) const = default;

 private:
  static constexpr unsigned shift(Layers target) { return 2u * (target.spatial * kTemporalLayers + target.temporal); }
};
static_assert(sizeof(FrameFacts) == 16);

// From the payload alone: VP9's layers with U, B and E, VP8's temporal layer with Y; for other codecs every packet is
// required by everyone.
FrameFacts frame_facts_of(Codec codec, const PayloadInfo& payload);

// From a dependency descriptor; `structure` is the one it was parsed with (or brought).
FrameFacts frame_facts_of(const DependencyDescriptor& descriptor, const TemplateStructure& structure);

}  // namespace bridgehall::wire
