// A peer that sends a ball that moves (VP8) and a tone (Opus). No audio levels (RFC 6464), no transport-wide sequence
// numbers: a sender as plain as there are.
#pragma once

#include "peer.h"

namespace bridgehall::gstreamer_client {

class Publisher {
 public:
  explicit Publisher(int tone_hz);

  Peer& peer() { return peer_; }

 private:
  Peer peer_;
};

}  // namespace bridgehall::gstreamer_client
