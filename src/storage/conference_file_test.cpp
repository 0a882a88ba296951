#include "storage/conference_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/state_json.h"
#include "storage/storage_testing.h"

namespace bridgehall::storage {
namespace {

using ::testing::HasSubstr;

ConferenceRecord any_record() {
  SeededRandom random(1);
  GrowingConference grown(conference::full_house());
  ConferenceRecord record{.id = "demo", .snapshots = {{grown.state(), Origin::given}}};
  record.events = grown.grow([&](std::uint64_t bound) { return random.below(bound); }, 100).events;
  record.snapshots.push_back({grown.state(), Origin::events});
  return record;
}

TEST(ConferenceFileTest, WhatWasWrittenIsRead) {
  const auto record = any_record();
  const auto again = decode_conference(encode_conference(record));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->id, "demo");
  EXPECT_EQ(to_words(again->events), to_words(record.events));
  ASSERT_EQ(again->snapshots.size(), 2u);
  EXPECT_EQ(again->snapshots[0].state, record.snapshots[0].state);
  EXPECT_EQ(again->snapshots[1].state, record.snapshots[1].state);
  EXPECT_EQ(again->snapshots[0].origin, Origin::given);
  EXPECT_EQ(again->snapshots[1].origin, Origin::events);
}

TEST(ConferenceFileTest, MistakesAreToldInWords) {
  const std::string head = R"({"format":"bridgehall-conference","version":1,"id":"a",)";
  const std::string state = encode_state({.id = "a"});
  auto crowd = any_record().snapshots[0].state;
  crowd.seats[0].id = "a seat";
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "It is no JSON."},
      {"[]", "It is not a conference"},
      {"{}", "It is not a conference"},
      {R"({"format":"bridgehall-conference","version":2})", "of a version that"},
      {R"({"format":"bridgehall-conference","version":1,"id":"../a","snapshots":[],"events":[]})",
       "names no conference"},
      {head + R"("events":[]})", "no list of snapshots"},
      {head + R"("snapshots":[],"events":5})", "no list of events"},
      {head + R"("snapshots":[5],"events":[]})", "needs a state and an origin"},
      {head + R"("snapshots":[{"origin":"guessed","state":)" + state + R"(}],"events":[]})", "origin is neither"},
      {head + R"("snapshots":[{"origin":"given","state":{"version":1}}],"events":[]})", "The snapshot has no id."},
      {head + R"("snapshots":[{"origin":"given","state":)" + encode_state(crowd) + R"(}],"events":[]})",
       "a seat with the id \"a seat\""},
      {head + R"("snapshots":[],"events":[5]})", "An event is no object."},
      {head + R"("snapshots":[],"events":[{"sequence":-1,"at":1,"actor":"","event":{}}]})", "no whole number"},
      {head + R"("snapshots":[],"events":[{"sequence":1,"at":1,"actor":"","happened":{}}]})", "no event in it"},
      {head + R"("snapshots":[],"events":[{"sequence":1,"at":1,"actor":"","event":{"type":"x","version":1}}]})",
       "At 1: The event x is not known here."},
  };
  for (const auto& [text, words] : table) EXPECT_THAT(refusal_of(decode_conference(text)), HasSubstr(words)) << text;
}

}  // namespace
}  // namespace bridgehall::storage
