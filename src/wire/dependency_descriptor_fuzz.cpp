// Any bytes as two dependency descriptors of one stream: byte 0 says how long the first is, which may bring a structure
// for the second. What is read can be written and is then read the same, in no more bytes.
#include <algorithm>
#include <bit>
#include <vector>

#include "base/testing.h"
#include "wire/dependency_descriptor.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::wire;

void check_structure(const TemplateStructure& structure) {
  BRIDGEHALL_CHECK(structure.template_count >= 1 && structure.template_count <= kMaxTemplates);
  BRIDGEHALL_CHECK(structure.decode_target_count >= 1 && structure.decode_target_count <= kMaxDecodeTargets);
  BRIDGEHALL_CHECK(structure.chain_count <= structure.decode_target_count);
  BRIDGEHALL_CHECK(structure.spatial_layer_count() <= kMaxDescriptorSpatialLayers);
  for (const auto serving : structure.serving) BRIDGEHALL_CHECK(serving < structure.decode_target_count);
  for (const auto chain : structure.protected_by) BRIDGEHALL_CHECK(chain <= structure.chain_count);
}

void check_facts(const DependencyDescriptor& frame, const TemplateStructure& structure) {
  const auto facts = frame_facts_of(frame, structure);
  BRIDGEHALL_CHECK(facts.frame_number == frame.frame_number && facts.frame_start == frame.start_of_frame);
  BRIDGEHALL_CHECK(facts.references_known);
  BRIDGEHALL_CHECK(std::popcount(facts.references) <= frame.frame_difference_count);
}

void check_round_trip(BytesView bytes, const DependencyDescriptor& frame, const TemplateStructure& structure) {
  std::vector<std::uint8_t> out(bytes.size());
  const auto size = write_dependency_descriptor(frame, structure, out);
  BRIDGEHALL_CHECK(size >= kMandatoryDescriptorSize);
  TemplateStructure brought;
  const auto again = parse_dependency_descriptor(BytesView{out}.first(size), &structure, brought);
  BRIDGEHALL_CHECK(again && *again == frame);
  BRIDGEHALL_CHECK(!frame.brings_structure || brought == structure);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t first_size = std::min<std::size_t>(data[0], size - 1);
  const BytesView parts[] = {{data + 1, first_size}, {data + 1 + first_size, size - 1 - first_size}};
  TemplateStructure known, brought;
  for (const auto bytes : parts) {
    const auto frame = parse_dependency_descriptor(bytes, &known, brought);
    const auto mandatory = parse_mandatory_fields(bytes);
    BRIDGEHALL_CHECK(mandatory.has_value() == (bytes.size() >= kMandatoryDescriptorSize));
    if (!frame) continue;
    BRIDGEHALL_CHECK(mandatory->brings_structure == frame->brings_structure);
    if (frame->brings_structure) {
      check_structure(brought);
      known = brought;
    }
    check_facts(*frame, known);
    check_round_trip(bytes, *frame, known);
  }
  return 0;
}
