// Under which address the server sees each client: what a router with address translation does for them. An address is
// given once in a run; when a client gets another one, the old one leads nowhere any more.
#pragma once

#include <unordered_map>

#include "base/address.h"

namespace bridgehall::sim {

template <class Client>
class Addresses {
 public:
  // A fresh address, as after roaming; the first one of a client.
  SocketAddress next() {
    const auto host = next_host_++;
    return {IpAddress::v4(192, static_cast<std::uint8_t>(host / 62'500),
                          static_cast<std::uint8_t>(2 + host / 250 % 250), static_cast<std::uint8_t>(1 + host % 250)),
            static_cast<std::uint16_t>(40'000 + host % 20'000)};
  }
  void assign(const SocketAddress& address, Client& client) { present_[address] = ever_[address] = &client; }
  // The mapping is dead: what is sent to it goes nowhere.
  void release(const SocketAddress& address) { present_.erase(address); }
  SocketAddress rebind(const SocketAddress& from, Client& client) {
    release(from);
    const auto address = next();
    assign(address, client);
    return address;
  }

  // Who gets what arrives there now; nullptr: nobody.
  Client* at(const SocketAddress& address) const { return find(present_, address); }
  // Whose it is or was: for the checks.
  Client* ever_at(const SocketAddress& address) const { return find(ever_, address); }

 private:
  using Map = std::unordered_map<SocketAddress, Client*>;
  static Client* find(const Map& map, const SocketAddress& address) {
    const auto found = map.find(address);
    return found == map.end() ? nullptr : found->second;
  }

  Map present_, ever_;
  std::uint32_t next_host_ = 1;
};

}  // namespace bridgehall::sim
