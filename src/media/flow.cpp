#include "media/flow.h"

#include <algorithm>
#include <utility>

namespace bridgehall::media {

bool Flow::on_packet(Layer& layer, std::size_t bytes, TimePoint now) {
  layer.bytes += static_cast<std::uint32_t>(bytes);
  const bool first = !layer.last_packet;
  if (first || now - *layer.last_packet > kLayerTimeout) layer.flowing_since = now;
  layer.last_packet = now;
  auto& publication = tables_.publications[layer.publication];
  publication.last_packet = now;
  if (!publication.flowing) begin(layer.publication);
  if (!publication.said_flowing) say(publication, true);
  if (first) layer.alive = true;
  return first && publication.layer_count > 1;
}

bool Flow::check(Publication& publication, TimePoint now) {
  measure(publication);
  if (now - publication.last_packet >= kFlowTimeout) {
    publication.flowing = false;
    say(publication, false);
    return false;  // everything has stopped: no layer is better than another
  }
  return publication.layer_count > 1 && judge(publication);
}

void Flow::expect(PublicationIndex index, TimePoint now) {
  auto& publication = tables_.publications[index];
  publication.last_packet = now;
  publication.said_flowing = false;
  if (!publication.flowing) begin(index);
}

void Flow::begin(PublicationIndex index) {
  tables_.publications[index].flowing = true;
  agenda_.flowing.push_back(index);
}

void Flow::say(Publication& publication, bool flowing) {
  publication.said_flowing = flowing;
  agenda_.events.push_back(FlowChanged{publication.id, flowing});
}

void Flow::measure(Publication& publication) {
  for (const auto index : publication.layers()) {
    auto& layer = tables_.layers[index];
    const auto now = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        std::uint64_t{8} * std::exchange(layer.bytes, 0) * 1'000'000'000 / kInterval.count(), UINT32_MAX));
    layer.bitrate = layer.bitrate == 0 ? now : layer.bitrate - layer.bitrate / 4 + now / 4;
  }
}

// Against the other layers' newest packet and not against the clock: slides that stand still send one frame a second.
bool Flow::judge(Publication& publication) {
  TimePoint newest{};
  for (const auto index : publication.layers())
    if (const auto& last = tables_.layers[index].last_packet) newest = std::max(newest, *last);
  bool changed = false;
  for (const auto index : publication.layers()) {
    auto& layer = tables_.layers[index];
    const bool arrives = layer.last_packet && newest - *layer.last_packet <= kLayerTimeout;
    const bool alive = arrives && (layer.alive || newest - layer.flowing_since >= kLayerReturn);
    changed |= alive != layer.alive;
    layer.alive = alive;
  }
  return changed;
}

}  // namespace bridgehall::media
