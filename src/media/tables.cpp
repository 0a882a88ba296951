#include "media/tables.h"

namespace bridgehall::media {

bool Tables::order_layers(Publication& publication) {
  auto& places = publication.layer_places;
  const auto before = places;
  for (int pass = 1; pass < publication.layer_count; ++pass) {
    for (std::size_t i = 1; i < publication.layer_count; ++i) {
      const auto lower = layers[places[i - 1]].pixels, upper = layers[places[i]].pixels;
      if (lower != 0 && upper != 0 && lower > upper) std::swap(places[i - 1], places[i]);
    }
  }
  return places != before;
}

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
