#include "wire/frame_facts_reader.h"

#include <gtest/gtest.h>

#include "wire/scalability_testing.h"

namespace bridgehall::wire {
namespace {

using testing::ScalableStream;
using Bytes = std::vector<std::uint8_t>;

Bytes written(const DependencyDescriptor& frame, const TemplateStructure& structure) {
  Bytes out(255);
  out.resize(write_dependency_descriptor(frame, structure, out));
  return out;
}

FrameFacts read(FrameFactsReader& reader, ScalableStream& stream, std::int64_t sequence, bool key = false) {
  auto frame = stream.next_unit(key)[0].descriptor;
  frame.start_of_frame = true;
  return reader.read(Codec::av1, {}, written(frame, stream.structure), sequence);
}

TEST(FrameFactsReader, KeepsTheStructureOfTheStream) {
  ScalableStream stream({1, 3});
  FrameFactsReader reader;
  EXPECT_TRUE(read(reader, stream, 1).keyframe);
  const auto facts = read(reader, stream, 2);
  EXPECT_TRUE(facts.references_known);
  EXPECT_EQ(facts.temporal_layer, 2);
  EXPECT_EQ(facts.indication({0, 0}), Indication::not_present);
}

TEST(FrameFactsReader, WithoutItsStructureAPacketIsRequiredByAll) {
  ScalableStream stream({1, 3});
  stream.next_unit(true);
  FrameFactsReader reader;
  const auto facts = read(reader, stream, 1);
  EXPECT_FALSE(facts.references_known);
  EXPECT_TRUE(facts.frame_start);
  EXPECT_EQ(facts.frame_number, 1);
  EXPECT_EQ(facts.indications, FrameFacts{}.indications);
}

TEST(FrameFactsReader, ALateStructureReplacesNoNewerOne) {
  ScalableStream before({1, 1}, 0), after({1, 3}, 20);
  FrameFactsReader reader;
  read(reader, after, 50);
  EXPECT_TRUE(read(reader, before, 40).references_known);
  EXPECT_TRUE(read(reader, after, 51).references_known);
  EXPECT_FALSE(read(reader, before, 41).references_known);
}

TEST(FrameFactsReader, ADamagedStructureChangesNothing) {
  ScalableStream stream({1, 3});
  FrameFactsReader reader;
  read(reader, stream, 1);
  const Bytes damaged{0x80, 0, 9, 0x80, 0};
  EXPECT_FALSE(reader.read(Codec::av1, {}, damaged, 2).references_known);
  EXPECT_TRUE(read(reader, stream, 3).references_known);
}

TEST(FrameFactsReader, WithoutADescriptorThePayloadTells) {
  FrameFactsReader reader;
  const PayloadInfo payload{.frame_start = true, .temporal_layer = 1, .layer_sync = true};
  EXPECT_EQ(reader.read(Codec::vp8, payload, {}, 1), frame_facts_of(Codec::vp8, payload));
}

}  // namespace
}  // namespace bridgehall::wire
