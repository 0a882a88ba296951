// MESSAGE-INTEGRITY end to end: the codec's covered bytes under our HMAC, against the samples of RFC 5769.
#include <gtest/gtest.h>

#include "base/testing.h"
#include "crypto/hmac.h"
#include "wire/stun.h"

namespace bridgehall::crypto {
namespace {

constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";

bool integrity_holds(BytesView datagram, std::string_view password) {
  const auto message = wire::parse_stun(datagram);
  if (!message) return false;
  std::array<std::uint8_t, wire::kStunMaxMessage> covered;
  const auto size = wire::stun_integrity_input(datagram, *message, covered);
  const auto hmac = hmac_sha1(as_bytes_view(password), BytesView{covered}.first(size));
  return equal_in_constant_time(hmac, wire::stun_integrity_value(datagram, *message));
}

TEST(StunIntegrity, HoldsForTheSamplesOfTheRfc) {
  const struct {
    const char* section;
    const char* bytes;
  } cases[] = {
      {"2.1",
       "00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74 00240004 6e0001ff"
       "80290008 932ff9b151263b36 00060009 6576746a3a68367659 202020"
       "00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf"},
      {"2.2",
       "0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f72 20 00200008 0001a147e112a643"
       "00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96"},
      {"2.3",
       "01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f72 20"
       "00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
       "00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c"},
  };
  for (const auto& c : cases) {
    const auto bytes = testing::from_hex(c.bytes);
    EXPECT_TRUE(integrity_holds(bytes, kPassword)) << c.section;
    EXPECT_FALSE(integrity_holds(bytes, "another password")) << c.section;
  }
}

TEST(StunIntegrity, HoldsForWhatWeWrite) {
  std::array<std::uint8_t, wire::kStunMaxMessage> out;
  wire::StunWriter writer(out, wire::StunClass::request, wire::kStunBinding, {1, 2, 3});
  writer.username("hall:site");
  writer.message_integrity([](BytesView covered) { return hmac_sha1(as_bytes_view(kPassword), covered); });
  writer.fingerprint();
  const auto size = writer.finish();
  EXPECT_TRUE(integrity_holds(BytesView{out}.first(size), kPassword));
  out[27] ^= 1;  // inside the username; FINGERPRINT is wrong now too
  EXPECT_FALSE(integrity_holds(BytesView{out}.first(size), kPassword));
}

}  // namespace
}  // namespace bridgehall::crypto
