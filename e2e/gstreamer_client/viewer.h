// Decodes what a peer receives and writes what it sees and hears to stdout, one line of JSON for each picture and for
// each tenth of a second of sound.
#pragma once

#include "gst_handles.h"
#include "peer.h"
#include "picture_meter.h"
#include "tone_meter.h"

namespace bridgehall::gstreamer_client {

class Viewer {
 public:
  Viewer();

  Peer& peer() { return peer_; }

 private:
  void receive(const char* caps);
  static void pad_added(GstElement* rtc, GstPad* pad, Viewer* self);
  void decode(GstPad* pad, const char* chain, GstFlowReturn (*take)(GstElement* sink, Viewer* self));
  static GstFlowReturn take_picture(GstElement* sink, Viewer* self);
  static GstFlowReturn take_sound(GstElement* sink, Viewer* self);

  PictureMeter pictures_;
  ToneMeter sound_;
  Peer peer_;  // last: its threads use the meters
};

}  // namespace bridgehall::gstreamer_client
