// One webrtcbin in one pipeline: makes the offer, takes the answer, and stays until it is to end. Used by the main
// thread, which waits; webrtcbin has threads of its own.
#pragma once

#include <chrono>
#include <string>

#include "gst_handles.h"

namespace bridgehall::gstreamer_client {

class Peer {
 public:
  // `sources`: gst-launch text of what is sent; ends in "rtc.", once for each m-line. Empty when nothing is.
  explicit Peer(const std::string& sources);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  GstElement* rtc() const { return rtc_.get(); }
  GstBin* pipeline() const { return GST_BIN(pipeline_.get()); }

  // Starts the pipeline. The offer has no candidates: a server that is ICE-lite learns addresses from checks.
  std::string make_offer();
  void take_answer(const std::string& answer);
  // Returns when asked to end or when the time is over; a failed connection or a stopped pipeline is a Failure.
  void stay(std::chrono::seconds time);

 private:
  void set_description(const char* signal, GstWebRTCSessionDescription* description);
  void wait_until_negotiable() const;
  void check_bus() const;
  bool check_connection();

  ElementPtr pipeline_;
  ElementPtr rtc_;
  BusPtr bus_;
  bool connected_ = false;
};

}  // namespace bridgehall::gstreamer_client
