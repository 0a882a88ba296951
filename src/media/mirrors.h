// Mirrors: a layer's packets come in at one shard, its home, and are copied once into each shard where somebody wants
// them; there they belong to a layer of the same name, from whose history its receivers are served. This is the sending
// side of it, at home and away; what arrives is taken in by Shard (shard_mail.cpp).
#pragma once

#include <optional>

#include "base/time.h"
#include "media/mesh_end.h"
#include "media/tables.h"

namespace bridgehall::media {

class Mirrors {
 public:
  Mirrors(Tables& tables, ShardCounters& counters, MeshEnd& mesh) : tables_(tables), counters_(counters), mesh_(mesh) {}

  // -- at home --

  // The publication's sender is a peer here from now on.
  void attach(Publication& publication, PeerId sender);
  // The newest packet of the layer's history, to all who want it.
  void copy(const Layer& layer) {
    if (!layer.mirrors.empty()) copy_to_all(layer, *layer.history.at(layer.history.next() - 1));
  }
  void tell_facts(const Publication& publication);
  // What is known of its timestamps has changed.
  void tell_clock(const Layer& layer);
  // Another shard wants the layer now, or no longer. Who begins is given what came since the last keyframe, if that is
  // recent.
  void set_demand(Layer& layer, ShardNumber shard, bool wanted, TimePoint now);

  // -- away --

  // The home may have been asked for it before it lost its sender and all demands.
  void take_back_demand(const Layer& layer, ShardNumber home) { mesh_.tell(home, LayerDemand{name_of(layer), false}); }
  // Asks the home for packets, or to stop, where that has changed.
  void follow_demand(Layer& layer);
  void want_keyframe(const Layer& layer);

  LayerIndex find(const LayerName& name) const;
  // Where the layer's packets come in, if that is another shard.
  std::optional<ShardNumber> home_of(const Layer& layer) const;

 private:
  Arrival first_of_next_keyframe(const Layer& layer, TimePoint now) const;
  LayerName name_of(const Layer& layer) const;
  void copy_to_all(const Layer& layer, const StoredPacket& packet);
  void copy_to(ShardNumber shard, const LayerName& name, const StoredPacket& packet);
  LayerClock clock_of(const Layer& layer) const;

  Tables& tables_;
  ShardCounters& counters_;
  MeshEnd& mesh_;
};

}  // namespace bridgehall::media
