#include "media/tables.h"

namespace bridgehall::media {

Slot Tables::take_packet_slot(Layer& newest, bool& had_room) {
  had_room = !store.empty();
  if (!had_room) {
    constexpr std::uint32_t kLookedAt = 8;
    auto* longest = &newest;
    for (std::uint32_t i = 0; i < kLookedAt; ++i) {
      auto* other = layers.get(LayerIndex{next_shortened_});
      next_shortened_ = next_shortened_ + 1 < layers.places() ? next_shortened_ + 1 : 0;
      if (other != nullptr && other->history.size() > longest->history.size()) longest = other;
    }
    longest->history.drop_oldest();
  }
  return store.acquire();
}

}  // namespace bridgehall::media
