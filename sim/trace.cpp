#include "sim/trace.h"

#include <array>

namespace bridgehall::sim {

void Trace::print(TimePoint now, TraceKind kind, std::uint32_t who, std::uint64_t a, std::uint64_t b) {
  static constexpr std::array kNames{"command",   "peer_event",    "media_sent",    "repeat_sent", "control_sent",
                                     "delivered", "frame_decoded", "keyframe_made", "text_asked",  "text_said"};
  fmt::print("{:.6f} {} {} {} {}\n", seconds(now), kNames[static_cast<std::size_t>(kind)], who, a, b);
}

}  // namespace bridgehall::sim
