#include "session/codec_match.h"

#include <array>
#include <charconv>

#include "wire/sdp_attributes.h"

namespace bridgehall::session {
namespace {

using wire::Codec;

// H.264 profiles as one number: equal numbers decode each other. Where profile_idc and profile_iop of RFC 6184 table 5
// name a common profile it stands as one of these; anything else stands for itself.
enum H264Profile : int { kConstrainedBaseline = 1, kBaseline, kMain, kExtended, kHigh, kConstrainedHigh };

int h264_profile(std::string_view profile_level_id) {
  std::uint32_t value =
      0x42000a;  // RFC 6184 section 8.1: baseline at level 1 when the parameter is absent or unreadable
  if (profile_level_id.size() == 6) {
    std::uint32_t parsed = 0;
    const auto [end, error] = std::from_chars(profile_level_id.data(), profile_level_id.data() + 6, parsed, 16);
    if (error == std::errc{} && end == profile_level_id.data() + 6) value = parsed;
  }
  struct Row {
    std::uint8_t idc, mask, bits;
    H264Profile profile;
  };
  constexpr std::array<Row, 9> kTable{{{0x42, 0x4f, 0x40, kConstrainedBaseline},
                                       {0x4d, 0x8f, 0x80, kConstrainedBaseline},
                                       {0x58, 0xcf, 0xc0, kConstrainedBaseline},
                                       {0x42, 0x4f, 0x00, kBaseline},
                                       {0x58, 0xcf, 0x80, kBaseline},
                                       {0x4d, 0xaf, 0x00, kMain},
                                       {0x58, 0xcf, 0x00, kExtended},
                                       {0x64, 0xff, 0x00, kHigh},
                                       {0x64, 0xff, 0x0c, kConstrainedHigh}}};
  const auto idc = static_cast<std::uint8_t>(value >> 16);
  const auto iop = static_cast<std::uint8_t>(value >> 8);
  for (const auto& row : kTable)
    if (row.idc == idc && (iop & row.mask) == row.bits) return row.profile;
  return idc << 8 | iop;
}

int number_parameter(std::string_view fmtp, std::string_view name) {
  return wire::parse_decimal<std::uint8_t>(wire::fmtp_parameter(fmtp, name).value_or("0")).value_or(0);
}

// Lower is decoded by more receivers.
int rarity(const NegotiatedCodec& codec) {
  const auto format = codec_format(codec.codec, codec.fmtp);
  if (codec.codec != Codec::h264) return format.profile;
  return (format.packetization_mode == 1 ? 0 : 0x10000) + format.profile;
}

std::string copy_parameters(std::string_view offered, std::span<const std::string_view> names) {
  std::string out;
  for (const auto name : names) {
    const auto value = wire::fmtp_parameter(offered, name);
    if (!value || !wire::is_token(*value)) continue;
    out.append(out.empty() ? "" : ";").append(name).append("=").append(*value);
  }
  return out;
}

}  // namespace

std::string_view codec_encoding(Codec codec) {
  constexpr std::array<std::string_view, 5> kEncodings{"opus/48000/2", "VP8/90000", "VP9/90000", "H264/90000",
                                                       "AV1/90000"};
  return kEncodings[static_cast<std::size_t>(codec)];
}

CodecFormat codec_format(Codec codec, std::string_view fmtp) {
  switch (codec) {
    case Codec::h264:
      return {h264_profile(wire::fmtp_parameter(fmtp, "profile-level-id").value_or("")),
              number_parameter(fmtp, "packetization-mode")};
    case Codec::vp9:
      return {number_parameter(fmtp, "profile-id"), 0};
    case Codec::av1:
      return {number_parameter(fmtp, "profile"), 0};
    case Codec::opus:
    case Codec::vp8:
      break;
  }
  return {};
}

const NegotiatedCodec* choose_for_publisher(std::span<const NegotiatedCodec> offered,
                                            std::span<const Codec> preference) {
  for (const auto wanted : preference) {
    const NegotiatedCodec* best = nullptr;
    for (const auto& codec : offered)
      if (codec.codec == wanted && (!best || rarity(codec) < rarity(*best))) best = &codec;
    if (best) return best;
  }
  return nullptr;
}

const NegotiatedCodec* choose_for_viewer(std::span<const NegotiatedCodec> offered, Codec codec,
                                         std::string_view publisher_fmtp) {
  const auto format = codec_format(codec, publisher_fmtp);
  for (const auto& candidate : offered)
    if (candidate.codec == codec && codec_format(codec, candidate.fmtp) == format) return &candidate;
  return nullptr;
}

std::string answered_fmtp(Codec codec, std::string_view offered) {
  static constexpr std::array<std::string_view, 3> kOpus{"minptime", "useinbandfec", "stereo"};
  static constexpr std::array<std::string_view, 3> kH264{"level-asymmetry-allowed", "packetization-mode",
                                                         "profile-level-id"};
  static constexpr std::array<std::string_view, 1> kVp9{"profile-id"};
  static constexpr std::array<std::string_view, 3> kAv1{"level-idx", "profile", "tier"};
  if (codec == Codec::opus) return copy_parameters(offered, kOpus);
  if (codec == Codec::h264) return copy_parameters(offered, kH264);
  if (codec == Codec::vp9) return copy_parameters(offered, kVp9);
  if (codec == Codec::av1) return copy_parameters(offered, kAv1);
  return {};  // VP8: max-fs and max-fr bound what the offerer decodes, not what it sends
}

std::string requested_fmtp(Codec codec, std::string_view offered) {
  if (codec != Codec::opus || wire::fmtp_parameter(offered, "sprop-stereo") != "1")
    return answered_fmtp(codec, offered);
  // RFC 7587 section 6.1: "stereo" and "maxaveragebitrate" are the wishes of whoever receives. 96 kbit/s carry a mixing
  // desk's music too (section 3.1.1).
  static constexpr std::array<std::string_view, 2> kAsOffered{"minptime", "useinbandfec"};
  auto fmtp = copy_parameters(offered, kAsOffered);
  return fmtp.append(fmtp.empty() ? "" : ";").append("stereo=1;maxaveragebitrate=96000");
}

}  // namespace bridgehall::session
