// A model of a viewing browser: opens what comes, asks again for what is missing, asks for keyframes when it cannot
// decode, reports. Beside it stand the checks of what the server sends it, which see each packet as it leaves.
#pragma once

#include <array>
#include <deque>
#include <optional>

#include "session/receive_log.h"
#include "sim/client.h"
#include "sim/frame_model.h"
#include "sim/stream_check.h"

namespace bridgehall::sim {

struct ViewerOptions {
  media::PublicationId video, audio;
  wire::Codec codec = wire::Codec::vp8;
  bool rtx = true;
  bool nack = true;
  bool pli = true;
  bool fir = false;  // asks by FIR instead of PLI
  bool two_byte_extensions = false;
  bool has_audio = true;
};

class ModelViewer final : public DirectClient {
 public:
  static constexpr std::uint8_t kVideoType = 102, kVideoRtxType = 103, kAudioType = 63;
  static constexpr Duration kPatience = 400ms;  // with what cannot be decoded, before a keyframe is asked for

  ModelViewer(World& world, SimServer& server, const ClientSetup& setup, const ViewerOptions& options);

  const ViewerOptions& options() const { return options_; }
  const FrameModel& frames() const { return frames_; }
  TimePoint newest_audio() const { return newest_audio_; }  // captured when
  std::uint64_t keyframe_requests() const { return keyframe_requests_; }
  std::uint64_t recovered() const { return recovered_; }
  std::uint64_t received() const { return video_.received + audio_.received; }
  const StreamCheck& video_check() const { return video_.check; }
  const StreamCheck& audio_check() const { return audio_.check; }

  void on_left_server(BytesView sealed) override;
  // Asked at the end of a run: was everything forwarded that had to be?
  void check_complete(TimePoint end);
  // Whether the packet that left as `sequence` of the video has come, by whichever way.
  bool has_video(std::int64_t sequence) const;
  // What was lost before it the viewer cannot know of.
  std::int64_t first_video() const { return first_video_; }

  template <class Write>
  void send_raw_rtcp(Write&& write) {
    send_rtcp(std::forward<Write>(write));
  }
  Ssrc video_ssrc() const { return video_.check.track().ssrc; }
  Ssrc own_ssrc() const { return own_ssrc_; }

 protected:
  void describe(media::CreatePeer& command) override;
  void on_connected() override;
  void on_rtp(Datagram& datagram) override;
  void on_rtcp(const wire::RtcpPacket& packet, TimePoint sent_at) override;
  void advance_media() override;
  TimePoint media_deadline() const override;

 private:
  struct Stream {
    Stream(World& world, const std::string& name, const media::OutgoingTrack& track)
        : check(world, name, track), log(wire::clock_rate_of(track.track.codec.codec)) {}

    StreamCheck check;
    session::ReceiveLog log;
    crypto::SrtpReceiveState srtp, rtx_srtp;          // the viewer's
    crypto::SrtpReceiveState tap_srtp, tap_rtx_srtp;  // of the check as packets leave
    std::vector<bool> has;                            // by sequence − the first that left
    std::uint64_t received = 0;
    std::optional<NtpTime> report_ntp;  // of the last sender report, with what it maps to
    TimePoint report_capture{};
    TimePoint report_sent{};
  };

  Stream* find(Ssrc ssrc, bool& rtx);
  void check_sealed(BytesView sealed, TimePoint at);
  void on_media(Stream& stream, std::int64_t sequence, bool repeated, TimePoint sent_at);
  void on_sender_report(const wire::SenderInfo& info, TimePoint sent_at);
  void check_lips();
  void send_nacks();
  void ask_for_keyframe();

  ViewerOptions options_;
  Ssrc own_ssrc_;
  Stream video_, audio_;
  FrameModel frames_;
  struct Waiting {
    std::vector<std::uint8_t> bytes;
    TimePoint at;
  };
  std::deque<Waiting> waiting_;  // left the server before this end had its keys
  TimePoint next_report_ = kNever;
  TimePoint next_request_ = kNever;
  TimePoint newest_audio_{};
  std::int64_t first_video_ = INT64_MAX;
  std::uint64_t keyframe_requests_ = 0;
  std::uint64_t recovered_ = 0;
  std::uint8_t fir_number_ = 0;
  std::array<std::uint8_t, 2048> scratch_{};
};

}  // namespace bridgehall::sim
