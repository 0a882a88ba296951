#include "peer.h"

#include <atomic>

#include <fmt/format.h>

#include "end_signal.h"
#include "failure.h"

namespace bridgehall::gstreamer_client {
namespace {

ElementPtr parse_pipeline(const std::string& text) {
  GError* raw = nullptr;
  const auto whole = fmt::format("pipeline.( webrtcbin name=rtc bundle-policy=max-bundle {} )", text);
  ElementPtr pipeline(gst_parse_launch_full(whole.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &raw));
  const ErrorPtr error(raw);
  if (!pipeline) throw Failure(fmt::format("The pipeline cannot be made: {}", error->message));
  return pipeline;
}

// Waits for the reply; a webrtcbin that cannot do it says so in the field "error".
void wait_for(GstPromise* promise, const char* what) {
  if (gst_promise_wait(promise) != GST_PROMISE_RESULT_REPLIED) throw Failure(fmt::format("{}: no reply.", what));
  const GstStructure* reply = gst_promise_get_reply(promise);
  const GValue* error = reply ? gst_structure_get_value(reply, "error") : nullptr;
  if (error) throw Failure(fmt::format("{}: {}", what, static_cast<GError*>(g_value_get_boxed(error))->message));
}

}  // namespace

Peer::Peer(const std::string& sources) : pipeline_(parse_pipeline(sources)) {
  rtc_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "rtc"));
  bus_.reset(gst_element_get_bus(pipeline_.get()));
}

Peer::~Peer() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

// webrtcbin can describe an m-line only when it knows what will be sent on it.
void Peer::wait_until_negotiable() const {
  std::atomic<bool> needed = false;
  const auto handler =
      g_signal_connect(rtc_.get(), "on-negotiation-needed",
                       G_CALLBACK(+[](GstElement*, std::atomic<bool>* flag) { *flag = true; }), &needed);
  if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    check_bus();
    throw Failure("The pipeline does not start.");
  }
  while (!needed && !end_asked()) {
    check_bus();
    pause_for(std::chrono::milliseconds(20));
  }
  g_signal_handler_disconnect(rtc_.get(), handler);
  if (!needed) throw Failure("Ended before there was an offer.");
}

std::string Peer::make_offer() {
  wait_until_negotiable();
  const PromisePtr promise(gst_promise_new());
  g_signal_emit_by_name(rtc_.get(), "create-offer", nullptr, promise.get());
  wait_for(promise.get(), "create-offer");
  GstWebRTCSessionDescription* raw = nullptr;
  gst_structure_get(gst_promise_get_reply(promise.get()), "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &raw, nullptr);
  const DescriptionPtr offer(raw);
  set_description("set-local-description", offer.get());
  return TextPtr(gst_sdp_message_as_text(offer->sdp)).get();
}

void Peer::take_answer(const std::string& answer) {
  GstSDPMessage* sdp = nullptr;
  if (gst_sdp_message_new_from_text(answer.c_str(), &sdp) != GST_SDP_OK) throw Failure("The answer is not SDP.");
  const DescriptionPtr description(gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_ANSWER, sdp));
  set_description("set-remote-description", description.get());
}

void Peer::set_description(const char* signal, GstWebRTCSessionDescription* description) {
  const PromisePtr promise(gst_promise_new());
  g_signal_emit_by_name(rtc_.get(), signal, description, promise.get());
  wait_for(promise.get(), signal);
}

void Peer::stay(std::chrono::seconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!end_asked() && std::chrono::steady_clock::now() < until) {
    check_bus();
    if (!check_connection()) throw Failure("The connection failed.");
    pause_for(std::chrono::milliseconds(50));
  }
  if (!connected_) throw Failure("There was no connection.");
}

void Peer::check_bus() const {
  const MessagePtr message(gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_ERROR));
  if (!message) return;
  GError* raw = nullptr;
  gchar* details = nullptr;
  gst_message_parse_error(message.get(), &raw, &details);
  const ErrorPtr error(raw);
  const TextPtr owned_details(details);
  throw Failure(
      fmt::format("{}: {} ({})", GST_MESSAGE_SRC_NAME(message.get()), error->message, details ? details : ""));
}

bool Peer::check_connection() {
  GstWebRTCPeerConnectionState state{};
  g_object_get(rtc_.get(), "connection-state", &state, nullptr);
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED && !connected_) {
    connected_ = true;
    fmt::print("{{\"event\":\"connected\"}}\n");
  }
  return state != GST_WEBRTC_PEER_CONNECTION_STATE_FAILED && state != GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED;
}

}  // namespace bridgehall::gstreamer_client
