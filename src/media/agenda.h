// What the parts of a shard leave for its loop to do: who is to be sent to, whose keyframes are to be asked for, what
// control is to be told. On the shard's thread; each list is bounded by the peers and layers there are.
#pragma once

#include <deque>
#include <vector>

#include "media/api.h"
#include "media/egress_queue.h"
#include "media/tables.h"

namespace bridgehall::media {

struct Agenda {
  std::deque<Event> events;
  std::vector<LayerIndex> keyframes;  // their requests changed: when is the next PLI due?
  std::vector<LayerIndex> collecting;
  EgressQueue egress;
  std::vector<PublicationIndex> flowing;  // began to, so that they are looked at from time to time
  std::vector<LayerIndex> demands;        // mirrors that are wanted now, or no longer

  void want_keyframe(LayerIndex index, Layer& layer) {
    layer.keyframes.want();
    keyframes.push_back(index);
  }
  // After receivers came or went.
  void check_demand(LayerIndex index, const Layer& layer) {
    if (layer.elsewhere && layer.is_wanted() != layer.demanded) demands.push_back(index);
  }
  // `arrived`: the packet that waits now, which may have been some time ago.
  void collect(LayerIndex index, Layer& layer, TimePoint arrived) {
    if (layer.collecting) return;
    layer.collecting = true;
    layer.collecting_since = arrived;
    collecting.push_back(index);
  }
};

}  // namespace bridgehall::media
