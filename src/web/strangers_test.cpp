#include "web/strangers.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/random.h"

namespace bridgehall::web {
namespace {

IpAddress four(std::uint32_t number) {
  return IpAddress::v4(198, 51, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number));
}

TEST(SourceNetwork, IsTheAddressOfIPv4AndThePrefixOfIPv6) {
  EXPECT_EQ(source_network(four(7)), four(7));
  EXPECT_NE(source_network(four(7)), source_network(four(8)));
  EXPECT_EQ(source_network(*IpAddress::parse("2001:db8:0:1::1")),
            source_network(*IpAddress::parse("2001:db8:0:1:a:b:c:d")));
  EXPECT_NE(source_network(*IpAddress::parse("2001:db8:0:1::1")), source_network(*IpAddress::parse("2001:db8:0:2::1")));
}

TEST(Strangers, WhoWaitsLongestMakesRoom) {
  Strangers strangers;
  EXPECT_FALSE(strangers.to_make_room());
  for (Strangers::Id id = 1; id <= 8; ++id) strangers.arrive(id, four(static_cast<std::uint32_t>(id)));
  EXPECT_EQ(strangers.to_make_room(), 1u);
  strangers.arrive(1, four(1));  // it said something, and waits anew
  EXPECT_EQ(strangers.to_make_room(), 2u);
  strangers.leave(2);
  strangers.leave(2);
  EXPECT_EQ(strangers.to_make_room(), 3u);
  EXPECT_EQ(strangers.size(), 7u);
}

TEST(Strangers, OneAddressThatHoldsEverythingMakesRoomForOthers) {
  Strangers strangers;
  strangers.arrive(1, four(1));
  for (Strangers::Id id = 2; id <= 1'000; ++id) strangers.arrive(id, four(66));
  EXPECT_EQ(strangers.to_make_room(), 2u);  // not the one of the other network, which is older
}

TEST(Strangers, AHallIsNotWhoMakesRoomForManyScatteredOnes) {
  Strangers strangers;
  for (Strangers::Id id = 1; id <= 500; ++id) strangers.arrive(id, four(static_cast<std::uint32_t>(1'000 + id)));
  for (Strangers::Id id = 501; id <= 650; ++id) strangers.arrive(id, four(1));
  EXPECT_EQ(strangers.to_make_room(), 1u);
}

// 1,000 places; a flood of 500 a second of which none ever speaks, from one address, that of the hall too. A phone says
// who it is within a second, so all of them get in.
TEST(Strangers, PhonesGetInThroughAFloodFromTheirOwnAddress) {
  Strangers strangers;
  constexpr std::size_t kPlaces = 1'000;
  SeededRandom random(1);
  Strangers::Id next = 1;
  std::set<Strangers::Id> phones;
  std::size_t evicted = 0;
  std::multimap<int, Strangers::Id> to_speak;  // by millisecond
  const auto come = [&] {
    if (strangers.size() == kPlaces) {
      const auto gone = *strangers.to_make_room();
      evicted += phones.contains(gone);
      strangers.leave(gone);
    }
    strangers.arrive(next, four(1));
    return next++;
  };
  for (int ms = 0; ms < 20'000; ++ms) {
    if (ms % 2 == 0) come();
    if (ms % 100 == 0 && phones.size() < 150) {
      const auto phone = come();
      phones.insert(phone);
      to_speak.emplace(ms + 1 + static_cast<int>(random.below(1'000)), phone);
    }
    for (; !to_speak.empty() && to_speak.begin()->first <= ms; to_speak.erase(to_speak.begin()))
      strangers.leave(to_speak.begin()->second);
  }
  EXPECT_EQ(phones.size(), 150u);
  EXPECT_EQ(evicted, 0u);
  EXPECT_EQ(strangers.size(), kPlaces);
}

}  // namespace
}  // namespace bridgehall::web
