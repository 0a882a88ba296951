// A model of what a page's peer connection does in a conference: a microphone, a camera in simulcast layers and perhaps
// slides are sent; voices, the stage, slides and tiles come in slots. Beside it stand the checks of what the server
// sends it, which see each packet as it leaves.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "messages/messages.h"
#include "session/offer.h"
#include "session/receive_log.h"
#include "session/twcc_receiver.h"
#include "sim/client.h"
#include "sim/frame_model.h"
#include "sim/source_stream.h"
#include "sim/stream_check.h"
#include "sim/voice_check.h"

namespace bridgehall::sim {

struct SeatMediaOptions {
  std::uint32_t owner = 0;  // which page it belongs to
  bool sends = true;
  bool slides = false;
  std::size_t layers = 3;  // of the camera
  std::size_t tiles = 4;
  bool transport_numbers = true;  // gives feedback about transport-wide sequence numbers
  bool two_byte_extensions = false;
  Duration frame_interval = 100ms;
};

class SeatMedia final : public Client {
 public:
  static constexpr Duration kPatience = 400ms;  // with what cannot be decoded, before a keyframe is asked for

  SeatMedia(World& world, const SocketAddress& server, crypto::SrtpSuite suite, VoiceCheck& voices,
            const ClientSetup& setup, const SeatMediaOptions& options);

  const SeatMediaOptions& options() const { return options_; }

  // -- signalling --
  struct Offer {
    std::string text;
    std::vector<messages::SentTrack> sends;
    std::vector<messages::OfferedSlot> slots;
  };
  Offer make_offer();
  void take_answer(const messages::Answer& answer);
  std::string make_restart_fragment();
  void take_restart_fragment(std::string_view fragment);
  const std::string& ufrag() const { return local_.ufrag; }

  // -- what the person does --
  // Speaks at that level (RFC 6464: 0 is the loudest), or is silent.
  void set_voice(std::optional<std::uint8_t> level);
  void set_camera(bool on) { camera_on_ = on; }
  void set_slides(bool on) { slides_on_ = on; }
  // As a browser does when its line is weak: the higher ones pause.
  void set_active_layers(std::size_t count) { active_layers_ = count; }

  // -- what the server did, told by the simulation for the checks --
  void on_created(const media::CreatePeer& command);
  void on_filled(media::SlotNumber number, media::PublicationId publication);
  void on_left_server(BytesView sealed) override;
  void end_broadcasts();  // the server listens to it no more

  // -- what came --
  struct Slot {
    Slot(World& world, const std::string& name, const media::OutgoingTrack& track, media::SlotNumber number_)
        : number(number_), use(track.use), check(world, name, track), log(wire::clock_rate_of(codec(track))) {}
    static wire::Codec codec(const media::OutgoingTrack& track) { return track.track.codec.codec; }

    media::SlotNumber number;
    media::SlotUse use;
    std::uint8_t place = 0;  // of a voice
    StreamCheck check;
    session::ReceiveLog log;
    FrameModel frames;
    crypto::SrtpReceiveState srtp, rtx_srtp;          // the page's
    crypto::SrtpReceiveState tap_srtp, tap_rtx_srtp;  // of the check as packets leave
    std::optional<std::uint32_t> seen;                // whose frame was decoded last
    std::optional<BroadcastId> seen_broadcast;
    TimePoint seen_captured{};
    TimePoint next_request{};
  };
  const Slot* slot(media::SlotNumber number) const;
  const Slot* slot_of(media::SlotUse use) const;
  const std::deque<Slot>& slots() const { return slots_; }
  // When what was heard last of that page's owner was said.
  TimePoint heard_of(std::uint32_t owner) const;
  // How many packets of that voice have come.
  std::uint64_t heard_packets(std::uint32_t owner) const;
  std::uint64_t decoded() const;
  void check_complete(TimePoint end);

 protected:
  void on_connected() override;
  void on_woken() override;
  void on_rtp(Datagram& datagram) override;
  void on_rtcp(const wire::RtcpPacket& packet, TimePoint sent_at) override;
  void advance_media() override;
  TimePoint media_deadline() const override;

 private:
  struct Source {
    messages::TrackUse use{};
    std::uint8_t layer = 0;
    BroadcastId broadcast;
    std::unique_ptr<SourceStream> stream;  // once agreed
    std::uint32_t frame = 0;
    std::uint8_t tl0 = 0;
    bool keyframe_wanted = true;
    std::optional<TimePoint> last_request;
  };
  static constexpr std::array<const char*, 3> kRids{"q", "h", "f"};

  void begin_broadcast(messages::TrackUse use, std::uint8_t layer, wire::Codec codec);
  Ssrc source_ssrc(std::size_t source, bool rtx) const;
  void add_slot(const session::AgreedSlot& agreed, media::SlotNumber number, media::SlotUse use,
                media::ShardNumber shard);
  bool is_on(const Source& source) const;
  void make_frames();
  void make_frame(Source& source);
  void make_audio();
  void send_reports();
  void send_receiver_report();
  void send_arrivals();
  void look_after_slots();
  Source* find_source(Ssrc ssrc);
  Slot* find_slot(Ssrc ssrc, bool& rtx);
  void check_sealed(BytesView sealed, TimePoint at);
  void judge(Slot& slot, TimePoint at);
  void note_transport_number(const Slot& slot, BytesView plain, const wire::RtpHeader& header);
  void on_media(Slot& slot, std::int64_t sequence);
  void on_nack(const wire::RtcpPacket& packet);
  void on_keyframe_request(Ssrc media, TimePoint sent_at);

  VoiceCheck& voices_;
  SeatMediaOptions options_;
  session::IceCredentials local_;
  Ssrc own_ssrc_;
  std::vector<Source> sources_;
  std::deque<Slot> slots_;
  // What each slot was filled with since it was empty, perhaps before the answer came; from what is shown on.
  std::map<media::SlotNumber, std::vector<media::PublicationId>> filled_;
  session::TwccReceiver arrivals_;
  struct Heard {
    TimePoint captured{};
    std::uint64_t packets = 0;
  };
  std::map<std::uint32_t, Heard> heard_;  // by owner; silence does not count
  struct Waiting {
    std::vector<std::uint8_t> bytes;
    TimePoint at;
  };
  std::deque<Waiting> waiting_;  // left the server before this end had its keys

  std::optional<std::uint8_t> voice_;
  bool camera_on_ = true, slides_on_ = true, talking_ = false;
  std::size_t active_layers_ = 3;
  std::uint16_t transport_sequence_ = 0;
  TimePoint next_frame_ = kNever, next_audio_ = kNever, next_report_ = kNever, next_look_ = kNever;
  std::array<std::uint8_t, 2048> scratch_{};
};

}  // namespace bridgehall::sim
