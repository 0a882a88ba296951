// What crosses between io and the cores: datagrams that came in, and trains that go out.
#pragma once

#include <algorithm>

#include "base/address.h"
#include "base/bytes.h"
#include "base/time.h"

namespace bridgehall {

// What one receive call gave: a datagram, or with GRO several of one sender joined. The bytes belong to the caller and
// may be changed in place (SRTP is opened there).
struct ReceivedDatagram {
  NetworkPath path;
  MutableBytes bytes;
  std::size_t segment_size = 0;  // bytes cut into pieces of this size, the last may be shorter
  bool truncated = false;        // it was longer than its buffer
  TimePoint arrived_at{};        // when the kernel got it; TimePoint{} where that was not asked for

  // The same where it was not asked for too: at the latest `now`, when it was read.
  TimePoint arrival(TimePoint now) const { return arrived_at == TimePoint{} ? now : std::min(arrived_at, now); }
};

// One or more datagrams to one receiver: `bytes` cut into `segment_size` pieces of which only the last may be shorter
// (UDP_SEGMENT). A single datagram has segment_size == bytes.size().
struct Train {
  NetworkPath path;
  BytesView bytes;
  std::size_t segment_size = 0;
};

}  // namespace bridgehall
