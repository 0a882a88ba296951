// Events that take something away from somebody. They take effect before they are written down, so they may stand
// although they could not be: then media stay closed against what the record says, and it is tried again to write that
// down. Owned by Host, control thread. Bounds: one closing of each kind for each seat.
#pragma once

#include <vector>

#include "conference/record.h"

namespace bridgehall::conference {

bool closes(const Event& event);
// About the same thing (one seat's microphone, the stage, …), so that the later of the two stands.
bool same_subject(const Event& a, const Event& b);

// What of a conference is closed and not recorded, for people.
enum class ClosedThing : std::uint8_t { microphone, camera, slides, stage, presence, lock, mode };
struct UnrecordedClosing {
  ClosedThing what{};
  SeatId seat;  // empty: the conference as a whole
  bool operator==(const UnrecordedClosing&) const = default;
};

class UnrecordedClosings {
 public:
  static constexpr std::size_t kMostTold = 64;  // more than anyone reads

  bool empty() const { return closings_.empty(); }
  // It has taken effect and was not written down.
  void add(RecordedEvent closing);
  // This was written down: whatever was closed before of the same is settled by it. True: there was something.
  bool settle(const Event& written);
  // Those that the record does not say anyhow; the others are forgotten.
  const std::vector<RecordedEvent>& against(const State& record);
  // The latest of them.
  std::vector<UnrecordedClosing> for_people() const;

 private:
  std::vector<RecordedEvent> closings_;  // in the order in which they took effect
};

}  // namespace bridgehall::conference
