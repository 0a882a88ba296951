// Who may have how much of a receiver's line: from what the line is like and what its slots want to the layer that each
// slot is allowed. One per receiving peer, asked a few times a second and at no packet. PlainAllocator is the rule that
// keeps a weak line from collapsing; full congestion control replaces it behind this interface.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/time.h"
#include "media/api.h"
#include "session/line_monitor.h"

namespace bridgehall::media {

// What a slot wants of the line.
struct SlotDemand {
  SlotUse use{};
  bool visible = true;            // hidden slots cost nothing and get nothing
  std::uint8_t wanted_layer = 0;  // the highest that is of use to it: 0 to 2
  // Bits per second of each layer as measured; 0: not alive. A track without simulcast has layer 0 only.
  std::array<std::uint32_t, kMaxLayers> layer_bitrates{};
};

// What it gets.
struct SlotGrant {
  static constexpr std::int8_t kOff = -1;
  std::int8_t highest_layer = kOff;  // which alive layer at or below it flows is the layer selection's matter
  bool limited_by_line = false;      // less than wanted, because of the line: the user is told
  bool operator==(const SlotGrant&) const = default;
};

class Allocator {
 public:
  virtual ~Allocator() = default;
  // Every 200 to 500 ms and whenever the slots' demand has changed. `grants` is as long as `demands`; grants[i] is for
  // demands[i].
  virtual void allocate(const session::LineSummary& line, std::span<const SlotDemand> demands,
                        std::span<SlotGrant> grants, TimePoint now) = 0;
};

}  // namespace bridgehall::media
