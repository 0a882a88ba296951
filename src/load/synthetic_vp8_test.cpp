#include "load/synthetic_vp8.h"

#include <array>
#include <memory>

#include <gtest/gtest.h>
#include <unistd.h>

#include "load/latency_histogram.h"
#include "load/process_usage.h"
#include "load/report.h"
#include "wire/payload.h"

namespace bridgehall::load {
namespace {

TEST(SyntheticVp8, EveryPacketIsReadAsVp8WithOneFrameStartPerFrame) {
  SyntheticVp8 encoder(1500, 3);
  std::uint16_t last_picture_id = 0;
  for (int i = 0; i < 200; ++i) {
    const auto frame = encoder.next_frame(i % 50 == 0);
    if (i > 0) {
      EXPECT_EQ(frame.picture_id, (last_picture_id + 1) & 0x7fff);
    }
    last_picture_id = frame.picture_id;
    std::size_t total = 0;
    std::size_t least = SIZE_MAX, most = 0;
    for (std::size_t p = 0; p < frame.packets; ++p) {
      std::array<std::uint8_t, SyntheticVp8::kMaxPayload> buffer;
      const auto size = SyntheticVp8::write_payload(frame, p, buffer);
      const auto info = wire::parse_payload(wire::Codec::vp8, BytesView{buffer}.first(size));
      ASSERT_TRUE(info);
      EXPECT_EQ(info->frame_start, p == 0);
      EXPECT_EQ(info->keyframe, p == 0 && frame.keyframe);
      EXPECT_EQ(info->descriptor_size, SyntheticVp8::kDescriptorSize);
      EXPECT_EQ(info->picture_id, frame.picture_id);
      EXPECT_EQ(info->picture_id_bits, 15);
      EXPECT_EQ(info->tl0_picture_index, frame.tl0_picture_index);
      total += size;
      least = std::min(least, size);
      most = std::max(most, size);
    }
    EXPECT_EQ(total, frame.bytes);
    EXPECT_LE(most - least, 1u);
    EXPECT_LE(most, SyntheticVp8::kMaxPayload);
  }
}

TEST(SyntheticVp8, AKeyframeIsLargeAndTheRateIsKeptOverTime) {
  SyntheticVp8 encoder(1500, 3);
  std::size_t bytes = 0;
  std::size_t key = 0;
  for (int i = 0; i < 300; ++i) {
    const auto frame = encoder.next_frame(i == 0);
    if (i == 0) key = frame.bytes;
    bytes += frame.bytes;
  }
  const double mean = 1500 * 125.0 / SyntheticVp8::kFramesPerSecond;
  EXPECT_GT(static_cast<double>(key), 4.5 * mean);
  EXPECT_NEAR(static_cast<double>(bytes), 300 * mean, 300 * mean * 0.05);
}

TEST(Stamp, IsReadBackFromThePayloadsEnd) {
  std::array<std::uint8_t, 20> payload{};
  const TimePoint sent{123'456'789'012ns};
  write_stamp(payload, sent);
  EXPECT_EQ(read_stamp(payload), sent);
}

TEST(LatencyHistogram, PercentilesAreExactToTheStep) {
  auto histogram = std::make_unique<LatencyHistogram>();
  EXPECT_EQ(histogram->percentile(0.99), Duration{});
  for (int i = 1; i <= 1000; ++i) histogram->add(std::chrono::microseconds(i * 100 - 5));
  EXPECT_EQ(histogram->percentile(0.5), 50'000us);
  EXPECT_EQ(histogram->percentile(0.99), 99'000us);
  EXPECT_EQ(histogram->percentile(1), histogram->max());
  histogram->add(10s);
  histogram->add(-1ms);
  EXPECT_EQ(histogram->max(), 10s);
  EXPECT_EQ(histogram->count(), 1002u);
}

TEST(ProcessUsage, ReadsItsOwnProcessAndNotOneThatIsNotThere) {
  const auto own = read_process_usage(getpid());
  ASSERT_TRUE(own);
  EXPECT_GT(own->resident_kib, 1000u);
  EXPECT_FALSE(read_process_usage(1 << 30));
}

TEST(Report, TableAndJsonTellTheSameAndNameTheGeneratorWhenItWasTheLimit) {
  auto result = std::make_unique<LoadResult>();
  result->viewers_joined = 2;
  result->seconds = 10;
  result->viewers = {.packets = 1000, .bytes = 1'000'000, .expected = 1000, .received = 999};
  result->server_cpu = 2ms;
  result->generator_cpu = 5s;
  const LoadOptions options;
  EXPECT_NE(to_table(options, *result).find("1.00e-03"), std::string::npos);
  EXPECT_NE(to_table(options, *result).find("2.00 µs"), std::string::npos);
  EXPECT_EQ(to_table(options, *result).find("was the limit"), std::string::npos);
  EXPECT_NE(to_json(options, *result).find("\"gap_ratio\": 0.001"), std::string::npos);
  result->generator_cpu = 9100ms;
  EXPECT_NE(to_table(options, *result).find("was the limit"), std::string::npos);
  EXPECT_NE(to_json(options, *result).find("\"was_limit\": true"), std::string::npos);
}

}  // namespace
}  // namespace bridgehall::load
