#include "app/announced_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bridgehall::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<IpAddress> ips(std::initializer_list<const char*> texts) {
  std::vector<IpAddress> list;
  for (const auto* text : texts) list.push_back(*IpAddress::parse(text));
  return list;
}

std::vector<std::string> announced(const Configuration& c, std::initializer_list<const char*> machine) {
  std::vector<std::string> texts;
  for (const auto& ip : announced_addresses(c, ips(machine))) texts.push_back(ip.to_string());
  return texts;
}

TEST(AnnouncedAddresses, AreAllOfTheMachineWithLoopbackLast) {
  EXPECT_THAT(announced({}, {"127.0.0.1", "192.0.2.1", "::1", "2001:db8::1"}),
              ElementsAre("192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"));
}

TEST(AnnouncedAddresses, HaveTheNameFromOutsideRightAfterTheirOwn) {
  Configuration c;
  c.media_external_addresses = {"203.0.113.9/10.0.0.9", "203.0.113.7/10.0.0.7"};
  EXPECT_THAT(announced(c, {"127.0.0.1", "10.0.0.7", "10.0.0.9"}),
              ElementsAre("10.0.0.7", "203.0.113.7", "10.0.0.9", "203.0.113.9", "127.0.0.1"));
}

TEST(AnnouncedAddresses, NameNothingForAnInterfaceThatIsNotThere) {
  Configuration c;
  c.media_external_addresses = {"203.0.113.9/10.0.0.9"};
  EXPECT_THAT(announced(c, {"127.0.0.1", "10.0.0.7"}), ElementsAre("10.0.0.7", "127.0.0.1"));
}

TEST(AnnouncedAddresses, NameAnExternalOneWithoutOwnOnceAfterAll) {
  Configuration c;
  c.media_external_addresses = {"203.0.113.7", "10.0.0.7"};
  EXPECT_THAT(announced(c, {"10.0.0.7", "127.0.0.1"}), ElementsAre("10.0.0.7", "203.0.113.7", "127.0.0.1"));
}

TEST(AnnouncedAddresses, AreThoseOfTheSettingInsteadOfTheMachines) {
  Configuration c;
  c.media_addresses = {"10.0.0.7"};
  c.media_external_addresses = {"203.0.113.7/10.0.0.7", "203.0.113.9/10.0.0.9"};
  EXPECT_THAT(announced(c, {"10.0.0.7", "10.0.0.9", "127.0.0.1"}), ElementsAre("10.0.0.7", "203.0.113.7", "127.0.0.1"));
}

TEST(ExternalAddress, IsRefusedInASentenceWhenItCannotWork) {
  for (const auto* text : {"", "example.org", "0.0.0.0", "127.0.0.1", "fe80::1", "224.0.0.1", "ff02::1", "/10.0.0.1",
                           "203.0.113.7:8443", "203.0.113.7 "})
    EXPECT_THAT(parse_external_address(text).error().message, HasSubstr("clients outside reach")) << text;
  EXPECT_THAT(parse_external_address("203.0.113.7/").error().message, HasSubstr("own address"));
  EXPECT_THAT(parse_external_address("203.0.113.7/127.0.0.1").error().message, HasSubstr("own address"));
  EXPECT_THAT(parse_external_address("203.0.113.7/10.0.0.1/24").error().message, HasSubstr("own address"));
  EXPECT_THAT(parse_external_address("203.0.113.7/2001:db8::1").error().message, HasSubstr("both IPv6"));
  EXPECT_THAT(parse_external_address("203.0.113.7/203.0.113.7").error().message, HasSubstr("same address"));
  EXPECT_TRUE(parse_external_address("2001:db8::7/fd00::7"));
  EXPECT_TRUE(parse_external_address("10.9.0.7/10.0.0.7"));  // one NAT behind another
}

TEST(MediaPort, IsRefusedWhereBrowsersIgnoreIt) {
  EXPECT_THAT(unusable_media_port(443, ips({"203.0.113.7", "10.0.0.7"})), HasSubstr("10.0.0.7"));
  EXPECT_THAT(unusable_media_port(80, ips({"fd00::7"})), HasSubstr("fd00::7"));
  EXPECT_THAT(unusable_media_port(500, ips({"203.0.113.7"})), HasSubstr("below 1024"));
  EXPECT_THAT(unusable_media_port(443, ips({"203.0.113.7", "127.0.0.1"})), IsEmpty());
  EXPECT_THAT(unusable_media_port(8443, ips({"10.0.0.7"})), IsEmpty());
}

}  // namespace
}  // namespace bridgehall::app
