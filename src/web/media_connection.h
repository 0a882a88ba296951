// A TCP connection that turned out to carry media (RFC 6544): its first frame was a STUN check addressed to one of
// ours.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/address.h"

namespace bridgehall::web {

struct MediaConnection {
  int descriptor = -1;  // whoever takes the connection closes it
  SocketAddress remote;
  IpAddress local;
  std::vector<std::uint8_t> first_bytes;  // what was read from it so far: one frame (RFC 4571), perhaps more
  std::string ufrag;                      // ours, that the check names
};

using TakeMedia = std::function<void(MediaConnection&&)>;

}  // namespace bridgehall::web
