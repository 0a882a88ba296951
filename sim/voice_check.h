// That all of a room hear the same voices: each packet of a voice is heard in one place, by whomever it is sent to.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/ledger.h"
#include "sim/trace.h"

namespace bridgehall::sim {

class VoiceCheck {
 public:
  void on_sent(BroadcastId broadcast, std::size_t index, std::uint8_t place, TimePoint now, Violations& violations) {
    auto& places = places_[broadcast];
    if (index >= places.size()) places.resize(index + 64, kNowhere);
    if (places[index] == kNowhere) places[index] = place;
    if (places[index] != place)
      violations.add(now, "packet {} of broadcast {} is heard in place {} and in place {}", index, broadcast.value(),
                     places[index], place);
  }

 private:
  static constexpr std::uint8_t kNowhere = 0xff;
  std::unordered_map<BroadcastId, std::vector<std::uint8_t>> places_;
};

}  // namespace bridgehall::sim
