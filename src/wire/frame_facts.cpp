#include "wire/frame_facts.h"

#include <algorithm>
#include <span>

#include "wire/dependency_descriptor.h"

namespace bridgehall::wire {
namespace {

template <class Visit>
void for_each_target(Visit&& visit) {
  for (std::uint8_t spatial = 0; spatial < kSpatialLayers; ++spatial)
    for (std::uint8_t temporal = 0; temporal < kTemporalLayers; ++temporal) visit(Layers{spatial, temporal});
}

constexpr std::size_t place_of(Layers target) { return target.spatial * kTemporalLayers + target.temporal; }

// The last target of a kind takes in all layers above it.
bool within(Layers layers, Layers target) {
  return (target.spatial == kAllLayers.spatial || layers.spatial <= target.spatial) &&
         (target.temporal == kAllLayers.temporal || layers.temporal <= target.temporal);
}

bool higher(Layers a, Layers b) { return a.spatial != b.spatial ? a.spatial > b.spatial : a.temporal > b.temporal; }

// The highest decode target inside `target`; where even the lowest one is above it, that one.
std::uint8_t serving_for(const TemplateStructure& structure, Layers target) {
  const std::span layers{structure.decode_target_layers.data(), structure.decode_target_count};
  std::size_t best = layers.size(), lowest = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (higher(layers[lowest], layers[i])) lowest = i;
    if (within(layers[i], target) && (best == layers.size() || higher(layers[i], layers[best]))) best = i;
  }
  return static_cast<std::uint8_t>(best == layers.size() ? lowest : best);
}

bool nested(const TemplateStructure& structure, Layers fewer, Layers more) {
  const auto inner = structure.serving[place_of(fewer)], outer = structure.serving[place_of(more)];
  return std::ranges::all_of(std::span{structure.templates.data(), structure.template_count},
                             [&](const FrameTemplate& frame) {
                               return indication_for(frame.indications, inner) == Indication::not_present ||
                                      indication_for(frame.indications, outer) != Indication::not_present;
                             });
}

void set_all(FrameFacts& facts, Indication to) {
  for_each_target([&](Layers target) { facts.set_indication(target, to); });
}

void note_vp8(const PayloadInfo& payload, FrameFacts& facts) {
  facts.refers_to_base_only = payload.layer_sync;
  for_each_target([&](Layers target) {
    using enum Indication;
    facts.set_indication(target, !within({0, payload.temporal_layer}, target)                      ? not_present
                                 : payload.layer_sync && target.temporal == payload.temporal_layer ? switch_point
                                 : payload.discardable                                             ? discardable
                                                                                                   : required);
  });
}

// U says of all pictures of higher temporal layers to come that they refer to nothing before this picture but to layers
// up to its own: who gets this picture may get more from here on (RFC 9628 section 4.2).
void note_vp9(const PayloadInfo& payload, FrameFacts& facts) {
  for_each_target([&](Layers target) {
    using enum Indication;
    facts.set_indication(target, !within({payload.spatial_layer, payload.temporal_layer}, target) ? not_present
                                 : payload.layer_sync                                             ? switch_point
                                                                                                  : required);
  });
}

}  // namespace

FrameFacts frame_facts_of(Codec codec, const PayloadInfo& payload) {
  FrameFacts facts;
  facts.top_spatial_layers = 0;
  facts.frame_start = payload.frame_start;
  facts.frame_end = payload.frame_end;
  facts.keyframe = payload.keyframe && payload.spatial_layer == 0;
  if (codec == Codec::vp8 || codec == Codec::vp9)
    facts.temporal_layer = std::min(payload.temporal_layer, kAllLayers.temporal);
  if (codec == Codec::vp9) {
    facts.top_spatial_layers = FrameFacts{}.top_spatial_layers;  // how many there are is not known here
    facts.spatial_layer = std::min(payload.spatial_layer, kAllLayers.spatial);
  }
  if (facts.keyframe)
    set_all(facts, Indication::switch_point);
  else if (codec == Codec::vp9)
    note_vp9(payload, facts);
  else if (codec == Codec::vp8)
    note_vp8(payload, facts);
  else if (payload.discardable)
    set_all(facts, Indication::discardable);
  return facts;
}

FrameFacts frame_facts_of(const DependencyDescriptor& descriptor, const TemplateStructure& structure) {
  FrameFacts facts;
  facts.frame_number = descriptor.frame_number;
  facts.top_spatial_layers = structure.top_spatial_layers;
  facts.spatial_layer = std::min(descriptor.spatial_layer, kAllLayers.spatial);
  facts.temporal_layer = std::min(descriptor.temporal_layer, kAllLayers.temporal);
  facts.frame_start = descriptor.start_of_frame;
  facts.frame_end = descriptor.end_of_frame;
  facts.keyframe = descriptor.brings_structure && descriptor.start_of_frame;
  facts.references_known = true;
  facts.spatially_nested = structure.spatially_nested;
  facts.temporally_nested = structure.temporally_nested;
  for (std::size_t i = 0; i < descriptor.frame_difference_count; ++i) {
    const unsigned back = descriptor.frame_differences[i];
    if (back <= 32)
      facts.references |= 1u << (back - 1);
    else
      facts.refers_further = true;
  }
  facts.indications = 0;
  for_each_target([&](Layers target) {
    facts.set_indication(target, indication_for(descriptor.indications, structure.serving[place_of(target)]));
  });
  return facts;
}

void TemplateStructure::derive() {
  decode_target_layers = {};
  for (const auto& frame : std::span{templates.data(), template_count})
    for (std::size_t i = 0; i < decode_target_count; ++i) {
      if (indication_for(frame.indications, i) == Indication::not_present) continue;
      auto& layers = decode_target_layers[i];
      layers = {std::max(layers.spatial, frame.spatial_layer), std::max(layers.temporal, frame.temporal_layer)};
    }
  top_spatial_layers = 0;
  for_each_target([&](Layers target) { serving[place_of(target)] = serving_for(*this, target); });
  spatially_nested = temporally_nested = true;
  for_each_target([&](Layers target) {
    if (target.temporal == kAllLayers.temporal) {
      const auto top = decode_target_layers[serving[place_of(target)]].spatial;
      top_spatial_layers = static_cast<std::uint8_t>(top_spatial_layers | top << (2 * target.spatial));
    } else {
      temporally_nested &= nested(*this, target, {target.spatial, static_cast<std::uint8_t>(target.temporal + 1)});
    }
    if (target.spatial != kAllLayers.spatial)
      spatially_nested &= nested(*this, target, {static_cast<std::uint8_t>(target.spatial + 1), target.temporal});
  });
}

}  // namespace bridgehall::wire
