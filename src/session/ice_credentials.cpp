#include <string>

#include "session/transport.h"
#include "wire/stun.h"

namespace bridgehall::session {

namespace {

// ice-chars are just 64, so six random bits make one without bias.
constexpr std::string_view kIceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static_assert(kIceChars.size() == 64);

template <std::size_t Size>
std::string random_ice_chars(RandomSource& random) {
  std::array<std::uint8_t, Size> bytes;
  random.fill(bytes);
  std::string text;
  for (const auto byte : bytes) text += kIceChars[byte % kIceChars.size()];
  return text;
}

}  // namespace

std::optional<std::string_view> addressed_ufrag(BytesView stun_datagram) {
  const auto message = wire::parse_stun(stun_datagram);
  if (!message || message->message_class != wire::StunClass::request || message->method != wire::kStunBinding)
    return std::nullopt;
  const auto colon = message->username.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return message->username.substr(0, colon);
}

IceCredentials make_ice_credentials(RandomSource& random, std::string_view prefix) {
  return {std::string{prefix} + random_ice_chars<8>(random), random_ice_chars<24>(random)};
}

}  // namespace bridgehall::session
