#include "sim/index_check.h"

#include <algorithm>

#include "base/sequence.h"

namespace bridgehall::sim {

void IndexCheck::watch(BytesView sealed, TimePoint now, Violations& violations) {
  const auto kind = wire::classify_datagram(sealed);
  if (kind == wire::DatagramKind::rtp) {
    const auto ssrc = load_u32(sealed.data() + 8);
    auto& used = rtp_[ssrc];
    const auto sequence = load_u16(sealed.data() + 2);
    const auto index = used.newest < 0 ? sequence : extend_sequence(used.newest, sequence);
    // RFC 3711 section 3.3.1; a keyframe's first packet that came late may have to leave after later ones.
    if (used.newest < 0 && sequence >= 0x8000 + 512)
      violations.add(now, "ssrc {} begins at {}: the other end could take its rollover counter for -1", ssrc, sequence);
    used.newest = std::max<std::int64_t>(used.newest, index);
    if (!use(used, index)) violations.add(now, "SRTP index {} of ssrc {} was used twice", index, ssrc);
  } else if (kind == wire::DatagramKind::rtcp) {
    const auto ssrc = load_u32(sealed.data() + 4);
    const auto trailer = suite_ == crypto::SrtpSuite::aead_aes_128_gcm ? 4 : 14;
    const auto word = load_u32(sealed.data() + sealed.size() - trailer);
    if ((word & 0x8000'0000) == 0) violations.add(now, "an RTCP packet left in clear");
    auto& used = rtcp_[ssrc];
    if (!use(used, word & 0x7fff'ffff))
      violations.add(now, "SRTCP index {} of ssrc {} was used twice", word & 0x7fff'ffff, ssrc);
  }
}

bool IndexCheck::use(Used& used, std::int64_t index) {
  if (index < 0) return false;
  const auto place = static_cast<std::size_t>(index);
  if (place >= used.indexes.size()) used.indexes.resize(place + 1024);
  if (used.indexes[place]) return false;
  used.indexes[place] = true;
  return true;
}

}  // namespace bridgehall::sim
