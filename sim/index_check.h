// That one SRTP or SRTCP index is never used twice with one key: with AES-GCM that would give the key away. Watches
// sealed datagrams; each SSRC belongs to one peer's one session, so to one key.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "crypto/srtp.h"
#include "sim/trace.h"

namespace bridgehall::sim {

class IndexCheck {
 public:
  explicit IndexCheck(crypto::SrtpSuite suite) : suite_(suite) {}
  void watch(BytesView sealed, TimePoint now, Violations& violations);

 private:
  struct Used {
    std::int64_t newest = -1;
    std::vector<bool> indexes;  // by extended sequence, or SRTCP index
  };
  // False when it was used before.
  static bool use(Used& used, std::int64_t index);

  crypto::SrtpSuite suite_;
  std::unordered_map<std::uint32_t, Used> rtp_;  // by SSRC
  std::unordered_map<std::uint32_t, Used> rtcp_;
};

}  // namespace bridgehall::sim
