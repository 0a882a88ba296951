// Voices: who of a room is heard is decided once, and the packets of those who are heard are copied into the room's
// lines, a layer for each place. Receivers listen to a line and never change over: a change of speaker is a new epoch
// in the line's history, its timestamps run on one clock.
#pragma once

#include "base/time.h"
#include "base/timer_wheel.h"
#include "media/agenda.h"
#include "media/mirrors.h"
#include "media/slots.h"
#include "media/tables.h"

namespace bridgehall::media {

class Voices {
 public:
  static constexpr Duration kEventInterval = 100ms;  // between two VoicesChanged of a room

  Voices(Tables& tables, Agenda& agenda, ShardCounters& counters, Slots& slots, Mirrors& mirrors, NtpOrigin ntp,
         TimePoint now)
      : tables_(tables),
        agenda_(agenda),
        counters_(counters),
        slots_(slots),
        mirrors_(mirrors),
        ntp_(ntp),
        timers_(now) {}

  // `home`: another shard decides who is heard there.
  void add_room(RoomId id, std::optional<ShardNumber> home);
  void remove_room(RoomIndex index);
  // The line that a voice slot carries.
  LayerIndex line(RoomIndex room, std::uint8_t place) const;

  // A microphone was opened; or closed: then nothing of it leaves any more.
  void open(PublicationIndex publication);
  void close(PublicationIndex publication, TimePoint now);
  void set_rank(PublicationIndex publication, VoiceRank rank, TimePoint now);

  // The newest packet in its layer's history is of an open microphone.
  void on_packet(const Layer& layer, TimePoint now);
  // Decides in rooms where something was heard and copies what is to be heard. After the packets of a turn.
  void settle(TimePoint now);

  void advance(TimePoint now);
  TimePoint next_deadline() const { return timers_.next_deadline(); }

 private:
  void settle(RoomIndex index, TimePoint now);
  void update(RoomIndex index, TimePoint now);
  void seat(Room& room, std::size_t place);
  void listen(const Publication& publication, bool listened);
  static bool carries(const Layer& line, PublicationIndex voice);
  std::optional<Voice> voice_in(const Room& room, std::size_t place) const;
  void copy(Layer& source, Arrival arrival, LayerIndex line_index, TimePoint now);
  void silence(Layer& line);
  void say(RoomIndex index, TimePoint now);

  Tables& tables_;
  Agenda& agenda_;
  ShardCounters& counters_;
  Slots& slots_;
  Mirrors& mirrors_;
  NtpOrigin ntp_;
  TimerWheel timers_;
  std::vector<RoomIndex> unsettled_;
};

}  // namespace bridgehall::media
