#include "web/host_names.h"

#include <gtest/gtest.h>

namespace bridgehall::web {
namespace {

const SocketAddress kLocal{IpAddress::v4(192, 0, 2, 1), 8443};
const std::vector<std::string> kNames{"bridge.example.org"};

Request request(std::string host, IpAddress peer, std::string target = "/a?b=c") {
  Request made{.method = "GET", .target = std::move(target), .headers = {}, .body = {}, .peer = {peer, 50'000}};
  made.headers.add("Host", std::move(host));
  return made;
}
std::string location(const Request& asked) {
  const auto response = redirect_to_https(asked, kLocal, kNames);
  return response ? std::string(response->headers.find("Location").value_or("")) : "";
}
const auto kHere = IpAddress::v4(127, 0, 0, 1);
const auto kElsewhere = IpAddress::v4(192, 0, 2, 99);

TEST(RedirectToHttps, LetsThisMachineAndAProxyOnItSpeakPlainly) {
  for (const auto* host : {"localhost:8443", "127.0.0.1", "[::1]:8443", "LOCALHOST", "bridge.example.org"})
    EXPECT_FALSE(redirect_to_https(request(host, kHere), kLocal, kNames)) << host;
}

TEST(RedirectToHttps, SendsAllOthersToTheSameAddressWithHttps) {
  EXPECT_EQ(location(request("bridge.example.org:8443", kElsewhere)), "https://bridge.example.org:8443/a?b=c");
  EXPECT_EQ(location(request("bridge.example.org", kElsewhere)), "https://bridge.example.org:8443/a?b=c");
  EXPECT_EQ(location(request("203.0.113.4:443", kElsewhere)), "https://203.0.113.4:443/a?b=c");
  EXPECT_EQ(location(request("[2001:db8::1]:8443", kElsewhere)), "https://[2001:db8::1]:8443/a?b=c");
  EXPECT_EQ(redirect_to_https(request("bridge.example.org", kElsewhere), kLocal, kNames)->status, 308u);
}

TEST(RedirectToHttps, NeverLeadsToAPlaceThatOnlyTheRequestNames) {
  for (const auto* host : {"evil.example", "evil.example:8443", "", "bridge.example.org:8443@evil.example", "[", "[]",
                           "localhost:evil", "127.0.0.1.evil.example"}) {
    const auto place = location(request(host, kElsewhere));
    EXPECT_EQ(place.find("evil"), std::string::npos) << host << " " << place;
  }
  EXPECT_EQ(location(request("evil.example", kHere)), "https://192.0.2.1:8443/a?b=c");
}

}  // namespace
}  // namespace bridgehall::web
