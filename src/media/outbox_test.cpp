#include "media/outbox.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace bridgehall::media {
namespace {

using testing::to_vector;

const NetworkPath kPath{IpAddress::v4(10, 0, 0, 1), {IpAddress::v4(192, 0, 2, 7), 5'000}};
const NetworkPath kOther{IpAddress::v4(10, 0, 0, 1), {IpAddress::v4(192, 0, 2, 8), 5'000}};

std::vector<Train> taken(Outbox& outbox) {
  std::vector<Train> trains;
  outbox.take(trains);
  return trains;
}

TEST(Outbox, GivesDatagramsInOrderWithTheirPaths) {
  Outbox outbox;
  EXPECT_TRUE(outbox.empty());
  outbox.push(kPath, std::array<std::uint8_t, 3>{1, 2, 3});
  outbox.push(kOther, std::array<std::uint8_t, 2>{4, 5});
  const auto trains = taken(outbox);
  ASSERT_EQ(trains.size(), 2u);
  EXPECT_EQ(trains[0].path, kPath);
  EXPECT_EQ(to_vector(trains[0].bytes), (std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_EQ(trains[0].segment_size, 3u);
  EXPECT_EQ(trains[1].path, kOther);
  EXPECT_EQ(to_vector(trains[1].bytes), (std::vector<std::uint8_t>{4, 5}));
}

TEST(Outbox, KeepsOfReservedRoomWhatWasUsed) {
  Outbox outbox;
  outbox.reserve(100)[0] = 9;
  outbox.commit(kPath, 1);
  outbox.reserve(100)[0] = 8;
  outbox.commit(kPath, 0);  // nothing to say after all
  outbox.reserve(100)[0] = 7;
  outbox.commit(kPath, 1);
  const auto trains = taken(outbox);
  ASSERT_EQ(trains.size(), 2u);
  EXPECT_EQ(trains[0].bytes[0], 9);
  EXPECT_EQ(trains[1].bytes[0], 7);
}

TEST(Outbox, IsEmptyWhenTakenAndUsesItsMemoryAgain) {
  Outbox outbox;
  outbox.push(kPath, std::array<std::uint8_t, 3>{1, 2, 3});
  const auto* before = taken(outbox)[0].bytes.data();
  EXPECT_TRUE(outbox.empty());
  outbox.push(kPath, std::array<std::uint8_t, 2>{6, 7});
  EXPECT_EQ(taken(outbox)[0].bytes.data(), before);
}

}  // namespace
}  // namespace bridgehall::media
