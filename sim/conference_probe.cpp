#include "sim/conference_probe.h"

#include <algorithm>

namespace bridgehall::sim {
namespace {

const ModelPage::Told* told_of(const ModelPage& page, media::SlotNumber slot) {
  const auto found = page.told().find(slot);
  return found == page.told().end() ? nullptr : &found->second;
}

}  // namespace

void ConferenceProbe::run() {
  for (const auto& page : simulation_.pages()) {
    page->set_voice(std::nullopt);
    std::vector<ModelPage::Tile> tiles;
    for (std::size_t i = 0; i < page->setup().media.tiles; ++i) {
      const auto& seen = simulation_.pages()[random_.below(simulation_.pages().size())];
      tiles.push_back({seen->setup().seat, static_cast<messages::Quality>(random_.below(4))});
    }
    page->demand(std::move(tiles));
  }
  const auto begin = simulation_.now();
  chair().ask(messages::SetMode{.mode = messages::Mode::discussion});
  check_stage("site-1");
  check_stage("hall");
  check_voice("site-2");
  simulation_.run_until(begin + kTilesBound);
  check_tiles();
  check_chair("site-2");
  simulation_.check_agreement();
  simulation_.check_all_told();
  simulation_.check_complete();
}

void ConferenceProbe::check_stage(const std::string& seat) {
  simulation_.page(seat).set_camera(true);
  chair().ask(messages::OpenCamera{.seat = seat});
  chair().ask(messages::SetStage{.seat = seat});
  const auto since = simulation_.now();
  if (!simulation_.run_until([&] { return lacks_stage(seat, since).empty(); }, kStageBound))
    violated("{} has not seen {} on the stage after a second", lacks_stage(seat, since), seat);
}

std::string ConferenceProbe::lacks_stage(std::string_view seat, TimePoint since) {
  const auto owner = simulation_.page(seat).setup().number;
  for (const auto& page : simulation_.pages()) {
    if (page->setup().number == owner) continue;
    const auto* stage = page->media() ? page->media()->slot_of(media::SlotUse::stage) : nullptr;
    if (stage == nullptr) return page->setup().seat;
    const auto* told = told_of(*page, stage->number);
    if (told != nullptr && told->content.state == messages::SlotState::line) continue;
    if (stage->seen != owner || stage->seen_captured < since) return page->setup().seat;
  }
  return {};
}

// Its microphone is open before it speaks, and nobody else does.
void ConferenceProbe::check_voice(const std::string& seat) {
  chair().ask(messages::OpenMicrophone{.seat = seat});
  simulation_.run_for(400ms);
  simulation_.page(seat).set_voice(20);
  const auto since = simulation_.now();
  if (!simulation_.run_until([&] { return lacks_voice(seat, since).empty(); }, kVoiceBound))
    violated("{} has not heard {} after half a second", lacks_voice(seat, since), seat);
  simulation_.page(seat).set_voice(std::nullopt);
}

std::string ConferenceProbe::lacks_voice(std::string_view seat, TimePoint since) {
  const auto owner = simulation_.page(seat).setup().number;
  for (const auto& page : simulation_.pages()) {
    if (page->setup().number == owner) continue;
    if (page->media() == nullptr || page->media()->heard_of(owner) < since) return page->setup().seat;
  }
  return {};
}

void ConferenceProbe::check_chair(const std::string& spared) {
  chair().ask(messages::SetLayout{.layout = messages::Layout::mosaic});
  chair().ask(messages::CloseMicrophones{.except = spared});
  const auto is_told = [&](const auto& page) {
    const auto& conference = page->mirror().conference;
    return conference.layout == messages::Layout::mosaic &&
           std::all_of(conference.seats.begin(), conference.seats.end(), [&](const messages::Seat& seat) {
             return seat.id == spared || seat.id == "chair" || !seat.microphone.open;
           });
  };
  const auto& pages = simulation_.pages();
  if (!simulation_.run_until([&] { return std::all_of(pages.begin(), pages.end(), is_told); }, kVoiceBound))
    violated("not everybody was told that all microphones but {}'s are closed", spared);
  const auto* one = chair().mirror().find(spared);
  if (one == nullptr || !one->microphone.open) violated("{}'s microphone was closed with the others", spared);
}

void ConferenceProbe::check_tiles() {
  for (const auto& page : simulation_.pages()) {
    if (!page->settled()) {
      violated("{} was lost while all was well", page->setup().seat);
      continue;
    }
    for (const auto& slot : page->media()->slots())
      if (slot.use != media::SlotUse::voice) check_slot(*page, slot);
  }
}

// What is said to be shown is shown, and nothing else is.
void ConferenceProbe::check_slot(const ModelPage& page, const SeatMedia::Slot& slot) {
  constexpr Duration kFresh = 600ms;  // some frames, and the way
  const auto* told = told_of(page, slot.number);
  // Of what has just changed, pictures and words are on their way.
  if (told != nullptr && told->at + kStageBound > simulation_.now()) return;
  const auto state = told != nullptr ? told->content.state : messages::SlotState::empty;
  const bool fresh = slot.seen && slot.seen_captured + kFresh > simulation_.now();
  const auto& seat = page.setup().seat;
  if (state == messages::SlotState::showing) {
    const auto& shown = *told->content.seat;
    if (!fresh || slot.seen != simulation_.page(shown).setup().number)
      violated("slot {} of {} shows nothing new of {}", slot.number, seat, shown);
  } else if (state == messages::SlotState::waiting) {
    violated("slot {} of {} still waits for {}", slot.number, seat, *told->content.seat);
  } else if (fresh) {
    violated("slot {} of {} shows page {} and is said to be {}", slot.number, seat, *slot.seen, messages::name(state));
  }
}

}  // namespace bridgehall::sim
