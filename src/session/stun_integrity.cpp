#include "session/stun_integrity.h"

#include <array>

#include "crypto/hmac.h"

namespace bridgehall::session {

bool is_authentic(BytesView datagram, const wire::StunMessage& message, std::string_view password) {
  if (message.integrity_offset == 0) return false;
  std::array<std::uint8_t, wire::kStunMaxMessage> covered;
  const auto size = wire::stun_integrity_input(datagram, message, covered);
  const auto expected = crypto::hmac_sha1(as_bytes_view(password), BytesView{covered}.first(size));
  return crypto::equal_in_constant_time(expected, wire::stun_integrity_value(datagram, message));
}

std::size_t seal_stun(wire::StunWriter& writer, std::string_view password) {
  writer.message_integrity([&](BytesView covered) { return crypto::hmac_sha1(as_bytes_view(password), covered); });
  writer.fingerprint();
  return writer.finish();
}

}  // namespace bridgehall::session
