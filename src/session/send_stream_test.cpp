#include "session/send_stream.h"

#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::session {
namespace {

TEST(SendStream, grants_each_index_once) {
  SendStream stream{Ssrc{7}, 100};
  EXPECT_TRUE(stream.claim(100));
  EXPECT_FALSE(stream.claim(100));
  EXPECT_TRUE(stream.claim(102));
  EXPECT_TRUE(stream.claim(101));
  EXPECT_FALSE(stream.claim(101));
  EXPECT_FALSE(stream.claim(102));
}

TEST(SendStream, refuses_what_is_behind_the_window) {
  SendStream stream;
  EXPECT_TRUE(stream.claim(10'000));
  EXPECT_TRUE(stream.claim(10'000 - SendStream::kWindow + 1));
  EXPECT_FALSE(stream.claim(10'000 - SendStream::kWindow));
}

TEST(SendStream, refuses_indices_outside_the_48_bits_of_srtp) {
  SendStream stream;
  EXPECT_FALSE(stream.claim(-1));
  EXPECT_FALSE(stream.claim(std::int64_t{1} << 48));
  EXPECT_TRUE(stream.claim((std::int64_t{1} << 48) - 1));
}

TEST(SendStream, carries_the_rollover_counter_over_the_wrap) {
  EXPECT_EQ(SendStream::rollover_counter(65'535), 0u);
  EXPECT_EQ(SendStream::rollover_counter(65'536), 1u);
}

TEST(SendStream, counts_packets_and_payload_octets) {
  SendStream stream;
  stream.count_sent(1'000);
  stream.count_sent(200);
  EXPECT_EQ(stream.packets(), 2u);
  EXPECT_EQ(stream.octets(), 1'200u);
}

TEST(SendStream, agrees_with_a_set_of_all_numbers_ever_claimed) {
  EXPECT_TRUE(rc::check([] {
    SendStream stream;
    std::set<std::int64_t> claimed;
    std::int64_t at = *rc::gen::inRange<std::int64_t>(0, 70'000);
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-700, 720));
    for (const int step : steps) {
      at = std::max<std::int64_t>(0, at + step);
      const bool in_window = claimed.empty() || at > *claimed.rbegin() - SendStream::kWindow;
      const bool expected = in_window && !claimed.contains(at);
      RC_ASSERT(stream.claim(at) == expected);
      if (expected) claimed.insert(at);
    }
  }));
}

}  // namespace
}  // namespace bridgehall::session
