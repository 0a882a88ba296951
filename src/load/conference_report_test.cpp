#include "load/conference_report.h"

#include <memory>

#include <gtest/gtest.h>

namespace bridgehall::load {
namespace {

TEST(ConferenceReport, TableAndJsonTellTheSame) {
  auto result = std::make_unique<ConferenceResult>();
  result->asked = result->joined = 10;
  result->receivers = 9;
  result->usage.seconds = 60;
  result->received = {.packets = 1000, .expected = 1000, .received = 999, .voice_changes = 18, .dirty_switches = 3};
  result->stage.add(25ms);
  result->voices_expected = 7;
  result->voices_heard = 6;
  result->usage.server_cpu = 4ms;
  result->usage.server_kib_before = 1000;
  result->usage.server_kib = 3000;
  const ConferenceOptions options;
  const auto table = to_table(options, *result);
  for (const auto* part :
       {"10 of 10", "1.00e-03", "0 / 3", "25.0 / 25.0 / 25.0 ms (1)", "6 of 7", "2.0 / 0", "4.00 µs", "200 KiB"})
    EXPECT_NE(table.find(part), std::string::npos) << part << "\n" << table;
  EXPECT_EQ(table.find("weak"), std::string::npos);
  const auto json = to_json(options, *result);
  for (const auto* part : {"\"gap_ratio\": 0.001", "\"wrong\": 3", "\"heard\": 6", "\"kib_per_participant\": 200.0"})
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
}

TEST(ConferenceReport, TellsOfALongRunWhereThereWasOne) {
  auto result = std::make_unique<ConferenceResult>();
  ConferenceOptions options;
  EXPECT_EQ(to_table(options, *result).find("long run"), std::string::npos);
  EXPECT_EQ(to_json(options, *result).find("long_run"), std::string::npos);
  options.limits.settle = 1min;
  for (int minute = 1; minute <= 7; ++minute)
    result->samples.push_back({.at = std::chrono::minutes(minute), .resident_kib = 1024, .descriptors = 20});
  result->descriptors = {20, 20};
  EXPECT_NE(to_table(options, *result).find("passed"), std::string::npos);
  result->samples.back().resident_kib = 2048;
  EXPECT_NE(to_table(options, *result).find("NOT PASSED"), std::string::npos);
  EXPECT_NE(to_json(options, *result).find("\"passed\": false"), std::string::npos);
}

TEST(ConferenceReport, SaysWhenTheGeneratorOrTheMachineWasTheLimit) {
  auto result = std::make_unique<ConferenceResult>();
  result->usage.seconds = 10;
  const ConferenceOptions options;
  EXPECT_EQ(to_table(options, *result).find("was"), std::string::npos);
  result->usage.generator_cpu = 9500ms;
  result->usage.server_waited = 200ms;
  EXPECT_NE(to_table(options, *result).find("The generator was the limit"), std::string::npos);
  EXPECT_NE(to_table(options, *result).find("The machine was busy"), std::string::npos);
}

}  // namespace
}  // namespace bridgehall::load
