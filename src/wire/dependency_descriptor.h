// The dependency descriptor header extension (AV1 RTP specification, appendix A; browsers use it for VP8 and VP9 too):
// which frames a frame refers to and which receivers need it. Most packets name a template of a structure that a
// keyframe's first packet brought; who parses keeps that structure, one per incoming stream. No allocation, fixed
// bounds, no state; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "wire/frame_facts.h"

namespace bridgehall::wire {

inline constexpr std::size_t kMaxTemplates = 64;
inline constexpr std::size_t kMaxDecodeTargets = 32;
inline constexpr std::size_t kMaxChains = 32;
inline constexpr std::size_t kMaxDescriptorSpatialLayers = 4;   // MAX_SPATIAL_ID 3
inline constexpr std::size_t kMaxDescriptorTemporalLayers = 8;  // MAX_TEMPORAL_ID 7
// The syntax sets no limit; a frame of AV1 has seven references, and no other codec has more.
inline constexpr std::size_t kMaxFrameDifferences = 16;
inline constexpr std::size_t kMandatoryDescriptorSize = 3;

// One Indication per decode target, two bits each; decode target 0 in the lowest.
using Indications = std::uint64_t;
constexpr Indication indication_for(Indications all, std::size_t decode_target) {
  return static_cast<Indication>(all >> (2 * decode_target) & 3);
}

struct FrameTemplate {
  std::uint8_t spatial_layer = 0;
  std::uint8_t temporal_layer = 0;
  std::uint16_t frame_differences = 0;  // bit i: refers to the frame i + 1 back
  Indications indications = 0;
  std::array<std::uint8_t, kMaxChains> chain_differences{};  // 0–15
  bool operator==(const FrameTemplate&) const = default;
};

struct Resolution {
  std::uint32_t width = 0;  // 1–65,536
  std::uint32_t height = 0;
  bool operator==(const Resolution&) const = default;
};

// About 3 KB. Its second half follows from the first and is made by derive(), which parsing calls.
struct TemplateStructure {
  std::uint8_t template_id_offset = 0;
  std::uint8_t template_count = 0;  // 0: none known
  std::uint8_t decode_target_count = 0;
  std::uint8_t chain_count = 0;
  std::array<FrameTemplate, kMaxTemplates> templates{};
  std::array<std::uint8_t, kMaxDecodeTargets> protected_by{};  // a chain, if there are any
  bool has_resolutions = false;
  std::array<Resolution, kMaxDescriptorSpatialLayers> resolutions{};  // by spatial layer

  // Highest spatial and temporal layer among the templates of a decode target.
  std::array<Layers, kMaxDecodeTargets> decode_target_layers{};
  // The decode target that serves each of FrameFacts' targets, and the rest of what FrameFacts takes from here.
  std::array<std::uint8_t, kSpatialLayers * kTemporalLayers> serving{};
  std::uint8_t top_spatial_layers = 0;
  bool spatially_nested = false;
  bool temporally_nested = false;

  std::uint8_t spatial_layer_count() const {
    return template_count == 0 ? 0 : static_cast<std::uint8_t>(templates[template_count - 1u].spatial_layer + 1);
  }
  void derive();
  bool operator==(const TemplateStructure&) const = default;
};

struct DependencyDescriptor {
  bool start_of_frame = false;
  bool end_of_frame = false;
  bool brings_structure = false;
  bool custom_indications = false;  // these three: given for this frame and not by its template
  bool custom_frame_differences = false;
  bool custom_chain_differences = false;
  std::uint8_t template_id = 0;
  std::uint8_t spatial_layer = 0;
  std::uint8_t temporal_layer = 0;
  std::uint8_t frame_difference_count = 0;
  std::uint16_t frame_number = 0;
  std::optional<std::uint32_t> active_decode_targets;  // bit i: decode target i is being sent
  Indications indications = 0;
  std::array<std::uint16_t, kMaxFrameDifferences> frame_differences{};  // 1–4,096
  std::array<std::uint8_t, kMaxChains> chain_differences{};             // 0–255
  bool operator==(const DependencyDescriptor&) const = default;
};

enum class DescriptorError : std::uint8_t {
  too_short,
  overruns,             // fields go on beyond the end
  too_many_templates,   // or spatial or temporal layers
  too_many_references,  // more than kMaxFrameDifferences
  no_structure,         // it came with none, and none is known
  unknown_template,     // of another structure: one whose keyframe has not come yet, or one that is gone
};

// What every packet has in the first bytes; needs no structure.
struct MandatoryFields {
  bool start_of_frame = false;
  bool end_of_frame = false;
  bool brings_structure = false;
  std::uint8_t template_id = 0;
  std::uint16_t frame_number = 0;
};
std::expected<MandatoryFields, DescriptorError> parse_mandatory_fields(BytesView bytes);

// `known` is the stream's structure so far or nullptr. When the result says brings_structure, `brought` holds the new
// one, which the caller keeps for the packets after. A packet that brings none does not touch `brought`.
std::expected<DependencyDescriptor, DescriptorError> parse_dependency_descriptor(BytesView bytes,
                                                                                 const TemplateStructure* known,
                                                                                 TemplateStructure& brought);

// The reverse; `structure` is written when brings_structure. Returns the size, 0 when it does not fit `out`.
std::size_t write_dependency_descriptor(const DependencyDescriptor& descriptor, const TemplateStructure& structure,
                                        MutableBytes out);

// In place; `bytes` holds at least kMandatoryDescriptorSize. References are differences, so nothing else changes.
//
// The bits of active_decode_targets are left as the sender set them, also for a receiver that gets fewer layers.
// Section A.4.4 would have it told; libwebrtc's receiver (RtpVideoStreamReceiver2) only stores the mask beside the
// frame and decides by references and by the marker bit, and a mask of our own would make the descriptor grow on the
// packet path.
inline void rewrite_frame_number(MutableBytes bytes, std::uint16_t frame_number) {
  store_u16(bytes.data() + 1, frame_number);
}

}  // namespace bridgehall::wire
