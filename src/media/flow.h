// What arrives, open or not: when a publication's packets begin and stop (FlowChanged), which of its simulcast layers
// are alive, and how large they are. A sender whose line is weak stops its upper layers; whoever is shown one that has
// stopped is to be given another.
#pragma once

#include "base/time.h"
#include "media/agenda.h"
#include "media/tables.h"

namespace bridgehall::media {

class Flow {
 public:
  static constexpr Duration kInterval = 250ms;      // between two looks at a publication whose packets arrive
  static constexpr Duration kLayerTimeout = 800ms;  // behind the newest packet of another layer: it has stopped
  static constexpr Duration kLayerReturn = 1s;      // of packets before a layer that had stopped counts again

  Flow(Tables& tables, Agenda& agenda) : tables_(tables), agenda_(agenda) {}

  // A packet of a layer arrived. True when the publication's layers to choose from have changed.
  bool on_packet(Layer& layer, std::size_t bytes, TimePoint now);
  // Its packets come in here from now on, and not at another shard any more: that shard says nothing more about it, so
  // it is said here whether they come.
  void expect(PublicationIndex index, TimePoint now);
  // To be called every kInterval while the publication is flowing. True as above.
  bool check(Publication& publication, TimePoint now);

 private:
  void begin(PublicationIndex index);
  void say(Publication& publication, bool flowing);
  void measure(Publication& publication);
  bool judge(Publication& publication);

  Tables& tables_;
  Agenda& agenda_;
};

}  // namespace bridgehall::media
