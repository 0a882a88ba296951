#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bridgehall {
namespace {

constexpr std::uint64_t kSecond = std::uint64_t{1} << 32;

TEST(NtpTime, CompactIsTheMiddle) { EXPECT_EQ(NtpTime{0x0123456789abcdef}.compact(), 0x456789abu); }

TEST(NtpTime, AddsDurationsOfBothSigns) {
  const NtpTime t{10 * kSecond};
  EXPECT_EQ((t + 1s).value, 11 * kSecond);
  EXPECT_EQ((t + 500ms).value, 10 * kSecond + kSecond / 2);
  EXPECT_EQ((t + -500ms).value, 9 * kSecond + kSecond / 2);
  EXPECT_EQ((t + -1500ms).value, 8 * kSecond + kSecond / 2);
  EXPECT_EQ((t + -10s).value, 0u);
  EXPECT_EQ((t + 0s).value, t.value);
}

TEST(NtpTime, PassesTheEndOfTheEra) {
  const NtpTime last{UINT64_MAX - kSecond / 2 + 1};  // half a second before February 2036's end of era 0
  EXPECT_EQ((last + 1s).value, kSecond / 2);
  EXPECT_EQ(ntp_difference(last + 1s, last), 1s);
  EXPECT_EQ(ntp_difference(last, last + 1s), -1s);
}

TEST(NtpTime, DifferencesHaveASign) {
  EXPECT_EQ(ntp_difference({3 * kSecond}, {kSecond}), 2s);
  EXPECT_EQ(ntp_difference({kSecond}, {3 * kSecond}), -2s);
  EXPECT_EQ(ntp_difference({kSecond}, {kSecond + kSecond / 4}), -250ms);
  EXPECT_EQ(ntp_difference({5}, {5}), 0s);
}

TEST(NtpOrigin, MapsBothWaysFromItsMoment) {
  const NtpOrigin origin{TimePoint{100s}, NtpTime{1'000 * kSecond}};
  EXPECT_EQ(origin.ntp_at(TimePoint{100s}).value, 1'000 * kSecond);
  EXPECT_EQ(origin.ntp_at(TimePoint{101'250ms}).value, 1'001 * kSecond + kSecond / 4);
  EXPECT_EQ(origin.ntp_at(TimePoint{99s}).value, 999 * kSecond);
}

TEST(TimeProperty, ADurationAddedAndTakenBackIsTheSameToANanosecond) {
  EXPECT_TRUE(rc::check([](std::uint64_t start) {
    const Duration d{*rc::gen::inRange<std::int64_t>(-2'000'000'000'000'000'000, 2'000'000'000'000'000'000)};
    const NtpTime t{start};
    const auto error = ntp_difference(t + d, t) - d;
    RC_ASSERT(error >= -1ns);
    RC_ASSERT(error <= 1ns);
  }));
}

}  // namespace
}  // namespace bridgehall
