#include "crypto/self_signed.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bridgehall::crypto {
namespace {

using namespace std::chrono_literals;
using testing::StartsWith;

constexpr UnixTime kNow{1'790'000'000s};
constexpr auto kYear = 24h * 365;
const std::array<std::string, 2> kNames{"localhost", "bridge.example.org"};
const std::array<IpAddress, 2> kAddresses{IpAddress::v4(192, 0, 2, 7), *IpAddress::parse("2001:db8::7")};

TEST(SelfSigned, CoversTheNamesAndAddressesItWasMadeForUntilItEnds) {
  const auto pair = make_self_signed(kNames, kAddresses, kNow, kNow + kYear);
  EXPECT_THAT(pair.certificate, StartsWith("-----BEGIN CERTIFICATE-----\n"));
  EXPECT_THAT(pair.key, StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_TRUE(covers(pair.certificate, kNames, kAddresses, kNow + kYear));
  EXPECT_FALSE(covers(pair.certificate, kNames, kAddresses, kNow + kYear + 1s));
  EXPECT_TRUE(covers(pair.certificate, std::span{kNames}.first(1), {}, kNow));
}

TEST(SelfSigned, DoesNotCoverOtherNamesOrAddresses) {
  const auto pair = make_self_signed(kNames, kAddresses, kNow, kNow + kYear);
  const std::array<std::string, 1> other_name{"other.example.org"};
  const std::array other_address{IpAddress::v4(192, 0, 2, 8)};
  EXPECT_FALSE(covers(pair.certificate, other_name, {}, kNow));
  EXPECT_FALSE(covers(pair.certificate, {}, other_address, kNow));
  EXPECT_FALSE(covers("nonsense", {}, {}, kNow));
}

TEST(SelfSigned, IsAnotherOneEachTime) {
  EXPECT_NE(make_self_signed(kNames, {}, kNow, kNow + kYear).key, make_self_signed(kNames, {}, kNow, kNow + kYear).key);
}

}  // namespace
}  // namespace bridgehall::crypto
