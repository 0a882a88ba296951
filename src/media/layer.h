// One encoding as its shard holds it: who sends it, the packets it still has, and who receives it. A publication has
// one, or one for each simulcast encoding; a room has one for each place in which a voice is heard, into which that
// voice's packets are copied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "media/history.h"
#include "media/indices.h"
#include "media/keyframe_requests.h"
#include "media/shard_number.h"
#include "session/sender_clock.h"

namespace bridgehall::media {

struct Layer {
  static constexpr std::uint32_t kVideoHistory = 1024;
  static constexpr std::uint32_t kAudioHistory = 128;
  // Longer than any repetition is of use; small layers would keep minutes otherwise. What nobody receives is kept only
  // as long as somebody could begin with it: kKeyframeReuse.
  static constexpr Duration kHistoryAge = 3s;
  // A burst is collected for so long at most before it is sent on: time for the rest of a frame to come, and for sound
  // to ride with it, so that they leave as one train. To serve many takes some milliseconds anyway; a longer wait then
  // adds little to that, and longer trains shorten it.
  static constexpr Duration kCollectionWindow = 2ms;
  static constexpr Duration kLongestCollectionWindow = 5ms;
  static constexpr Duration kCollectionPerReceiver = 2us;
  // A burst that is complete goes at once to few. Where it goes to many it stays for a moment: serving the last of them
  // takes as long, and what comes meanwhile need not wake the shard.
  static constexpr std::int64_t kFewReceivers = 32;
  static constexpr Duration kCompletePerReceiver = 10us;
  static constexpr Duration kCompleteWindow = 1ms;
  // A receiver that joins starts from the last keyframe if it is no older than this; an older one would begin with too
  // much delay to catch up, so a new one is asked for.
  static constexpr Duration kKeyframeReuse = 300ms;

  Layer(wire::Codec codec_, PublicationIndex publication_, PacketStore& store)
      : codec(codec_),
        publication(publication_),
        history(wire::kind_of(codec_) == wire::MediaKind::video ? kVideoHistory : kAudioHistory, store),
        clock(wire::clock_rate_of(codec_)) {}

  wire::MediaKind kind() const { return wire::kind_of(codec); }
  bool is_line() const { return publication == kNoPublication; }
  bool has_receivers() const { return !receivers.empty() || waiting > 0; }
  Duration collection_window() const {
    return std::clamp(static_cast<std::int64_t>(receivers.size()) * kCollectionPerReceiver, kCollectionWindow,
                      kLongestCollectionWindow);
  }
  Duration complete_window() const {
    return std::clamp((static_cast<std::int64_t>(receivers.size()) - kFewReceivers) * kCompletePerReceiver, Duration{},
                      kCompleteWindow);
  }
  // When what it collects is to go.
  TimePoint due() const { return collecting_since + (burst_complete ? complete_window() : collection_window()); }
  // Until then nothing that comes could hasten it, where it goes to many: of sound each packet is a burst of its own.
  TimePoint undisturbed_until() const {
    const auto window = complete_window();
    return collecting_since + (window > Duration{} && kind() == wire::MediaKind::audio ? kCollectionWindow : window);
  }
  bool is_wanted() const { return has_receivers() || listened || !mirrors.empty(); }

  wire::Codec codec;
  PublicationIndex publication;  // kNoPublication: a room's voice line
  RoomIndex room = kNoRoom;      // ... of this room
  std::uint8_t number = 0;       // its place in the offer; a line's in its room
  bool open = false;
  Epoch epoch = 0;
  std::optional<TrackRef> sender;
  std::vector<TrackRef> receivers;
  std::uint32_t waiting = 0;  // slots that will show it from its next keyframe on
  bool listened = false;      // a voice among which this shard chooses

  // Its packets come in at one shard, and are copied to those that want them; see Mirrors.
  ShardSet mirrors;        // who has it copied from here
  bool elsewhere = false;  // this is a mirror
  bool demanded = false;   // ... which its home was asked to fill
  Epoch home_epoch = 0;    // ... and to which the epoch at home belongs that `epoch` stands for

  History history;
  bool collecting = false;      // packets wait for the end of their burst
  bool burst_complete = false;  // ... which has come: the marker bit
  TimePoint collecting_since{};

  KeyframeRequests keyframes;
  std::uint8_t fir_number = 0;  // RFC 5104 section 4.3.1: grows with each command
  std::optional<Arrival> last_keyframe;
  session::RtpClock clock;
  std::uint32_t pixels = 0;  // of its last keyframe, where the codec tells; orders simulcast layers

  // What arrives, open or not; see Flow.
  bool alive = false;
  std::optional<TimePoint> last_packet;
  TimePoint flowing_since{};
  std::uint32_t bytes = 0;    // since the last measurement
  std::uint32_t bitrate = 0;  // bits per second

  // A voice line: whose packets are copied, of which epoch, and what is added to their timestamps so that the line's
  // own run on one clock whoever speaks.
  LayerIndex copied_from = kNoLayer;
  Epoch copied_epoch = 0;
  std::uint32_t timestamp_shift = 0;

  // Packets of the past and of the future do not belong together from here on.
  void begin_epoch(Epoch next) {
    epoch = next;
    last_keyframe.reset();
  }
};

}  // namespace bridgehall::media
