#include "wire/frame_facts_reader.h"

#include "wire/dependency_descriptor.h"

namespace bridgehall::wire {

FrameFactsReader::FrameFactsReader() = default;
FrameFactsReader::FrameFactsReader(FrameFactsReader&&) noexcept = default;
FrameFactsReader& FrameFactsReader::operator=(FrameFactsReader&&) noexcept = default;
FrameFactsReader::~FrameFactsReader() = default;

FrameFacts FrameFactsReader::read(Codec codec, const PayloadInfo& payload, BytesView descriptor,
                                  std::int64_t sequence) {
  const auto mandatory = parse_mandatory_fields(descriptor);
  if (!mandatory) return frame_facts_of(codec, payload);
  FrameFacts facts;
  facts.frame_number = mandatory->frame_number;
  facts.frame_start = mandatory->start_of_frame;
  facts.frame_end = mandatory->end_of_frame;
  facts.keyframe = payload.keyframe && payload.spatial_layer == 0;
  if (mandatory->brings_structure) return read_with_structure(descriptor, sequence, facts);
  if (known_ == nullptr) return facts;
  const auto frame = parse_dependency_descriptor(descriptor, known_.get(), *known_);  // brings none: *known_ stays
  return frame ? frame_facts_of(*frame, *known_) : facts;
}

FrameFacts FrameFactsReader::read_with_structure(BytesView descriptor, std::int64_t sequence,
                                                 const FrameFacts& otherwise) {
  TemplateStructure brought;
  const auto frame = parse_dependency_descriptor(descriptor, nullptr, brought);
  if (!frame) return otherwise;
  if (known_ == nullptr) {
    known_ = std::make_unique<TemplateStructure>(brought);
    known_since_ = sequence;
  } else if (sequence > known_since_) {
    *known_ = brought;
    known_since_ = sequence;
  }
  return frame_facts_of(*frame, brought);
}

}  // namespace bridgehall::wire
