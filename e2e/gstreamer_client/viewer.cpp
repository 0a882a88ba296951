#include "viewer.h"

#include <span>

#include <fmt/format.h>
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include "failure.h"

namespace bridgehall::gstreamer_client {
namespace {

// Nothing waits for the time at which it would be played: what arrives is measured.
constexpr const char* kVideoChain =
    "queue ! rtpvp8depay request-keyframe=true wait-for-keyframe=true ! vp8dec ! video/x-raw,format=I420 ! "
    "appsink name=sink emit-signals=true sync=false";
constexpr const char* kAudioChain =
    "queue ! rtpopusdepay ! opusdec ! audioconvert ! audioresample ! "
    "audio/x-raw,format=F32LE,rate=16000,channels=1,layout=interleaved ! "
    "appsink name=sink emit-signals=true sync=false";

std::string encoding_of(GstPad* pad) {
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  const char* name = caps ? gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "encoding-name") : nullptr;
  return name ? name : "";
}

SamplePtr pull(GstElement* sink) { return SamplePtr(gst_app_sink_pull_sample(GST_APP_SINK(sink))); }

}  // namespace

Viewer::Viewer() : peer_("") {
  receive("application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96");
  receive("application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=111");
  g_signal_connect(peer_.rtc(), "pad-added", G_CALLBACK(pad_added), this);
}

void Viewer::receive(const char* text) {
  const CapsPtr caps(gst_caps_from_string(text));
  GstWebRTCRTPTransceiver* raw = nullptr;
  g_signal_emit_by_name(peer_.rtc(), "add-transceiver", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, caps.get(),
                        &raw);
  const ObjectPtr<GstWebRTCRTPTransceiver> transceiver(raw);
  // For both: 1.22 gives the jitter buffers of a bundle the setting of its last transceiver, so that a picture beside
  // a sound without it would ask for nothing again.
  g_object_set(raw, "do-nack", TRUE, nullptr);
}

void Viewer::pad_added(GstElement*, GstPad* pad, Viewer* self) {
  if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC) return;
  const auto encoding = encoding_of(pad);
  if (encoding == "VP8") self->decode(pad, kVideoChain, take_picture);
  if (encoding == "OPUS") self->decode(pad, kAudioChain, take_sound);
}

void Viewer::decode(GstPad* pad, const char* chain, GstFlowReturn (*take)(GstElement*, Viewer*)) {
  GstElement* bin = gst_parse_bin_from_description(chain, TRUE, nullptr);
  const ElementPtr sink(gst_bin_get_by_name(GST_BIN(bin), "sink"));
  g_signal_connect(sink.get(), "new-sample", G_CALLBACK(take), this);
  gst_bin_add(peer_.pipeline(), bin);
  gst_element_sync_state_with_parent(bin);
  const PadPtr entry(gst_element_get_static_pad(bin, "sink"));
  gst_pad_link(pad, entry.get());
}

GstFlowReturn Viewer::take_picture(GstElement* sink, Viewer* self) {
  const auto sample = pull(sink);
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!sample || !gst_video_info_from_caps(&info, gst_sample_get_caps(sample.get())) ||
      !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample.get()), GST_MAP_READ))
    return GST_FLOW_ERROR;
  const auto reading =
      self->pictures_.read({.data = static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)),
                            .width = GST_VIDEO_FRAME_WIDTH(&frame),
                            .height = GST_VIDEO_FRAME_HEIGHT(&frame),
                            .stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)});
  gst_video_frame_unmap(&frame);
  fmt::print("{{\"event\":\"picture\",\"number\":{},\"width\":{},\"height\":{},\"mean\":{:.1f},\"change\":{:.1f}}}\n",
             reading.number, reading.width, reading.height, reading.mean, reading.change);
  return GST_FLOW_OK;
}

GstFlowReturn Viewer::take_sound(GstElement* sink, Viewer* self) {
  const auto sample = pull(sink);
  GstMapInfo map;
  GstBuffer* buffer = sample ? gst_sample_get_buffer(sample.get()) : nullptr;
  if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_READ)) return GST_FLOW_ERROR;
  for (const float value : std::span(reinterpret_cast<const float*>(map.data), map.size / sizeof(float)))
    if (const auto reading = self->sound_.take(value))
      fmt::print("{{\"event\":\"sound\",\"number\":{},\"rms\":{:.4f},\"frequency\":{}}}\n", reading->number,
                 reading->rms, reading->frequency);
  gst_buffer_unmap(buffer, &map);
  return GST_FLOW_OK;
}

}  // namespace bridgehall::gstreamer_client
