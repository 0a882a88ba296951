#include "wire/ice_uri.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::wire {
namespace {

TEST(IceUri, HasDefaultsForPortAndTransport) {
  EXPECT_EQ(parse_ice_uri("stun:stun.example.org"), (IceUri{false, false, "stun.example.org", 3478, false}));
  EXPECT_EQ(parse_ice_uri("turn:192.0.2.1"), (IceUri{true, false, "192.0.2.1", 3478, false}));
  EXPECT_EQ(parse_ice_uri("turns:turn.example.org"), (IceUri{true, true, "turn.example.org", 5349, true}));
}

TEST(IceUri, NamesPortTransportAndIpv6) {
  EXPECT_EQ(parse_ice_uri("turn:turn.example.org:443?transport=tcp"),
            (IceUri{true, false, "turn.example.org", 443, true}));
  EXPECT_EQ(parse_ice_uri("turns:[2001:db8::1]:443?transport=udp"), (IceUri{true, true, "2001:db8::1", 443, false}));
}

TEST(IceUri, IsRefusedWhereABrowserWouldRefuseIt) {
  for (const auto* text : {"", "http://x", "turn:", "turn::3478", "turn:x:0", "turn:x:70000", "turn:x:", "turn:x:1a",
                           "turn:x?transport=sctp", "turn:x?", "stun:x?transport=udp", "turn:[::1", "turn:[192.0.2.1]",
                           "turn:user@x", "turn:x y", "turn:x\"", "turn:x>", "TURN:x"})
    EXPECT_EQ(parse_ice_uri(text), std::nullopt) << text;
}

TEST(IceUri, NeverLetsThroughWhatCouldBreakAHeader) {
  EXPECT_TRUE(rc::check([](const std::string& tail) {
    const auto text = "turn:" + tail;
    if (parse_ice_uri(text)) RC_ASSERT(text.find_first_of("<>\"\\\r\n ;,") == std::string::npos);
  }));
}

}  // namespace
}  // namespace bridgehall::wire
