// Makes the facts of each packet of one incoming stream: keeps the template structure that its dependency descriptors
// need. Belongs to the stream; any one thread. Memory is taken once, 3 KB with the first structure.
#pragma once

#include <cstdint>
#include <memory>

#include "wire/frame_facts.h"

namespace bridgehall::wire {

class FrameFactsReader {
 public:
  FrameFactsReader();
  FrameFactsReader(FrameFactsReader&&) noexcept;
  FrameFactsReader& operator=(FrameFactsReader&&) noexcept;
  ~FrameFactsReader();

  // `sequence` is the packet's extended number: a structure that comes late does not replace a newer one. A descriptor
  // that cannot be read, because its structure is not there or because it is malformed, leaves a packet that everyone
  // requires. An empty one: what the payload says.
  FrameFacts read(Codec codec, const PayloadInfo& payload, BytesView descriptor, std::int64_t sequence);

 private:
  FrameFacts read_with_structure(BytesView descriptor, std::int64_t sequence, const FrameFacts& otherwise);

  std::unique_ptr<TemplateStructure> known_;
  std::int64_t known_since_ = 0;
};

}  // namespace bridgehall::wire
