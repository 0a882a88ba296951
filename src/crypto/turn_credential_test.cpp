#include "crypto/turn_credential.h"

#include <gtest/gtest.h>

namespace bridgehall::crypto {
namespace {

// Computed with Python's hmac and base64.
TEST(TurnCredential, IsWhatACoturnWithTheSameSecretComputes) {
  const auto made = make_turn_credential("north", "0123456789abcdef", UnixTime{std::chrono::seconds{1'700'000'000}});
  EXPECT_EQ(made.username, "1700000000:0123456789abcdef");
  EXPECT_EQ(made.password, "UY+gV9nPxo/XYynt7w3HOjqueE4=");
  EXPECT_EQ(make_turn_credential("", "", UnixTime{}).password, "OMULkEY8i3k1y1l5jqF6MXE1eYs=");
}

}  // namespace
}  // namespace bridgehall::crypto
