// What crosses between io and the cores: datagrams that came in, and trains that go out.
#pragma once

#include "base/address.h"
#include "base/bytes.h"

namespace bridgehall {

// A datagram as received. The bytes belong to the caller and may be changed in place (SRTP is opened there).
struct ReceivedDatagram {
  NetworkPath path;
  MutableBytes bytes;
};

// One or more datagrams to one receiver: `bytes` cut into `segment_size` pieces of which only the last may be shorter
// (UDP_SEGMENT). A single datagram has segment_size == bytes.size().
struct Train {
  NetworkPath path;
  BytesView bytes;
  std::size_t segment_size = 0;
};

}  // namespace bridgehall
