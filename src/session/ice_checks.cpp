#include "session/ice_checks.h"

#include <array>

#include "session/stun_integrity.h"

namespace bridgehall::session {

bool is_check_username(std::string_view text, const IceCredentials& local, const IceCredentials& remote) {
  return text.size() == local.ufrag.size() + 1 + remote.ufrag.size() && text.starts_with(local.ufrag) &&
         text[local.ufrag.size()] == ':' && text.ends_with(remote.ufrag);
}

void answer_check(const wire::StunMessage& check, const NetworkPath& path, std::string_view password,
                  TransportOutbox& out) {
  std::array<std::uint8_t, 128> buffer;
  wire::StunWriter writer{buffer, wire::StunClass::success, wire::kStunBinding, check.transaction};
  writer.xor_mapped_address(path.remote);
  const auto size = seal_stun(writer, password);
  out.send(path, {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)});
}

}  // namespace bridgehall::session
