// The network model itself: whether it loses, holds back and doubles as it is told to, and does nothing else.
#include "sim/network.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "sim/addresses.h"

namespace bridgehall::sim {
namespace {

constexpr SocketAddress kFrom{.port = 1}, kTo{.port = 2};
constexpr TimePoint kStart{1s};

std::vector<std::uint8_t> numbered(std::uint32_t number, std::size_t size = 100) {
  std::vector<std::uint8_t> bytes(size, static_cast<std::uint8_t>(number * 7));
  store_u32(bytes.data(), number);
  return bytes;
}

std::vector<Datagram> receive_all(Network& network, TimePoint until = kNever - 1ns) {
  std::vector<Datagram> received;
  for (Datagram datagram; network.receive(until, datagram);) received.push_back(std::move(datagram));
  return received;
}

// Sends that many, a millisecond apart; which of them came.
std::vector<bool> send_many(const LinkSettings& settings, std::uint64_t seed, std::uint32_t count) {
  Network network(seed);
  const auto link = network.add_link(settings);
  for (std::uint32_t i = 0; i < count; ++i) network.send(link, kFrom, kTo, numbered(i), i, kStart + i * 1ms);
  std::vector<bool> came(count);
  for (const auto& datagram : receive_all(network)) came[datagram.tag] = true;
  return came;
}

struct Bursts {
  double lost = 0;    // share
  double length = 0;  // on average
};
Bursts measure(const std::vector<bool>& came) {
  std::size_t lost = 0, bursts = 0;
  for (std::size_t i = 0; i < came.size(); ++i) {
    lost += !came[i];
    bursts += !came[i] && (i == 0 || came[i - 1]);
  }
  return {static_cast<double>(lost) / static_cast<double>(came.size()),
          bursts == 0 ? 0 : static_cast<double>(lost) / static_cast<double>(bursts)};
}

TEST(NetworkLoss, IsAsMuchAsTheTwoStatesSay) {
  constexpr std::uint32_t kCount = 100'000;
  std::uint64_t seed = 1;
  for (const double begins : {0.002, 0.01, 0.1})
    for (const double ends : {0.05, 0.3, 1.0})
      for (const double in_bad : {0.5, 1.0})
        for (const double in_good : {0.0, 0.02}) {
          const LinkSettings settings{.loss = in_good, .bursts = {begins, ends, in_bad}};
          const auto bad = settings.bursts.share_of_bad();
          const auto expected = bad * in_bad + (1 - bad) * in_good;
          EXPECT_NEAR(measure(send_many(settings, ++seed, kCount)).lost, expected, expected * 0.2)
              << begins << " " << ends << " " << in_bad << " " << in_good;
        }
}

TEST(NetworkLoss, ComesInBurstsOfTheLengthThatWasAskedFor) {
  std::uint64_t seed = 100;
  for (const double length : {1.0, 3.0, 10.0, 40.0}) {
    const auto measured = measure(send_many({.bursts = {.begins = 0.01, .ends = 1 / length}}, ++seed, 200'000));
    EXPECT_NEAR(measured.length, length, length * 0.15);
  }
  // Alone, losses follow each other by chance only.
  EXPECT_NEAR(measure(send_many({.loss = 0.1}, 200, 200'000)).length, 1 / 0.9, 0.05);
}

LinkSettings any_settings() {
  const auto chance = [] { return *rc::gen::inRange(0, 500) / 1000.0; };
  LinkSettings settings{.delay = *rc::gen::inRange(0, 100) * 1ms, .jitter = *rc::gen::inRange(0, 30) * 1ms};
  settings.queue.bits_per_second = *rc::gen::element<std::uint64_t>(0, 64'000, 1'000'000, 100'000'000);
  settings.queue.bytes = *rc::gen::inRange<std::size_t>(2'000, 100'000);
  settings.loss = chance();
  settings.bursts = {.begins = chance() / 10, .ends = 0.05 + chance(), .loss = 0.5 + chance()};
  settings.duplicate = chance();
  settings.reorder = chance();
  return settings;
}

TEST(Network, InventsNothingAndLosesNothingUncounted) {
  EXPECT_TRUE(rc::check("", [] {
    Network network(*rc::gen::arbitrary<std::uint64_t>());
    const auto link = network.add_link(any_settings());
    constexpr std::uint32_t kCount = 300;
    auto now = kStart;
    for (std::uint32_t i = 0; i < kCount; ++i) {
      network.send(link, kFrom, kTo, numbered(i, 50 + i), i, now);
      now += *rc::gen::inRange(0, 3000) * 1us;
    }
    std::map<std::uint64_t, int> originals, copies;
    TimePoint last{};
    for (const auto& datagram : receive_all(network)) {
      RC_ASSERT(datagram.due >= last);
      RC_ASSERT(datagram.due >= datagram.sent_at);
      last = datagram.due;
      const auto number = static_cast<std::uint32_t>(datagram.tag);
      RC_ASSERT(datagram.bytes == numbered(number, 50 + number));
      RC_ASSERT(datagram.from == kFrom && datagram.to == kTo);
      RC_ASSERT(++(datagram.copy ? copies : originals)[datagram.tag] == 1);
    }
    RC_ASSERT(originals.size() + network.lost() + network.overflowed() == kCount);
    for (const auto& [number, count] : copies) RC_ASSERT(originals.contains(number));
  }));
}

TEST(Network, KeepsTheOrderUnlessItIsToldToReorder) {
  EXPECT_TRUE(rc::check("", [] {
    auto settings = any_settings();
    settings.reorder = 0;
    Network network(*rc::gen::arbitrary<std::uint64_t>());
    const auto link = network.add_link(settings);
    for (std::uint32_t i = 0; i < 200; ++i) network.send(link, kFrom, kTo, numbered(i), i, kStart + i * 1ms);
    std::uint64_t newest = 0;
    for (const auto& datagram : receive_all(network)) {
      RC_ASSERT(datagram.tag >= newest);
      newest = datagram.tag;
    }
  }));
}

TEST(Network, HoldsNothingBackLongerThanAgreed) {
  EXPECT_TRUE(rc::check("", [] {
    auto settings = any_settings();
    settings.queue.bits_per_second = 0;
    Network network(*rc::gen::arbitrary<std::uint64_t>());
    const auto link = network.add_link(settings);
    // Far enough apart that none waits for the one before it.
    for (std::uint32_t i = 0; i < 100; ++i) network.send(link, kFrom, kTo, numbered(i), i, kStart + i * 100ms);
    for (const auto& datagram : receive_all(network)) {
      const auto took = datagram.due - datagram.sent_at;
      RC_ASSERT(took >= settings.delay);
      RC_ASSERT(took <= settings.delay + settings.jitter + settings.reorder_delay);
    }
  }));
}

TEST(Network, ReordersAboutAsOftenAsAsked) {
  Network network(7);
  const auto link = network.add_link({.reorder = 0.1, .reorder_delay = 20ms});
  for (std::uint32_t i = 0; i < 10'000; ++i) network.send(link, kFrom, kTo, numbered(i), i, kStart + i * 2ms);
  std::uint64_t newest = 0, overtaken = 0;
  for (const auto& datagram : receive_all(network)) {
    overtaken += datagram.tag < newest;
    newest = std::max(newest, datagram.tag);
  }
  EXPECT_NEAR(static_cast<double>(overtaken), 0.1 * 10'000 * 0.9, 150);  // one in ten is held back less than 2 ms
}

TEST(NetworkQueue, SendsAtItsRateAndDropsAtItsTail) {
  EXPECT_TRUE(rc::check("", [] {
    const std::uint64_t rate = *rc::gen::element<std::uint64_t>(100'000, 1'000'000, 20'000'000);
    const auto room = *rc::gen::inRange<std::size_t>(3'000, 50'000);
    const std::size_t size = 1'000 - LinkQueue::kHeaders;
    Network network(1);
    const auto link = network.add_link({.delay = 0ms, .queue = {rate, room}});
    const auto fit = static_cast<std::uint32_t>(room / 1'000);
    for (std::uint32_t i = 0; i < fit + 10; ++i) network.send(link, kFrom, kTo, numbered(i, size), i, kStart);
    RC_ASSERT(network.overflowed() == 10u);
    const auto received = receive_all(network);
    RC_ASSERT(received.size() == fit);
    for (std::size_t i = 0; i < received.size(); ++i) {
      RC_ASSERT(received[i].tag == i);
      RC_ASSERT(received[i].due - kStart == (i + 1) * Duration{std::chrono::seconds{8'000}} / rate);
    }
    // When it is empty there is room again, and no debt.
    network.send(link, kFrom, kTo, numbered(0, size), 0, kStart + 100s);
    Datagram late;
    RC_ASSERT(network.receive(kNever - 1ns, late));
    RC_ASSERT(late.due == kStart + 100s + Duration{std::chrono::seconds{8'000}} / rate);
  }));
}

TEST(NetworkPartition, CutsAllItsLinksTogetherUntilTheLastOfItIsMended) {
  Network network(1);
  const auto a = network.add_link({}), b = network.add_link({}), other = network.add_link({});
  const auto passes = [&](Link link) {
    network.send(link, kFrom, kTo, numbered(1), 0, kStart);
    return receive_all(network).size() == 1;
  };
  const auto both = network.part({a, b});
  EXPECT_FALSE(passes(a));
  EXPECT_FALSE(passes(b));
  EXPECT_TRUE(passes(other));
  const auto one = network.part({a});
  network.mend(both);
  EXPECT_FALSE(passes(a)) << "it is cut by another one still";
  EXPECT_TRUE(passes(b));
  network.mend(both);  // changes nothing more
  EXPECT_FALSE(passes(a));
  network.mend(one);
  EXPECT_TRUE(passes(a));
  network.settings(b).cut = true;
  const auto again = network.part({b});
  network.mend(again);
  EXPECT_FALSE(passes(b)) << "its own cut stays";
  network.part({a, b});
  network.heal();
  EXPECT_TRUE(passes(a));
  EXPECT_TRUE(passes(b));
}

TEST(NetworkPartition, DoesNotTakeBackWhatIsOnItsWay) {
  Network network(1);
  const auto link = network.add_link({});
  network.send(link, kFrom, kTo, numbered(1), 0, kStart);
  network.part({link});
  EXPECT_EQ(receive_all(network).size(), 1u);
}

TEST(Addresses, OfAReboundClientOnlyTheNewOneIsReached) {
  Addresses<int> addresses;
  int one = 1, two = 2;
  const auto first = addresses.next();
  addresses.assign(first, one);
  const auto second = addresses.rebind(first, one);
  const auto others = addresses.next();
  addresses.assign(others, two);
  EXPECT_EQ(addresses.at(first), nullptr);
  EXPECT_EQ(addresses.ever_at(first), &one);
  EXPECT_EQ(addresses.at(second), &one);
  EXPECT_EQ(addresses.at(others), &two);
  EXPECT_NE(first, second);
  EXPECT_NE(second, others);
}

}  // namespace
}  // namespace bridgehall::sim
