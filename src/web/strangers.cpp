#include "web/strangers.h"

#include <algorithm>

namespace bridgehall::web {

IpAddress source_network(const IpAddress& address) {
  auto network = address;
  if (!address.is_v4()) std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  return network;
}

void Strangers::arrive(Id id, const IpAddress& from) {
  leave(id);
  const auto network = source_network(from);
  by_id_[id] = line_.insert(line_.end(), {id, network});
  ++of_network_[network.bytes];
}

void Strangers::leave(Id id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const auto network = of_network_.find(found->second->network.bytes);
  if (--network->second == 0) of_network_.erase(network);
  line_.erase(found->second);
  by_id_.erase(found);
}

std::optional<Strangers::Id> Strangers::to_make_room() const {
  if (line_.empty()) return std::nullopt;
  const auto most = std::max_element(of_network_.begin(), of_network_.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most->second * 4 <= line_.size()) return line_.front().id;
  return std::find_if(line_.begin(), line_.end(), [&](const Stranger& one) { return one.network.bytes == most->first; })
      ->id;
}

}  // namespace bridgehall::web
