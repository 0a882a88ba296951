#include "wire/dependency_descriptor.h"

#include "wire/bits.h"

namespace bridgehall::wire {
namespace {

using enum DescriptorError;

enum NextLayer : std::uint8_t { kSameLayer = 0, kNextTemporal = 1, kNextSpatial = 2, kNoMore = 3 };

std::expected<void, DescriptorError> read_template_layers(BitReader& in, TemplateStructure& structure) {
  unsigned spatial = 0, temporal = 0;
  for (std::size_t count = 0;;) {
    if (count == kMaxTemplates || spatial >= kMaxDescriptorSpatialLayers || temporal >= kMaxDescriptorTemporalLayers)
      return std::unexpected(too_many_templates);
    auto& frame = structure.templates[count++];
    frame.spatial_layer = static_cast<std::uint8_t>(spatial);
    frame.temporal_layer = static_cast<std::uint8_t>(temporal);
    structure.template_count = static_cast<std::uint8_t>(count);
    switch (in.bits(2)) {
      case kSameLayer:
        if (!in.ok()) return std::unexpected(overruns);
        break;
      case kNextTemporal:
        ++temporal;
        break;
      case kNextSpatial:
        temporal = 0;
        ++spatial;
        break;
      case kNoMore:
        return {};
    }
  }
}

Indications read_indications(BitReader& in, std::size_t decode_targets) {
  Indications all = 0;
  for (std::size_t i = 0; i < decode_targets; ++i) all |= Indications{in.bits(2)} << (2 * i);
  return all;
}

std::uint16_t read_template_differences(BitReader& in) {
  std::uint16_t differences = 0;
  while (in.flag()) differences = static_cast<std::uint16_t>(differences | 1u << in.bits(4));
  return differences;
}

void read_template_chains(BitReader& in, TemplateStructure& structure) {
  structure.chain_count = static_cast<std::uint8_t>(in.non_symmetric(structure.decode_target_count + 1u));
  if (structure.chain_count == 0) return;
  for (std::size_t i = 0; i < structure.decode_target_count; ++i)
    structure.protected_by[i] = static_cast<std::uint8_t>(in.non_symmetric(structure.chain_count));
  for (std::size_t i = 0; i < structure.template_count; ++i)
    for (std::size_t chain = 0; chain < structure.chain_count; ++chain)
      structure.templates[i].chain_differences[chain] = static_cast<std::uint8_t>(in.bits(4));
}

std::expected<void, DescriptorError> read_structure(BitReader& in, TemplateStructure& structure) {
  structure = {};
  structure.template_id_offset = static_cast<std::uint8_t>(in.bits(6));
  structure.decode_target_count = static_cast<std::uint8_t>(in.bits(5) + 1);
  if (const auto layers = read_template_layers(in, structure); !layers) return layers;
  const std::span templates{structure.templates.data(), structure.template_count};
  for (auto& frame : templates) frame.indications = read_indications(in, structure.decode_target_count);
  for (auto& frame : templates) frame.frame_differences = read_template_differences(in);
  read_template_chains(in, structure);
  structure.has_resolutions = in.flag();
  if (structure.has_resolutions)
    for (std::size_t i = 0; i < structure.spatial_layer_count(); ++i) {
      structure.resolutions[i].width = in.bits(16) + 1;
      structure.resolutions[i].height = in.bits(16) + 1;
    }
  if (!in.ok()) return std::unexpected(overruns);
  structure.derive();
  return {};
}

std::expected<void, DescriptorError> read_frame_differences(BitReader& in, DependencyDescriptor& frame) {
  for (unsigned size = in.bits(2); size != 0; size = in.bits(2)) {
    if (frame.frame_difference_count == kMaxFrameDifferences) return std::unexpected(too_many_references);
    frame.frame_differences[frame.frame_difference_count++] = static_cast<std::uint16_t>(in.bits(4 * size) + 1);
  }
  return {};
}

void take_template_differences(std::uint16_t differences, DependencyDescriptor& frame) {
  for (unsigned i = 0; i < 16; ++i)
    if (differences >> i & 1)
      frame.frame_differences[frame.frame_difference_count++] = static_cast<std::uint16_t>(i + 1);
}

// frame_dependency_definition()
std::expected<void, DescriptorError> read_frame(BitReader& in, const TemplateStructure& structure,
                                                DependencyDescriptor& frame) {
  const std::size_t index = (frame.template_id + kMaxTemplates - structure.template_id_offset) % kMaxTemplates;
  if (index >= structure.template_count) return std::unexpected(unknown_template);
  const auto& from = structure.templates[index];
  frame.spatial_layer = from.spatial_layer;
  frame.temporal_layer = from.temporal_layer;
  frame.indications = frame.custom_indications ? read_indications(in, structure.decode_target_count) : from.indications;
  if (!frame.custom_frame_differences) {
    take_template_differences(from.frame_differences, frame);
  } else if (const auto read = read_frame_differences(in, frame); !read) {
    return read;
  }
  for (std::size_t i = 0; i < structure.chain_count; ++i)
    frame.chain_differences[i] =
        frame.custom_chain_differences ? static_cast<std::uint8_t>(in.bits(8)) : from.chain_differences[i];
  return {};
}

void write_template_layers(BitWriter& out, const TemplateStructure& structure) {
  for (std::size_t i = 0; i + 1 < structure.template_count; ++i) {
    const auto& here = structure.templates[i];
    const auto& next = structure.templates[i + 1];
    out.bits(next.spatial_layer != here.spatial_layer     ? kNextSpatial
             : next.temporal_layer != here.temporal_layer ? kNextTemporal
                                                          : kSameLayer,
             2);
  }
  out.bits(kNoMore, 2);
}

void write_indications(BitWriter& out, Indications all, std::size_t decode_targets) {
  for (std::size_t i = 0; i < decode_targets; ++i) out.bits(static_cast<std::uint32_t>(indication_for(all, i)), 2);
}

void write_structure(BitWriter& out, const TemplateStructure& structure) {
  const std::span templates{structure.templates.data(), structure.template_count};
  out.bits(structure.template_id_offset, 6);
  out.bits(structure.decode_target_count - 1u, 5);
  write_template_layers(out, structure);
  for (const auto& frame : templates) write_indications(out, frame.indications, structure.decode_target_count);
  for (const auto& frame : templates) {
    for (unsigned i = 0; i < 16; ++i)
      if (frame.frame_differences >> i & 1) out.bits(1u << 4 | i, 5);
    out.flag(false);
  }
  out.non_symmetric(structure.chain_count, structure.decode_target_count + 1u);
  if (structure.chain_count > 0) {
    for (std::size_t i = 0; i < structure.decode_target_count; ++i)
      out.non_symmetric(structure.protected_by[i], structure.chain_count);
    for (const auto& frame : templates)
      for (std::size_t chain = 0; chain < structure.chain_count; ++chain) out.bits(frame.chain_differences[chain], 4);
  }
  out.flag(structure.has_resolutions);
  if (structure.has_resolutions)
    for (std::size_t i = 0; i < structure.spatial_layer_count(); ++i) {
      out.bits(structure.resolutions[i].width - 1, 16);
      out.bits(structure.resolutions[i].height - 1, 16);
    }
}

void write_frame_differences(BitWriter& out, const DependencyDescriptor& frame) {
  for (std::size_t i = 0; i < frame.frame_difference_count; ++i) {
    const std::uint32_t value = frame.frame_differences[i] - 1u;
    const unsigned size = value < 1u << 4 ? 1 : value < 1u << 8 ? 2 : 3;
    out.bits(size, 2);
    out.bits(value, 4 * size);
  }
  out.bits(0, 2);
}

}  // namespace

std::expected<MandatoryFields, DescriptorError> parse_mandatory_fields(BytesView bytes) {
  if (bytes.size() < kMandatoryDescriptorSize) return std::unexpected(too_short);
  return MandatoryFields{.start_of_frame = (bytes[0] & 0x80) != 0,
                         .end_of_frame = (bytes[0] & 0x40) != 0,
                         .brings_structure = bytes.size() > kMandatoryDescriptorSize && (bytes[3] & 0x80) != 0,
                         .template_id = static_cast<std::uint8_t>(bytes[0] & 0x3f),
                         .frame_number = load_u16(bytes.data() + 1)};
}

std::expected<DependencyDescriptor, DescriptorError> parse_dependency_descriptor(BytesView bytes,
                                                                                 const TemplateStructure* known,
                                                                                 TemplateStructure& brought) {
  const auto mandatory = parse_mandatory_fields(bytes);
  if (!mandatory) return std::unexpected(mandatory.error());
  DependencyDescriptor frame{.start_of_frame = mandatory->start_of_frame,
                             .end_of_frame = mandatory->end_of_frame,
                             .brings_structure = mandatory->brings_structure,
                             .template_id = mandatory->template_id,
                             .frame_number = mandatory->frame_number};
  BitReader in(bytes.subspan(kMandatoryDescriptorSize));
  bool has_active_targets = false;
  if (bytes.size() > kMandatoryDescriptorSize) {
    in.flag();  // brings_structure
    has_active_targets = in.flag();
    frame.custom_indications = in.flag();
    frame.custom_frame_differences = in.flag();
    frame.custom_chain_differences = in.flag();
  }
  if (frame.brings_structure) {
    if (const auto read = read_structure(in, brought); !read) return std::unexpected(read.error());
    known = &brought;
  }
  if (known == nullptr || known->template_count == 0) return std::unexpected(no_structure);
  if (has_active_targets) frame.active_decode_targets = in.bits(known->decode_target_count);
  if (const auto read = read_frame(in, *known, frame); !read) return std::unexpected(read.error());
  if (!in.ok()) return std::unexpected(overruns);
  return frame;
}

std::size_t write_dependency_descriptor(const DependencyDescriptor& frame, const TemplateStructure& structure,
                                        MutableBytes bytes) {
  BitWriter out(bytes);
  out.flag(frame.start_of_frame);
  out.flag(frame.end_of_frame);
  out.bits(frame.template_id, 6);
  out.bits(frame.frame_number, 16);
  const bool extended = frame.brings_structure || frame.active_decode_targets || frame.custom_indications ||
                        frame.custom_frame_differences || frame.custom_chain_differences;
  if (extended) {
    out.flag(frame.brings_structure);
    out.flag(frame.active_decode_targets.has_value());
    out.flag(frame.custom_indications);
    out.flag(frame.custom_frame_differences);
    out.flag(frame.custom_chain_differences);
    if (frame.brings_structure) write_structure(out, structure);
    if (frame.active_decode_targets) out.bits(*frame.active_decode_targets, structure.decode_target_count);
    if (frame.custom_indications) write_indications(out, frame.indications, structure.decode_target_count);
    if (frame.custom_frame_differences) write_frame_differences(out, frame);
    if (frame.custom_chain_differences)
      for (std::size_t i = 0; i < structure.chain_count; ++i) out.bits(frame.chain_differences[i], 8);
  }
  return out.ok() ? out.size() : 0;
}

}  // namespace bridgehall::wire
