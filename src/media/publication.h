// One media track sent in, as its shard holds it: who sends it, whether it is open, the packets it still has, and who
// receives it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.h"
#include "media/api.h"
#include "media/history.h"
#include "media/keyframe_requests.h"
#include "session/sender_clock.h"

namespace bridgehall::media {

using PeerIndex = Id<struct PeerIndexTag>;                // place in the shard's table of peers
using PublicationIndex = Id<struct PublicationIndexTag>;  // place in the shard's table of publications

// A peer's incoming or outgoing track by its place in that peer.
struct TrackRef {
  PeerIndex peer;
  std::uint32_t track = 0;
  bool operator==(const TrackRef&) const = default;
};

struct Publication {
  static constexpr std::uint32_t kVideoHistory = 1024;
  static constexpr std::uint32_t kAudioHistory = 128;
  // A burst is collected for at most this long before it is sent on: time for the rest of a frame to come, so that it
  // leaves as one train.
  static constexpr Duration kCollectionWindow = 2ms;
  // A receiver that joins starts from the last keyframe if it is no older than this; an older one would begin with too
  // much delay to catch up, so a new one is asked for.
  static constexpr Duration kKeyframeReuse = 300ms;

  Publication(PublicationId id_, wire::Codec codec_, PacketStore& store)
      : id(id_),
        codec(codec_),
        history(wire::kind_of(codec_) == wire::MediaKind::video ? kVideoHistory : kAudioHistory, store),
        clock(wire::clock_rate_of(codec_)) {}

  wire::MediaKind kind() const { return wire::kind_of(codec); }

  PublicationId id;
  wire::Codec codec;
  bool open = false;
  std::uint16_t epoch = 0;  // see StoredPacket::epoch
  std::optional<TrackRef> sender;
  std::vector<TrackRef> receivers;

  History history;
  bool collecting = false;           // packets wait for the end of their burst
  bool burst_complete = false;       // ... which has come: the marker bit
  TimePoint collect_until = kNever;  // ... or comes now at the latest

  KeyframeRequests keyframes;
  std::uint8_t fir_number = 0;  // RFC 5104 section 4.3.1: grows with each command
  std::optional<Arrival> last_keyframe;
  session::RtpClock clock;

  // Packets of the past and of the future do not belong together from here on.
  void begin_epoch() {
    ++epoch;
    last_keyframe.reset();
  }
};

}  // namespace bridgehall::media
