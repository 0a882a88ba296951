// Slots: what each is filled with, which of its publication's layers it shows, and when it changes over. A slot changes
// at a keyframe of what is wanted, and shows what it has until then; what it sends stays one unbroken stream.
#pragma once

#include <span>

#include "base/time.h"
#include "media/agenda.h"
#include "media/allocator.h"
#include "media/tables.h"

namespace bridgehall::media {

class Slots {
 public:
  // Whoever is shown something is not thrown back in time: only a keyframe that has just come may be its next picture.
  static constexpr Duration kChangeBack = 50ms;

  Slots(Tables& tables, Agenda& agenda, NtpOrigin ntp) : tables_(tables), agenda_(agenda), ntp_(ntp) {}

  // `publication` is of the slot's kind.
  void fill(TrackRef ref, PublicationIndex publication, TimePoint now);
  void empty(TrackRef ref);
  // A voice slot carries a room's line from now on.
  void listen(TrackRef ref, LayerIndex line, TimePoint now);

  // The peer is connected: its slots begin to show what they were filled with. And it is going.
  void connect(PeerIndex index, TimePoint now);
  void leave(PeerIndex index);

  // Which layer shall it show? To be asked when its wishes, its line or the publication's layers have changed.
  void choose(TrackRef ref, TimePoint now);
  void reconsider(PublicationIndex publication, TimePoint now);
  // A keyframe has begun to arrive: whoever waits for it changes over.
  void on_keyframe(LayerIndex index, TimePoint now);
  // Its packets of the past are gone and it may be open or closed now.
  void begin_epoch(PublicationIndex publication);
  // Nobody shows or waits for it any more.
  void forget(LayerIndex index);
  void forget(PublicationIndex publication);

  // Divides the peer's line among its slots.
  void allocate(PeerIndex index, const session::LineSummary& line, TimePoint now);

 private:
  LayerIndex best_layer(const Publication& publication, const OutgoingStream& slot) const;
  void show(TrackRef ref, LayerIndex index, Arrival cursor, TimePoint now);
  void hide(TrackRef ref);
  void wait_for(OutgoingStream& slot, LayerIndex index);
  void set_filter(OutgoingStream& slot, const Publication& publication);
  std::optional<std::uint32_t> clock_shift(const OutgoingStream& slot, const Layer& to, TimePoint now) const;
  void ask_for_filtered(OutgoingStream& slot);
  SlotDemand demand(const OutgoingStream& slot) const;
  SlotFlow flow(const OutgoingStream& slot) const;
  void say(TrackRef ref);

  Tables& tables_;
  Agenda& agenda_;
  NtpOrigin ntp_;
};

}  // namespace bridgehall::media
