// Scalable streams as encoders make them, frame by frame, for tests: which frame refers to which, and the dependency
// descriptors that say so. Not for the program.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "wire/dependency_descriptor.h"

namespace bridgehall::wire::testing {

// How spatial layers use the one below: always (L3T3), at keyframes (L3T3_KEY), never (S3T3).
enum class InterLayer { always, keyframes, never };

struct Scalability {
  std::uint8_t spatial = 1;
  std::uint8_t temporal = 1;  // 1, 2 or 3: each doubles the frame rate
  InterLayer inter_layer = InterLayer::always;
};

struct ScalableFrame {
  std::int64_t number = 0;
  std::int64_t unit = 0;  // temporal unit
  bool key = false;
  bool last_of_unit = false;
  std::vector<std::int64_t> references;
  DependencyDescriptor descriptor;  // without start and end, which are the packets'
};

class ScalableStream {
 public:
  explicit ScalableStream(Scalability shape, std::uint8_t template_id_offset = 0) : shape_(shape) {
    structure.template_id_offset = template_id_offset;
    structure.decode_target_count = static_cast<std::uint8_t>(shape.spatial * shape.temporal);
    structure.chain_count = shape.spatial;
    for (std::size_t i = 0; i < structure.decode_target_count; ++i)
      structure.protected_by[i] = static_cast<std::uint8_t>(i / shape.temporal);
    collect_templates();
  }

  // The frames of the next temporal unit, lowest spatial layer first.
  std::vector<ScalableFrame> next_unit(bool key) {
    key |= unit_ == 0;
    position_ = key ? 0 : position_ + 1;
    std::vector<ScalableFrame> frames;
    for (std::uint8_t spatial = 0; spatial < shape_.spatial; ++spatial) frames.push_back(next_frame(spatial, key));
    frames.back().last_of_unit = true;
    ++unit_;
    return frames;
  }

  std::uint8_t temporal_layer() const {  // of the unit before
    if (shape_.temporal == 1) return 0;
    if (shape_.temporal == 2) return position_ % 2;
    return std::array<std::uint8_t, 4>{0, 2, 1, 2}[position_ % 4];
  }
  // Decode targets are numbered by spatial, then temporal layer.
  std::size_t decode_target(Layers target) const {
    return std::min<std::size_t>(target.spatial, shape_.spatial - 1u) * shape_.temporal +
           std::min<std::size_t>(target.temporal, shape_.temporal - 1u);
  }

  TemplateStructure structure;

 private:
  ScalableFrame next_frame(std::uint8_t spatial, bool key) {
    const auto temporal = temporal_layer();
    ScalableFrame frame{.number = next_number_++, .unit = unit_, .key = key && spatial == 0};
    if (!key) frame.references.push_back(*referred(spatial, temporal));
    if (spatial > 0 && uses_lower_layer(key)) frame.references.push_back(frame.number - 1);
    auto& out = frame.descriptor;
    out.frame_number = static_cast<std::uint16_t>(frame.number);
    out.spatial_layer = spatial;
    out.temporal_layer = temporal;
    out.brings_structure = frame.key;
    for (std::uint8_t s = 0; s < shape_.spatial; ++s)
      for (std::uint8_t t = 0; t < shape_.temporal; ++t)
        out.indications |= static_cast<Indications>(indication(spatial, temporal, key, {s, t}))
                           << (2 * decode_target({s, t}));
    for (auto reference = frame.references.rbegin(); reference != frame.references.rend(); ++reference)
      out.frame_differences[out.frame_difference_count++] = static_cast<std::uint16_t>(frame.number - *reference);
    for (std::uint8_t chain = 0; chain < shape_.spatial; ++chain) note_chain(frame, spatial, temporal, key, chain);
    newest_[{spatial, temporal}] = frame.number;
    out.template_id = template_of(out);
    return frame;
  }

  // The newest frame of its spatial layer and a lower temporal one (the base layer: of itself).
  std::optional<std::int64_t> referred(std::uint8_t spatial, std::uint8_t temporal) const {
    std::optional<std::int64_t> best;
    for (const auto& [layers, number] : newest_)
      if (layers.first == spatial && (layers.second < temporal || layers.second == 0))
        best = std::max(best.value_or(number), number);
    return best;
  }
  bool uses_lower_layer(bool key) const {
    return shape_.inter_layer == InterLayer::always || (key && shape_.inter_layer == InterLayer::keyframes);
  }
  Indication indication(std::uint8_t spatial, std::uint8_t temporal, bool key, Layers target) const {
    if (temporal > target.temporal || spatial > target.spatial) return Indication::not_present;
    if (spatial < target.spatial && !uses_lower_layer(key)) return Indication::not_present;
    if (key) return Indication::switch_point;
    if (spatial < target.spatial) return Indication::required;
    if (temporal == target.temporal && temporal > 0) return Indication::discardable;
    return Indication::switch_point;
  }
  void note_chain(ScalableFrame& frame, std::uint8_t spatial, std::uint8_t temporal, bool key, std::uint8_t chain) {
    auto& last = chains_[chain];
    const bool starts = key && (spatial == 0 || shape_.inter_layer == InterLayer::never);
    frame.descriptor.chain_differences[chain] =
        static_cast<std::uint8_t>(starts ? 0 : std::min<std::int64_t>(frame.number - last, 15));
    if (temporal == 0 && (spatial == chain || (spatial < chain && uses_lower_layer(key)))) last = frame.number;
  }

  std::uint8_t template_of(const DependencyDescriptor& frame) const {
    for (std::size_t i = 0; i < structure.template_count; ++i)
      if (structure.templates[i] == as_template(frame))
        return static_cast<std::uint8_t>((structure.template_id_offset + i) % kMaxTemplates);
    return structure.template_id_offset;
  }
  static FrameTemplate as_template(const DependencyDescriptor& frame) {
    FrameTemplate made{.spatial_layer = frame.spatial_layer,
                       .temporal_layer = frame.temporal_layer,
                       .indications = frame.indications,
                       .chain_differences = frame.chain_differences};
    for (std::size_t i = 0; i < frame.frame_difference_count; ++i)
      made.frame_differences =
          static_cast<std::uint16_t>(made.frame_differences | 1 << (frame.frame_differences[i] - 1));
    return made;
  }
  // Plays three rounds and keeps each kind of frame once.
  void collect_templates() {
    std::vector<FrameTemplate> kinds;
    for (int unit = 0; unit < 12; ++unit)
      for (const auto& frame : next_unit(false)) {
        const auto made = as_template(frame.descriptor);
        if (std::ranges::find(kinds, made) == kinds.end()) kinds.push_back(made);
      }
    std::ranges::stable_sort(kinds, {}, [](const FrameTemplate& f) { return f.spatial_layer * 8 + f.temporal_layer; });
    std::ranges::copy(kinds, structure.templates.begin());
    structure.template_count = static_cast<std::uint8_t>(kinds.size());
    structure.derive();
    next_number_ = unit_ = 0;
    newest_.clear();
    chains_ = {};
  }

  Scalability shape_;
  std::int64_t next_number_ = 0;
  std::int64_t unit_ = 0;
  unsigned position_ = 0;  // in the temporal pattern
  std::map<std::pair<std::uint8_t, std::uint8_t>, std::int64_t> newest_;
  std::array<std::int64_t, kMaxDescriptorSpatialLayers> chains_{};
};

}  // namespace bridgehall::wire::testing
