#include "media/tables.h"

#include <gtest/gtest.h>

namespace bridgehall::media {
namespace {

struct Thing {
  Thing(PeerId id_, int value_) : id(id_), value(value_) {}
  PeerId id;
  int value;
};
using Things = Table<Thing, PeerId, PeerIndex>;

TEST(Table, FindsByIdAndByPlace) {
  Things things;
  const auto index = things.add(PeerId{7}, 70);
  ASSERT_NE(things.find(PeerId{7}), nullptr);
  EXPECT_EQ(*things.find(PeerId{7}), index);
  EXPECT_EQ(things[index].value, 70);
  EXPECT_EQ(things.find(PeerId{8}), nullptr);
  EXPECT_EQ(things.get(PeerIndex{55}), nullptr);
}

TEST(Table, UsesAPlaceAgainUnderAnotherId) {
  Things things;
  const auto first = things.add(PeerId{1}, 1);
  things.add(PeerId{2}, 2);
  things.remove(first);
  EXPECT_EQ(things.get(first), nullptr);
  EXPECT_EQ(things.find(PeerId{1}), nullptr);
  EXPECT_EQ(things.add(PeerId{3}, 3), first);
  EXPECT_EQ(things.size(), 2u);
  EXPECT_EQ(things.places(), 2u);
}

TEST(Table, PlacesStayWhereTheyAreWhileOthersCome) {
  Things things;
  const auto index = things.add(PeerId{1}, 1);
  const auto* before = things.get(index);
  for (std::uint32_t i = 2; i < 1'000; ++i) things.add(PeerId{i}, 0);
  EXPECT_EQ(things.get(index), before);
}

TEST(Table, VisitsWhatIsThere) {
  Things things;
  for (std::uint32_t i = 1; i <= 4; ++i) things.add(PeerId{i}, static_cast<int>(i));
  things.remove(*things.find(PeerId{2}));
  int sum = 0;
  things.for_each([&](PeerIndex index, const Thing& thing) {
    EXPECT_EQ(*things.find(thing.id), index);
    sum += thing.value;
  });
  EXPECT_EQ(sum, 1 + 3 + 4);
}

}  // namespace
}  // namespace bridgehall::media
