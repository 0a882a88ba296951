// Owning pointers to GStreamer's and GLib's counted objects: what a function gives away is put into one of these at
// once.
#pragma once

#include <memory>

#include <gst/gst.h>
#include <gst/sdp/gstsdpmessage.h>
#include <gst/webrtc/webrtc.h>

namespace bridgehall::gstreamer_client {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

template <class T>
using ObjectPtr = std::unique_ptr<T, Release<gst_object_unref>>;
using ElementPtr = ObjectPtr<GstElement>;
using PadPtr = ObjectPtr<GstPad>;
using BusPtr = ObjectPtr<GstBus>;
using CapsPtr = std::unique_ptr<GstCaps, Release<gst_caps_unref>>;
using SamplePtr = std::unique_ptr<GstSample, Release<gst_sample_unref>>;
using MessagePtr = std::unique_ptr<GstMessage, Release<gst_message_unref>>;
using PromisePtr = std::unique_ptr<GstPromise, Release<gst_promise_unref>>;
using ErrorPtr = std::unique_ptr<GError, Release<g_error_free>>;
using TextPtr = std::unique_ptr<gchar, Release<g_free>>;
using DescriptionPtr = std::unique_ptr<GstWebRTCSessionDescription, Release<gst_webrtc_session_description_free>>;

}  // namespace bridgehall::gstreamer_client
