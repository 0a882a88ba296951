#include "session/sender_clock.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall::session {
namespace {

constexpr TimePoint kStart{1'000s};
constexpr NtpTime kLocal{std::uint64_t{3'900'000'000} << 32};
constexpr NtpTime kRemote{std::uint64_t{500'000} << 32};

Duration error_of(const SenderClock& clock, NtpTime remote, NtpTime local) {
  return ntp_difference(*clock.to_local(remote), local);
}

TEST(SenderClock, knows_nothing_before_the_first_report) { EXPECT_EQ(SenderClock{}.to_local(kRemote), std::nullopt); }

TEST(SenderClock, keeps_the_least_delayed_report) {
  SenderClock clock;
  clock.on_sender_report(kRemote, kLocal + 30ms, kStart);
  EXPECT_NEAR(error_of(clock, kRemote, kLocal).count(), 30'000'000, 2);
  clock.on_sender_report(kRemote + 1s, kLocal + 1s + 5ms, kStart + 1s);
  EXPECT_NEAR(error_of(clock, kRemote, kLocal).count(), 5'000'000, 2);
  clock.on_sender_report(kRemote + 2s, kLocal + 2s + 80ms, kStart + 2s);
  EXPECT_NEAR(error_of(clock, kRemote, kLocal).count(), 6'000'000, 2);  // forgets 1 ms in a second
}

TEST(SenderClock, follows_a_slow_drift) {
  SenderClock clock;
  for (int i = 0; i <= 600; ++i) {
    const auto drift = i * 100us;  // 100 parts in a million
    clock.on_sender_report(kRemote + i * 1s, kLocal + i * 1s + drift, kStart + i * 1s);
  }
  EXPECT_NEAR(error_of(clock, kRemote + 600s, kLocal + 600s).count(), 60'000'000, 1'000);
}

TEST(SenderClock, follows_a_step_of_the_senders_clock_at_once) {
  SenderClock clock;
  clock.on_sender_report(kRemote, kLocal, kStart);
  clock.on_sender_report(kRemote, kLocal + 60s, kStart + 1s);  // set back by a minute
  EXPECT_EQ(error_of(clock, kRemote, kLocal), 60s);
  clock.on_sender_report(kRemote + 3'600s, kLocal + 61s, kStart + 2s);  // set forward by an hour
  EXPECT_EQ(error_of(clock, kRemote, kLocal), 61s - 3'600s);
}

TEST(SenderClock, maps_over_the_change_of_the_ntp_era) {
  SenderClock clock;
  const NtpTime before_era{0xffff'ffff'0000'0000};
  clock.on_sender_report(before_era, kLocal, kStart);
  EXPECT_EQ(*clock.to_local(before_era + 2s), kLocal + 2s);
}

TEST(RtpClock, knows_nothing_before_the_first_packet) { EXPECT_EQ(RtpClock{48'000}.rtp_at(kLocal), std::nullopt); }

TEST(RtpClock, is_exact_from_a_sender_report) {
  RtpClock clock{48'000};
  clock.on_sender_report(1'000, kLocal);
  EXPECT_EQ(clock.rtp_at(kLocal), 1'000u);
  EXPECT_EQ(clock.rtp_at(kLocal + 20ms), 1'960u);
  EXPECT_EQ(clock.rtp_at(NtpTime{kLocal.value - (std::uint64_t{1} << 32)}), 1'000u - 48'000u);
}

TEST(RtpClock, wraps_with_the_timestamp) {
  RtpClock clock{90'000};
  clock.on_sender_report(0xffff'fff0, kLocal);
  EXPECT_EQ(clock.rtp_at(kLocal + 1s), 90'000u - 16u);
}

TEST(RtpClock, takes_the_least_delayed_packet_until_the_first_report) {
  RtpClock clock{90'000};
  clock.on_packet(0, kLocal + 50ms);
  EXPECT_EQ(clock.rtp_at(kLocal + 50ms), 0u);
  clock.on_packet(9'000, kLocal + 110ms);  // sent 100 ms later, delayed by 10 ms
  EXPECT_EQ(clock.rtp_at(kLocal + 110ms), 9'000u);
  clock.on_packet(18'000, kLocal + 240ms);  // delayed by 40 ms: tells nothing
  EXPECT_EQ(clock.rtp_at(kLocal + 110ms), 9'000u);
  clock.on_sender_report(27'000, kLocal + 300ms);
  clock.on_packet(90'000, kLocal + 300ms);
  EXPECT_EQ(clock.rtp_at(kLocal + 300ms), 27'000u);
}

TEST(RtpClock, stays_within_half_a_unit_of_the_truth_for_days) {
  EXPECT_TRUE(rc::check([] {
    const auto rate = *rc::gen::element<std::uint32_t>(8'000, 48'000, 90'000);
    const auto base = *rc::gen::arbitrary<std::uint32_t>();
    const auto milliseconds = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
    RtpClock clock{rate};
    clock.on_sender_report(base, kLocal);
    const auto expected = static_cast<std::uint32_t>(base + (milliseconds * rate + 500) / 1'000);
    const auto error = static_cast<std::int32_t>(*clock.rtp_at(kLocal + milliseconds * 1ms) - expected);
    RC_ASSERT(std::abs(error) <= 1);
  }));
}

}  // namespace
}  // namespace bridgehall::session
