#include "wire/frame_facts.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "wire/scalability_testing.h"

namespace bridgehall::wire {
namespace {

using testing::InterLayer;
using testing::ScalableStream;

// One row per spatial target, one symbol per temporal one.
std::string table(const FrameFacts& facts) {
  std::string text;
  for (std::uint8_t s = 0; s < kSpatialLayers; ++s) {
    for (std::uint8_t t = 0; t < kTemporalLayers; ++t)
      text += "-DSR"[static_cast<std::size_t>(facts.indication({s, t}))];
    if (s + 1 < kSpatialLayers) text += ' ';
  }
  return text;
}

std::vector<std::string> tables(ScalableStream& stream) {
  std::vector<std::string> all;
  for (const auto& frame : stream.next_unit(false))
    all.push_back(table(frame_facts_of(frame.descriptor, stream.structure)));
  return all;
}

FrameFacts facts_of(Codec codec, const char* hex) {
  return frame_facts_of(codec, *parse_payload(codec, bridgehall::testing::from_hex(hex)));
}

TEST(FrameFacts, WhatNobodyKnowsIsRequiredByAll) {
  EXPECT_EQ(table(FrameFacts{}), "RRRR RRRR RRRR RRRR");
  EXPECT_EQ(FrameFacts{}.top_spatial_layer({2, 0}), 2);
}

TEST(FrameFacts, TargetsBeyondTheStreamStandForItsHighest) {
  ScalableStream stream({1, 3});
  EXPECT_EQ(tables(stream), (std::vector<std::string>{"SSSS SSSS SSSS SSSS"}));
  EXPECT_EQ(tables(stream), (std::vector<std::string>{"--DD --DD --DD --DD"}));
  EXPECT_EQ(tables(stream), (std::vector<std::string>{"-DSS -DSS -DSS -DSS"}));
  EXPECT_EQ(stream.structure.top_spatial_layers, 0);
}

TEST(FrameFacts, FullSvcNeedsTheLowerLayers) {
  ScalableStream stream({3, 3});
  tables(stream);
  EXPECT_EQ(tables(stream),
            (std::vector<std::string>{"--DD --RR --RR --RR", "---- --DD --RR --RR", "---- ---- --DD --DD"}));
  EXPECT_TRUE(stream.structure.spatially_nested);
  EXPECT_TRUE(stream.structure.temporally_nested);
  EXPECT_EQ(stream.structure.top_spatial_layers, 0b10'10'01'00);
}

TEST(FrameFacts, KSvcNeedsThemAtKeyframesOnly) {
  ScalableStream stream({3, 3, InterLayer::keyframes});
  EXPECT_EQ(tables(stream),
            (std::vector<std::string>{"SSSS SSSS SSSS SSSS", "---- SSSS SSSS SSSS", "---- ---- SSSS SSSS"}));
  EXPECT_EQ(tables(stream),
            (std::vector<std::string>{"--DD ---- ---- ----", "---- --DD ---- ----", "---- ---- --DD --DD"}));
  EXPECT_FALSE(stream.structure.spatially_nested);
  EXPECT_TRUE(stream.structure.temporally_nested);
}

TEST(FrameFacts, ReferencesAreBitsByDistance) {
  ScalableStream stream({3, 3});
  for (int unit = 0; unit < 4; ++unit) stream.next_unit(false);
  const auto frames = stream.next_unit(false);
  EXPECT_EQ(frame_facts_of(frames[0].descriptor, stream.structure).references, 1u << 11);
  EXPECT_EQ(frame_facts_of(frames[1].descriptor, stream.structure).references, 1u << 11 | 1u);
  auto far = frames[1].descriptor;
  far.frame_differences = {32, 33};
  const auto facts = frame_facts_of(far, stream.structure);
  EXPECT_EQ(facts.references, 1u << 31);
  EXPECT_TRUE(facts.refers_further);
}

TEST(FrameFacts, AStructureWhoseTargetsAreAllAboveServesTheLowest) {
  TemplateStructure structure{.template_count = 1, .decode_target_count = 2};
  structure.templates[0] = {.spatial_layer = 3, .temporal_layer = 7, .indications = 0b10'10};
  structure.derive();
  for (const auto serving : structure.serving) EXPECT_LT(serving, 2);
  EXPECT_EQ(structure.top_spatial_layers, 0xff);
}

TEST(FrameFacts, Vp8HasTemporalLayersWithSync) {
  EXPECT_EQ(table(facts_of(Codec::vp8, "90 e0 8001 07 00 00")), "SSSS SSSS SSSS SSSS") << "keyframe";
  EXPECT_EQ(table(facts_of(Codec::vp8, "90 e0 8001 07 00 01")), "RRRR RRRR RRRR RRRR") << "base layer";
  EXPECT_EQ(table(facts_of(Codec::vp8, "90 e0 8001 07 60 01")), "-SRR -SRR -SRR -SRR") << "layer 1 with sync";
  EXPECT_EQ(table(facts_of(Codec::vp8, "b0 e0 8001 07 80 01")), "--DD --DD --DD --DD") << "layer 2, no reference";
  EXPECT_EQ(facts_of(Codec::vp8, "b0 e0 8001 07 80 01").temporal_layer, 2);
  EXPECT_TRUE(facts_of(Codec::vp8, "90 e0 8001 07 60 01").refers_to_base_only);
}

TEST(FrameFacts, Vp9HasLayersOfBothKinds) {
  EXPECT_EQ(table(facts_of(Codec::vp9, "28 00 07 82")), "SSSS SSSS SSSS SSSS") << "keyframe";
  EXPECT_EQ(table(facts_of(Codec::vp9, "2c 03 07 82")), "---- RRRR RRRR RRRR") << "spatial layer 1 above it";
  EXPECT_EQ(table(facts_of(Codec::vp9, "68 32 07 82")), "---- -SSS -SSS -SSS") << "layers 1 and 1, U";
  EXPECT_TRUE(facts_of(Codec::vp9, "2c 03 07 82").frame_end);
  EXPECT_FALSE(facts_of(Codec::vp9, "28 02 07 82").keyframe) << "intra, but not of the base layer";
  EXPECT_EQ(table(facts_of(Codec::vp9, "68 ca 07 82")), "---- ---- ---- ---R") << "layers 5 and 6";
}

TEST(FrameFacts, H264OnlyKnowsWhatNobodyRefersTo) {
  EXPECT_EQ(table(facts_of(Codec::h264, "01 9a")), "DDDD DDDD DDDD DDDD");
  EXPECT_EQ(table(facts_of(Codec::h264, "65 88")), "SSSS SSSS SSSS SSSS");
  EXPECT_EQ(table(facts_of(Codec::h264, "41 9a")), "RRRR RRRR RRRR RRRR");
}

}  // namespace
}  // namespace bridgehall::wire
