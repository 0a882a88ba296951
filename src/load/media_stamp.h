// Who sent a frame of the load generator, and when: sixteen bytes at its end where no decoder looks, so that what is
// published stays decodable. A VP8 frame's last partition may be followed by anything (its decoder reads as many bits
// as the picture needs); an Opus packet carries them as padding (RFC 6716 section 3.2.5). A frame of anyone else has
// none.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace bridgehall::load {

struct MediaStamp {
  TimePoint sent{};
  std::uint16_t sender = 0;
  std::uint8_t layer = 0;  // of a picture
};

inline constexpr std::size_t kMediaStampSize = 16;

void append_stamp(std::vector<std::uint8_t>& frame, const MediaStamp& stamp);
// From the last packet of a frame, its padding taken off.
std::optional<MediaStamp> find_stamp(BytesView payload);

// The Opus packet with the stamp as padding; as it is where it has another form than one frame without a count.
std::vector<std::uint8_t> stamp_opus(BytesView packet, const MediaStamp& stamp);

}  // namespace bridgehall::load
