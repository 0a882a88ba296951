#include "web/first_bytes.h"

#include <array>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/testing.h"
#include "wire/stun.h"

namespace bridgehall::web {
namespace {

using bridgehall::testing::from_hex;
using Bytes = std::vector<std::uint8_t>;

Bytes framed_check() {
  std::array<std::uint8_t, 200> message;
  wire::StunWriter writer(message, wire::StunClass::request, wire::kStunBinding, {});
  writer.username("server:client");
  writer.fingerprint();
  const auto size = writer.finish();
  Bytes frame(2 + size);
  store_u16(frame.data(), static_cast<std::uint16_t>(size));
  std::copy_n(message.begin(), size, frame.begin() + 2);
  return frame;
}

TEST(FirstBytes, TellTlsAndHttpByTheFirstByteAlone) {
  EXPECT_EQ(classify_first_bytes(from_hex("16")), FirstBytes::tls);
  EXPECT_EQ(classify_first_bytes(from_hex("16 03 01")), FirstBytes::tls);
  for (const auto* method : {"GET / HTTP/1.1", "P", "delete", "hello"})
    EXPECT_EQ(classify_first_bytes(as_bytes_view(method)), FirstBytes::http);
}

TEST(FirstBytes, TellAFramedCheckOnceItsCookieIsThere) {
  const auto frame = framed_check();
  for (std::size_t size = 0; size < kDecidingBytes; ++size)
    EXPECT_EQ(classify_first_bytes(BytesView{frame}.first(size)), FirstBytes::undecided) << size;
  for (std::size_t size = kDecidingBytes; size <= frame.size(); ++size)
    EXPECT_EQ(classify_first_bytes(BytesView{frame}.first(size)), FirstBytes::ice_tcp);
}

TEST(FirstBytes, AreUnknownAsSoonAsNothingFits) {
  for (const auto* hex : {"00 13",                           // shorter than a STUN header
                          "05 01",                           // longer than any STUN message
                          "06", "7f", "80", "ff", "15 03",   // no letter, no handshake
                          "00 14 80",                        // RTP
                          "00 14 00 01 00 04",               // lengths that do not agree
                          "00 14 00 01 00 00 21 12 a4 43"})  // another cookie
    EXPECT_EQ(classify_first_bytes(from_hex(hex)), FirstBytes::unknown) << hex;
}

TEST(FirstBytes, NeverChangeTheirMindAndAlwaysDecide) {
  EXPECT_TRUE(rc::check([](Bytes bytes, bool framed) {
    if (framed) {  // near to what is looked for
      auto frame = framed_check();
      for (std::size_t i = 0; i < bytes.size() && i < 2; ++i) frame[bytes[i] % kDecidingBytes] ^= bytes[i] & 3;
      bytes = frame;
    }
    auto before = FirstBytes::undecided;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      const auto now = classify_first_bytes(BytesView{bytes}.first(size));
      RC_ASSERT(before == FirstBytes::undecided || now == before);
      RC_ASSERT(size < kDecidingBytes || now != FirstBytes::undecided);
      before = now;
    }
  }));
}

}  // namespace
}  // namespace bridgehall::web
