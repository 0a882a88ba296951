// The answer to an offer of which it is known what is accepted: written once, for publishers, viewers and participants
// alike. Pure; an m-line that is not accepted is rejected with port 0.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/negotiation.h"
#include "session/remote_description.h"

namespace bridgehall::session {

// What we send on an m-line, as the answer announces it. Views into the caller's terms.
struct AnsweredSource {
  Ssrc ssrc{};
  Ssrc rtx_ssrc{};  // announced when a codec has RTX
  std::string_view stream_id;
  std::string_view track_id;
  std::size_t number = 0;  // among the terms' sources
};

struct AcceptedMedia {
  std::size_t index = 0;  // of the m-line
  std::string mid;
  std::vector<NegotiatedCodec> codecs;  // never empty
  wire::ExtensionIds extensions;
  std::vector<Encoding> encodings;        // simulcast that is agreed on
  std::optional<AnsweredSource> source;   // nullopt: the remote sends
  Ssrc remote_ssrc{}, remote_rtx_ssrc{};  // where it sends and announces them
};

struct WrittenAnswer {
  std::string answer;
  std::string first_mid;  // the BUNDLE group's tag
  RemoteTransport remote;
};

// Refuses what could not be told apart on the wire. `accepted`: in any order, each m-line once, not empty.
std::expected<WrittenAnswer, NegotiationError> write_answer(const RemoteDescription& offer,
                                                            std::vector<AcceptedMedia> accepted, const LocalEnd& local);

}  // namespace bridgehall::session
