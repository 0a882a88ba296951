#include "web/first_bytes.h"

#include "wire/stun.h"

namespace bridgehall::web {
namespace {

constexpr std::uint8_t kTlsHandshake = 0x16;  // RFC 8446 section 5.1

bool is_letter(std::uint8_t byte) { return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'); }

// Whether what is there so far could be the beginning of a framed STUN message.
bool may_be_framed_stun(BytesView bytes) {
  if (bytes[0] > wire::kStunMaxMessage >> 8) return false;
  if (bytes.size() < 2) return true;
  const std::size_t frame = load_u16(bytes.data());
  if (frame < wire::kStunHeaderSize || frame > wire::kStunMaxMessage) return false;
  if (bytes.size() > 2 && (bytes[2] & 0xC0) != 0) return false;
  if (bytes.size() >= 6 && load_u16(bytes.data() + 4) != frame - wire::kStunHeaderSize) return false;
  for (std::size_t i = 6; i < bytes.size() && i < kDecidingBytes; ++i)
    if (bytes[i] != static_cast<std::uint8_t>(wire::kStunCookie >> (8 * (9 - i)))) return false;
  return true;
}

}  // namespace

FirstBytes classify_first_bytes(BytesView bytes) {
  if (bytes.empty()) return FirstBytes::undecided;
  if (bytes[0] == kTlsHandshake) return FirstBytes::tls;
  if (is_letter(bytes[0])) return FirstBytes::http;
  if (!may_be_framed_stun(bytes)) return FirstBytes::unknown;
  return bytes.size() < kDecidingBytes ? FirstBytes::undecided : FirstBytes::ice_tcp;
}

}  // namespace bridgehall::web
