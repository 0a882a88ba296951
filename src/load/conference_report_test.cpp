#include "load/conference_report.h"

#include <memory>

#include <gtest/gtest.h>

namespace bridgehall::load {
namespace {

TEST(ConferenceReport, TableAndJsonTellTheSame) {
  auto result = std::make_unique<ConferenceResult>();
  result->asked = result->joined = 10;
  result->receivers = 9;
  result->seconds = 60;
  result->received = {.packets = 1000, .expected = 1000, .received = 999, .voice_changes = 18, .dirty_switches = 3};
  result->stage.add(25ms);
  result->voices_expected = 7;
  result->voices_heard = 6;
  result->server_cpu = 4ms;
  result->server_kib_before = 1000;
  result->server_kib = 3000;
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

TEST(ConferenceReport, SaysWhenTheGeneratorOrTheMachineWasTheLimit) {
  auto result = std::make_unique<ConferenceResult>();
  result->seconds = 10;
  const ConferenceOptions options;
  EXPECT_EQ(to_table(options, *result).find("was"), std::string::npos);
  result->generator_cpu = 9500ms;
  result->server_waited = 200ms;
  EXPECT_NE(to_table(options, *result).find("The generator was the limit"), std::string::npos);
  EXPECT_NE(to_table(options, *result).find("The machine was busy"), std::string::npos);
}

}  // namespace
}  // namespace bridgehall::load
