#include "base/address.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall {
namespace {

TEST(IpAddress, ReadsAndShowsBothFamilies) {
  const struct {
    const char* text;
    const char* shown;
    bool v4;
  } cases[] = {
      {"192.0.2.1", "192.0.2.1", true},
      {"0.0.0.0", "0.0.0.0", true},
      {"255.255.255.255", "255.255.255.255", true},
      {"::", "::", false},
      {"::1", "::1", false},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", false},
      {"::ffff:192.0.2.1", "192.0.2.1", true},
  };
  for (const auto& c : cases) {
    const auto ip = IpAddress::parse(c.text);
    ASSERT_TRUE(ip) << c.text;
    EXPECT_EQ(ip->to_string(), c.shown);
    EXPECT_EQ(ip->is_v4(), c.v4);
  }
  EXPECT_EQ(IpAddress::parse("192.0.2.1"), IpAddress::v4(192, 0, 2, 1));
}

TEST(IpAddress, RefusesWhatIsNone) {
  using namespace std::string_view_literals;
  for (const auto text : {""sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1 "sv, " 192.0.2.1"sv, "192.0.2.1\0"sv,
                          "192.0.2.1\0.evil.example"sv, "::1\0"sv, "[::1]"sv, "fe80::1%eth0"sv, ":::"sv, "1::2::3"sv,
                          "localhost"sv, "12345::"sv})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
}

TEST(IpAddress, KnowsWhereItBelongs) {
  enum : unsigned { loopback = 1, unspecified = 2, link_local = 4, private_use = 8, multicast = 16 };
  const struct {
    const char* text;
    unsigned kinds;
  } cases[] = {
      {"127.0.0.1", loopback},
      {"127.255.255.255", loopback},
      {"128.0.0.1", 0},
      {"::1", loopback},
      {"::2", 0},
      {"0.0.0.0", unspecified},
      {"::", unspecified},
      {"0.0.0.1", 0},
      {"169.254.0.1", link_local},
      {"169.253.0.1", 0},
      {"fe80::1", link_local},
      {"febf::1", link_local},
      {"fec0::1", 0},
      {"10.0.0.1", private_use},
      {"172.16.0.1", private_use},
      {"172.31.255.255", private_use},
      {"172.15.0.1", 0},
      {"172.32.0.1", 0},
      {"192.168.255.1", private_use},
      {"192.169.0.1", 0},
      {"11.0.0.1", 0},
      {"100.64.0.1", private_use},
      {"100.127.255.255", private_use},
      {"100.63.0.1", 0},
      {"100.128.0.1", 0},
      {"224.0.0.1", multicast},
      {"239.255.255.255", multicast},
      {"240.0.0.1", 0},
      {"ff02::1", multicast},
      {"fc00::1", private_use},
      {"fdff::1", private_use},
      {"fe00::1", 0},
      {"::ffff:10.0.0.1", private_use},
      {"203.0.113.9", 0},
      {"2001:db8::1", 0},
  };
  for (const auto& c : cases) {
    const auto ip = *IpAddress::parse(c.text);
    EXPECT_EQ(ip.is_loopback(), (c.kinds & loopback) != 0) << c.text;
    EXPECT_EQ(ip.is_unspecified(), (c.kinds & unspecified) != 0) << c.text;
    EXPECT_EQ(ip.is_link_local(), (c.kinds & link_local) != 0) << c.text;
    EXPECT_EQ(ip.is_private(), (c.kinds & private_use) != 0) << c.text;
    EXPECT_EQ(ip.is_multicast(), (c.kinds & multicast) != 0) << c.text;
  }
  EXPECT_TRUE(IpAddress{}.is_unspecified());
}

TEST(SocketAddress, ShowsIpv6InBrackets) {
  EXPECT_EQ((SocketAddress{*IpAddress::parse("192.0.2.1"), 8443}.to_string()), "192.0.2.1:8443");
  EXPECT_EQ((SocketAddress{*IpAddress::parse("2001:db8::1"), 8443}.to_string()), "[2001:db8::1]:8443");
}

TEST(SocketAddress, EqualAddressesHashEqualAndNeighboursDiffer) {
  const std::hash<SocketAddress> hash;
  const SocketAddress a{IpAddress::v4(192, 0, 2, 1), 5000};
  EXPECT_EQ(hash(a), hash({*IpAddress::parse("::ffff:192.0.2.1"), 5000}));
  EXPECT_NE(hash(a), hash({a.ip, 5001}));
  EXPECT_NE(hash(a), hash({IpAddress::v4(192, 0, 2, 2), 5000}));
}

TEST(IpAddressProperty, ShownAddressesReadBackTheSame) {
  EXPECT_TRUE(rc::check([](std::array<std::uint8_t, 16> bytes, bool v4) {
    const IpAddress ip = v4 ? IpAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3]) : IpAddress{bytes};
    RC_ASSERT(IpAddress::parse(ip.to_string()) == ip);
  }));
}

}  // namespace
}  // namespace bridgehall
