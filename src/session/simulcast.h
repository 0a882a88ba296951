// Simulcast as SDP says it (RFC 8851: a=rid, RFC 8853: a=simulcast): the encodings of one m-line's picture. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "session/negotiation.h"
#include "wire/sdp.h"
#include "wire/sdp_attributes.h"

namespace bridgehall::session {

// Of more that are offered the first three are taken: in "send" RFC 8853 orders them by preference.
inline constexpr std::size_t kMaxEncodings = 3;

struct Encoding {
  std::string rid;
  bool paused = false;                      // '~': agreed on, but not sent for now
  std::vector<std::uint8_t> payload_types;  // what pt= admits; empty: all
  std::string restrictions;                 // the others as they stand there

  bool admits(std::uint8_t payload_type) const;
};

// The encodings that a=simulcast names for `direction`, at most kMaxEncodings, in its order; empty when there is no
// simulcast. Of alternatives ("a,b") the first is taken that an a=rid line describes; what no such line describes, or
// what depends on another stream (depend=), is left out, which in an answer is its refusal. Error: a whole sentence.
std::expected<std::vector<Encoding>, std::string> read_encodings(const wire::SdpAttributes& attributes,
                                                                 wire::RidDirection direction);

// The a=rid lines and the a=simulcast line. Restrictions are repeated, as an answer may not loosen them (RFC 8851
// section 6.3); pt= is narrowed to `codec`.
void write_encodings(wire::SdpAttributes& out, std::span<const Encoding> encodings, wire::RidDirection direction,
                     const NegotiatedCodec& codec);

}  // namespace bridgehall::session
