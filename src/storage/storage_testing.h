// What tests of the record share: events of every kind from dice, conferences that grow by them, a folder of their own.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/random.h"
#include "conference/apply.h"
#include "conference/conference_testing.h"
#include "conference/record.h"
#include "storage/event_json.h"
#include "storage/journal.h"

namespace bridgehall::storage {

// A number below the one given: from rapidcheck, which shrinks it, or from a seeded source.
using Dice = std::function<std::uint64_t(std::uint64_t)>;

template <class Enumeration>
Enumeration any_of(const Dice& dice) {
  return static_cast<Enumeration>(dice(kNames<Enumeration>.size()));
}

inline conference::SeatId any_seat(const Dice& dice) {
  const auto at = dice(conference::kRoles.size() + 2);
  if (at == conference::kRoles.size()) return "newcomer";
  return at < conference::kRoles.size() ? conference::SeatId(conference::role_name(conference::kRoles[at])) : "";
}

inline conference::WallTime any_time(const Dice& dice) {
  return conference::kNoon + std::chrono::milliseconds{dice(100'000)};
}

inline std::string any_text(const Dice& dice) {
  static const std::vector<std::string> kTexts{"",
                                               "Hello",
                                               "\"quoted\" \\ and\nlines",
                                               "Tiếng Việt: đường",
                                               "\xF0\x9F\x99\x82",
                                               std::string("a\0b", 3),
                                               std::string(300, 'x')};
  return kTexts[dice(kTexts.size())];
}

inline std::vector<conference::TrackUse> any_tracks(const Dice& dice) {
  std::vector<conference::TrackUse> tracks(dice(4));
  for (auto& track : tracks) track = any_of<conference::TrackUse>(dice);
  return tracks;
}

inline conference::Event any_event(const Dice& dice) {
  using namespace conference;
  const auto seat = any_seat(dice);
  const bool yes = dice(2) == 1;
  switch (dice(std::variant_size_v<Event>)) {
    case 0:
      return SeatAdded{seat.empty() ? "newcomer" : seat, any_text(dice), any_text(dice), any_of<Role>(dice)};
    case 1:
      return Joined{seat};
    case 2:
      return Left{seat, any_of<LeaveReason>(dice)};
    case 3:
      return MicrophoneChanged{seat, {yes, any_of<Closer>(dice), dice(2) == 1}};
    case 4:
      return CameraChanged{seat, {yes, any_of<Closer>(dice)}};
    case 5:
      return SendsChanged{seat, any_tracks(dice)};
    case 6:
      return StageChanged{seat};
    case 7:
      return SlidesChanged{seat};
    case 8:
      return ModeChanged{any_of<Mode>(dice)};
    case 9:
      return LayoutChanged{any_of<Layout>(dice)};
    case 10:
      return LockChanged{yes};
    case 11:
      return HandRaised{seat, {any_of<HandKind>(dice), any_time(dice)}};
    case 12:
      return HandLowered{seat};
    default:
      return ChatSaid{{dice(1'000'000), seat, any_text(dice), any_of<Audience>(dice), any_time(dice)}};
  }
}

// A conference as its host keeps it: makes the batches to be recorded, and the state they lead to.
class GrowingConference {
 public:
  explicit GrowingConference(std::string id) { state_.id = std::move(id); }
  explicit GrowingConference(conference::State state) : state_(std::move(state)) {}

  conference::Batch grow(const Dice& dice, std::size_t events) {
    conference::Batch batch{.number = 1, .conference = state_.id};
    for (std::size_t i = 0; i < events; ++i) {
      auto event = any_event(dice);
      conference::apply(state_, event);
      batch.events.push_back({state_.sequence, any_time(dice), any_seat(dice), std::move(event)});
    }
    return batch;
  }
  void follow(const conference::Event& event) { conference::apply(state_, event); }
  const conference::State& state() const { return state_; }

 private:
  conference::State state_;
};

// In words, for comparing: events have no equality of their own.
inline std::string to_words(const conference::RecordedEvent& event) {
  return fmt::format("{} at {} by {}: {}", event.sequence, event.at.time_since_epoch().count(), event.actor,
                     encode_event(event.event));
}
inline std::vector<std::string> to_words(const std::vector<conference::RecordedEvent>& events) {
  std::vector<std::string> words;
  for (const auto& event : events) words.push_back(to_words(event));
  return words;
}

#define ASSERT_DONE(outcome)                                       \
  do {                                                             \
    const auto& outcome_ = (outcome);                              \
    ASSERT_TRUE(outcome_.has_value()) << outcome_.error().message; \
  } while (false)

// The sentence of a failure; it is one, and it ends as sentences do.
template <class T, class E>
std::string refusal_of(const std::expected<T, E>& outcome) {
  EXPECT_FALSE(outcome.has_value());
  if (outcome) return "";
  EXPECT_TRUE(outcome.error().message.ends_with('.')) << outcome.error().message;
  return outcome.error().message;
}

class TestFolder {
 public:
  explicit TestFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / fmt::format("bridgehall-{}-{}", name, getpid())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace bridgehall::storage
