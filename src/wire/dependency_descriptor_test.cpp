#include "wire/dependency_descriptor.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "wire/scalability_testing.h"

namespace bridgehall::wire {
namespace {

using testing::InterLayer;
using testing::Scalability;
using testing::ScalableStream;
using Bytes = std::vector<std::uint8_t>;
using bridgehall::testing::for_each_damage;
using bridgehall::testing::from_hex;

// "10 01": bits, spaces between as one likes; the last byte is filled up with zero bits.
Bytes from_bits(std::string_view text) {
  Bytes bytes;
  std::size_t count = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    if (count % 8 == 0) bytes.push_back(0);
    if (c == '1') bytes.back() = static_cast<std::uint8_t>(bytes.back() | 0x80 >> count % 8);
    ++count;
  }
  return bytes;
}

// The example of section A.6.1, one spatial layer with three temporal ones, written out by hand.
Bytes temporal_layers() {
  return from_bits(
      "1 0 000000 0000000000000111"                       // starts a frame: template 0, number 7
      "1 0 0 0 0"                                         // brings a structure
      "000000 00010 00 01 01 00 11"                       // offset 0, three decode targets, five templates
      "10 10 10  10 10 10  10 01 00  01 00 00  01 00 00"  // SSS SSS SD- D-- D--
      "0  1 0011 0  1 0001 0  1 0000 0  1 0000 0"         // none, 4, 2, 1, 1 back
      "01 0000 0100 0010 0001 0011"                       // one chain
      "1 0000010011111111 0000001011001111");             // 1280 x 720
}

Bytes written(const DependencyDescriptor& frame, const TemplateStructure& structure) {
  Bytes out(255);
  out.resize(write_dependency_descriptor(frame, structure, out));
  return out;
}

std::string symbols(Indications all, std::size_t decode_targets) {
  std::string text;
  for (std::size_t i = 0; i < decode_targets; ++i) text += "-DSR"[static_cast<std::size_t>(indication_for(all, i))];
  return text;
}

TEST(DependencyDescriptor, ReadsTheExampleOfTheSpecification) {
  TemplateStructure structure;
  const auto frame = parse_dependency_descriptor(temporal_layers(), nullptr, structure);
  ASSERT_TRUE(frame) << static_cast<int>(frame.error());
  EXPECT_TRUE(frame->start_of_frame);
  EXPECT_FALSE(frame->end_of_frame);
  EXPECT_TRUE(frame->brings_structure);
  EXPECT_EQ(frame->frame_number, 7);
  EXPECT_EQ(frame->frame_difference_count, 0);
  EXPECT_EQ(symbols(frame->indications, 3), "SSS");

  ASSERT_EQ(structure.template_count, 5);
  EXPECT_EQ(structure.decode_target_count, 3);
  EXPECT_EQ(structure.chain_count, 1);
  const struct {
    std::uint8_t temporal_layer;
    const char* indications;
    std::uint16_t frame_differences;
    std::uint8_t chain_difference;
  } rows[] = {{0, "SSS", 0, 0}, {0, "SSS", 0b1000, 4}, {1, "SD-", 0b10, 2}, {2, "D--", 0b1, 1}, {2, "D--", 0b1, 3}};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(structure.templates[i].spatial_layer, 0);
    EXPECT_EQ(structure.templates[i].temporal_layer, rows[i].temporal_layer) << i;
    EXPECT_EQ(symbols(structure.templates[i].indications, 3), rows[i].indications) << i;
    EXPECT_EQ(structure.templates[i].frame_differences, rows[i].frame_differences) << i;
    EXPECT_EQ(structure.templates[i].chain_differences[0], rows[i].chain_difference) << i;
  }
  ASSERT_TRUE(structure.has_resolutions);
  EXPECT_EQ(structure.resolutions[0], (Resolution{1'280, 720}));
  for (std::uint8_t i = 0; i < 3; ++i)
    EXPECT_EQ(structure.decode_target_layers[i], (Layers{0, static_cast<std::uint8_t>(2 - i)}));
  EXPECT_EQ(written(*frame, structure), temporal_layers());
}

TEST(DependencyDescriptor, LaterPacketsNameTheTemplatesOfTheirStructure) {
  TemplateStructure structure, unused;
  ASSERT_TRUE(parse_dependency_descriptor(temporal_layers(), nullptr, structure));
  const auto frame = parse_dependency_descriptor(from_hex("c20173"), &structure, unused);
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->start_of_frame && frame->end_of_frame);
  EXPECT_FALSE(frame->brings_structure);
  EXPECT_EQ(frame->frame_number, 0x173);
  EXPECT_EQ(frame->temporal_layer, 1);
  EXPECT_EQ(frame->frame_difference_count, 1);
  EXPECT_EQ(frame->frame_differences[0], 2);
  EXPECT_EQ(frame->chain_differences[0], 2);
  const auto active =
      parse_dependency_descriptor(from_bits("1 1 000011 0000000000000001 0 1 0 0 0 110"), &structure, unused);
  ASSERT_TRUE(active);
  EXPECT_EQ(active->active_decode_targets, 0b110u);
}

TEST(DependencyDescriptor, RefusesWhatItCannotRead) {
  ScalableStream stream({1, 3, InterLayer::always});
  std::string references = "1 0 000000 0000000000000001 0 0 0 1 0";
  for (std::size_t i = 0; i <= kMaxFrameDifferences; ++i) references += " 01 0000";
  const struct {
    const char* why;
    Bytes bytes;
    DescriptorError error;
  } cases[] = {
      {"empty", from_hex(""), DescriptorError::too_short},
      {"two bytes", from_hex("8000"), DescriptorError::too_short},
      {"a template beyond the last", from_hex("bf0001"), DescriptorError::unknown_template},
      {"custom indications cut", from_hex("800001 20"), DescriptorError::overruns},
      {"structure cut", from_hex("800001 80"), DescriptorError::overruns},
      {"structure cut within its templates", from_hex("800001 8000 00"), DescriptorError::overruns},
      {"spatial layers without end", from_hex("800001 8000 2a aaaaaaaa"), DescriptorError::too_many_templates},
      {"temporal layers without end", from_hex("800001 8000 15 55555555"), DescriptorError::too_many_templates},
      {"seventeen references", from_bits(references), DescriptorError::too_many_references},
  };
  TemplateStructure brought;
  for (const auto& c : cases) {
    const auto frame = parse_dependency_descriptor(c.bytes, &stream.structure, brought);
    ASSERT_FALSE(frame) << c.why;
    EXPECT_EQ(frame.error(), c.error) << c.why;
  }
  EXPECT_EQ(parse_dependency_descriptor(from_hex("800001"), nullptr, brought).error(), DescriptorError::no_structure);
  const TemplateStructure none;
  EXPECT_EQ(parse_dependency_descriptor(from_hex("800001"), &none, brought).error(), DescriptorError::no_structure);
}

TEST(DependencyDescriptor, SixtyFourTemplatesAndNoMore) {
  // Offset 0, one decode target, then "same layer" 63 times: all further bits zero, so nothing refers to anything.
  Bytes bytes = from_hex("800001 80 00");
  TemplateStructure brought;
  bytes.resize(200);
  EXPECT_EQ(parse_dependency_descriptor(bytes, nullptr, brought).error(), DescriptorError::too_many_templates);
  // 5 flags, 6 and 5 bits come first, so the 64th layer code is at bits 142 and 143 behind the mandatory fields.
  bytes[3 + 142 / 8] |= 0b11;
  ASSERT_TRUE(parse_dependency_descriptor(bytes, nullptr, brought));
  EXPECT_EQ(brought.template_count, 64);
}

TEST(DependencyDescriptor, WritesWhatItReads) {
  for (const Scalability shape :
       {Scalability{1, 1}, {1, 3}, {2, 1}, {3, 3}, {3, 3, InterLayer::keyframes}, {2, 2, InterLayer::never}, {4, 3}}) {
    ScalableStream stream(shape, 60);
    TemplateStructure known, brought;
    for (int unit = 0; unit < 20; ++unit)
      for (auto& frame : stream.next_unit(unit == 13)) {
        frame.descriptor.start_of_frame = true;
        const auto bytes = written(frame.descriptor, stream.structure);
        ASSERT_FALSE(bytes.empty());
        EXPECT_EQ(bytes.size() == 3, !frame.key);
        const auto again = parse_dependency_descriptor(bytes, &known, brought);
        ASSERT_TRUE(again);
        EXPECT_EQ(*again, frame.descriptor);
        if (!again->brings_structure) continue;
        EXPECT_EQ(brought, stream.structure);
        known = brought;
      }
  }
}

TEST(DependencyDescriptor, AStructureOfThreeLayersNeedsTheTwoByteForm) {
  ScalableStream stream({3, 3, InterLayer::keyframes});
  EXPECT_GT(written(stream.next_unit(true)[0].descriptor, stream.structure).size(), 16u);
}

TEST(DependencyDescriptor, ReadsCustomFieldsAndActiveDecodeTargets) {
  ScalableStream stream({2, 2, InterLayer::always});
  DependencyDescriptor frame = stream.next_unit(true)[1].descriptor;
  frame.custom_indications = frame.custom_frame_differences = frame.custom_chain_differences = true;
  frame.active_decode_targets = 0b0011;
  frame.indications = 0b11'01'10'00;
  frame.frame_difference_count = 3;
  frame.frame_differences = {16, 256, 4'096};
  frame.chain_differences = {255, 1};
  TemplateStructure brought;
  const auto again = parse_dependency_descriptor(written(frame, stream.structure), &stream.structure, brought);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, frame);
}

TEST(DependencyDescriptor, DoesNotWriteBeyondItsRoom) {
  ScalableStream stream({3, 3, InterLayer::always});
  const auto frame = stream.next_unit(true)[0].descriptor;
  const auto size = written(frame, stream.structure).size();
  for (std::size_t room = 0; room < size; ++room) {
    Bytes out(room);
    EXPECT_EQ(write_dependency_descriptor(frame, stream.structure, out), 0u);
  }
}

TEST(DependencyDescriptor, AnotherFrameNumberChangesNothingElse) {
  auto bytes = temporal_layers();
  rewrite_frame_number(bytes, 0xfffe);
  TemplateStructure before, after;
  auto expected = parse_dependency_descriptor(temporal_layers(), nullptr, before);
  const auto frame = parse_dependency_descriptor(bytes, nullptr, after);
  ASSERT_TRUE(frame && expected);
  expected->frame_number = 0xfffe;
  EXPECT_EQ(*frame, *expected);
  EXPECT_EQ(before, after);
}

TEST(DependencyDescriptor, MandatoryFieldsAgreeWithTheWhole) {
  const auto fields = parse_mandatory_fields(temporal_layers());
  ASSERT_TRUE(fields);
  EXPECT_TRUE(fields->start_of_frame && fields->brings_structure);
  EXPECT_EQ(fields->template_id, 0);
  EXPECT_EQ(fields->frame_number, 7);
  EXPECT_FALSE(parse_mandatory_fields(from_hex("c10172"))->brings_structure);
  EXPECT_FALSE(parse_mandatory_fields(from_hex("c101")).has_value());
}

TEST(DependencyDescriptor, SurvivesDamage) {
  TemplateStructure known, brought;
  ASSERT_TRUE(parse_dependency_descriptor(temporal_layers(), nullptr, known));
  for (const auto& valid : {temporal_layers(), from_hex("c10172 38 aaaa5555aaaa5555aaaa5555aaaa")})
    for_each_damage(valid, [&](BytesView bytes) {
      const auto frame = parse_dependency_descriptor(bytes, &known, brought);
      if (!frame) return;
      EXPECT_LE(frame->frame_difference_count, kMaxFrameDifferences);
      if (frame->brings_structure) {
        EXPECT_LE(brought.template_count, kMaxTemplates);
        EXPECT_LE(brought.decode_target_count, kMaxDecodeTargets);
        for (const auto serving : brought.serving) EXPECT_LT(serving, brought.decode_target_count);
      }
    });
}

}  // namespace
}  // namespace bridgehall::wire
