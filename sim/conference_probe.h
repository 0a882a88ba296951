// Asks a conference in which all is well whether everyone sees and hears whom they should, in time: the stage within a
// second, a voice within half a second, each tile what the server says of it.
#pragma once

#include "sim/conference_simulation.h"

namespace bridgehall::sim {

class ConferenceProbe {
 public:
  static constexpr Duration kStageBound = 1s;
  static constexpr Duration kVoiceBound = 500ms;
  static constexpr Duration kTilesBound = 3s;  // a camera that sends nothing is known as such after two

  ConferenceProbe(ConferenceSimulation& simulation, RandomSource& random) : simulation_(simulation), random_(random) {}

  void run();
  // Whoever does not see that seat on the stage as it was filmed since then; empty: all do.
  std::string lacks_stage(std::string_view seat, TimePoint since);
  std::string lacks_voice(std::string_view seat, TimePoint since);
  void check_stage(const std::string& seat);
  void check_voice(const std::string& seat);
  void check_tiles();
  // The chair divides the screen and closes all microphones but one: every page is told both within half a second.
  void check_chair(const std::string& spared);

 private:
  ModelPage& chair() { return simulation_.page("chair"); }
  void check_slot(const ModelPage& page, const SeatMedia::Slot& slot);
  template <class... Arguments>
  void violated(fmt::format_string<Arguments...> words, Arguments&&... arguments) {
    simulation_.world().violations.add(simulation_.now(), words, std::forward<Arguments>(arguments)...);
  }

  ConferenceSimulation& simulation_;
  RandomSource& random_;
};

}  // namespace bridgehall::sim
