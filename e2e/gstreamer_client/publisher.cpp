#include "publisher.h"

#include <fmt/format.h>

namespace bridgehall::gstreamer_client {
namespace {

constexpr const char* kSources =
    "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=640,height=360,framerate=30/1 ! "
    "vp8enc deadline=1 cpu-used=8 target-bitrate=600000 keyframe-max-dist=3000 ! rtpvp8pay picture-id-mode=15-bit ! "
    "application/x-rtp,media=video,encoding-name=VP8,payload=96 ! rtc. "
    "audiotestsrc is-live=true wave=sine volume=0.3 freq={} ! audio/x-raw,rate=48000,channels=1 ! opusenc ! rtpopuspay "
    "! "
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! rtc.";

}  // namespace

Publisher::Publisher(int tone_hz) : peer_(fmt::format(kSources, tone_hz)) {
  for (const int line : {0, 1}) {
    GstWebRTCRTPTransceiver* raw = nullptr;
    g_signal_emit_by_name(peer_.rtc(), "get-transceiver", line, &raw);
    const ObjectPtr<GstWebRTCRTPTransceiver> transceiver(raw);
    g_object_set(raw, "direction", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY, nullptr);
    g_object_set(raw, "do-nack", TRUE, nullptr);
  }
}

}  // namespace bridgehall::gstreamer_client
