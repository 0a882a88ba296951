// Which of the codecs in an m-line is taken, and what is answered for it. Tables of the codecs' own SDP rules: H.264
// (RFC 6184 section 8.1), VP9 (RFC 9628 section 6), AV1 (RTP specification section 7), Opus (RFC 7587 section 7). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session/negotiation.h"

namespace bridgehall::session {

// As in rtpmap: "opus/48000/2", "VP8/90000".
std::string_view codec_encoding(wire::Codec codec);

// What must be equal on both sides for one to decode what the other sends: H.264 profile and packetization mode, VP9
// and AV1 profile. Two fmtp values fit when their formats are equal. VP8 and Opus have one format only.
struct CodecFormat {
  int profile = 0;
  int packetization_mode = 0;
  bool operator==(const CodecFormat&) const = default;
};
CodecFormat codec_format(wire::Codec codec, std::string_view fmtp);

// nullptr: none fits. `preference`: in order; of several with one codec, that which most receivers decode.
const NegotiatedCodec* choose_for_publisher(std::span<const NegotiatedCodec> offered,
                                            std::span<const wire::Codec> preference);
const NegotiatedCodec* choose_for_viewer(std::span<const NegotiatedCodec> offered, wire::Codec codec,
                                         std::string_view publisher_fmtp);

// The parameters of the offered fmtp that belong into the answer, as they stand there.
std::string answered_fmtp(wire::Codec codec, std::string_view offered);
// The same where the client sends: who announces stereo is asked for it.
std::string requested_fmtp(wire::Codec codec, std::string_view offered);

}  // namespace bridgehall::session
