// SRTP with arbitrary packets. The input is a list of operations: open garbage as RTP or RTCP, or seal a packet of the
// given shape and open it again. Held: both engines agree, what was sealed opens once and unchanged, and what was not
// sealed with the key never opens and teaches nothing.
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "crypto/srtp.h"

namespace {

using namespace bridgehall;
using namespace bridgehall::crypto;

constexpr std::size_t kMaxPacket = 2048;

struct Ends {
  explicit Ends(SrtpSuite suite)
      : sealer(suite, SrtpKey{}),
        openssl_sealer(suite, SrtpKey{}, GcmEngine::openssl),
        opener(suite, SrtpKey{}),
        openssl_opener(suite, SrtpKey{}, GcmEngine::openssl) {}
  Sealer sealer, openssl_sealer;
  Opener opener, openssl_opener;
  SrtpReceiveState stream, openssl_stream;
  std::uint64_t next_index = 0;
};

wire::RtpHeader header_of(BytesView packet, std::size_t header_size) {
  wire::RtpHeader header;
  header.sequence_number = load_u16(packet.data() + 2);
  header.ssrc = Ssrc{load_u32(packet.data() + 8)};
  header.header_size = static_cast<std::uint16_t>(header_size);
  return header;
}

void open_garbage(Ends& ends, BytesView garbage, bool rtcp) {
  std::vector<std::uint8_t> packet(garbage.begin(), garbage.end());
  if (rtcp) {
    BRIDGEHALL_CHECK(!ends.opener.open_rtcp(packet).has_value());
    return;
  }
  const auto parsed = wire::parse_rtp_header(packet);
  if (!parsed) return;
  const auto before = ends.stream;
  const auto opened = ends.opener.open_rtp(packet, *parsed, ends.stream);
  BRIDGEHALL_CHECK(!opened.has_value());
  BRIDGEHALL_CHECK(ends.stream.highest_index == before.highest_index && ends.stream.seen == before.seen);
}

void seal_and_open(Ends& ends, ByteReader& input) {
  const auto header_size = 12u + input.u8() % 32u;
  const auto prefix_size = std::size_t{input.u8()};
  const auto padding = input.u8();
  const auto payload = input.bytes(std::min<std::size_t>(input.u16() % 1500u, input.remaining()));
  std::vector<std::uint8_t> header(header_size);
  const auto index = ends.next_index += 1u + input.u8();
  header[0] = 0x80;
  store_u16(&header[2], static_cast<std::uint16_t>(index));
  store_u32(&header[8], 77);
  const auto cut = std::min(prefix_size, payload.size());
  const RtpParts parts{.header = header,
                       .prefix = payload.first(cut),
                       .payload = payload.subspan(cut),
                       .padding = padding,
                       .rollover_counter = static_cast<std::uint32_t>(index >> 16)};
  std::vector<std::uint8_t> one(kMaxPacket), other(kMaxPacket);
  const auto size = ends.sealer.seal_rtp(parts, one);
  BRIDGEHALL_CHECK(size == header_size + payload.size() + padding + rtp_overhead(ends.sealer.suite()));
  BRIDGEHALL_CHECK(ends.openssl_sealer.seal_rtp(parts, other) == size && one == other);
  one.resize(size);
  other.resize(size);

  auto copy = one;
  const auto opened = ends.opener.open_rtp(one, header_of(one, header_size), ends.stream);
  const auto reopened = ends.openssl_opener.open_rtp(other, header_of(other, header_size), ends.openssl_stream);
  BRIDGEHALL_CHECK(opened.has_value() && reopened.has_value() && opened->index == index && reopened->index == index);
  BRIDGEHALL_CHECK(std::equal(payload.begin(), payload.end(), one.begin() + header_size));
  BRIDGEHALL_CHECK(one == other || !std::equal(copy.begin(), copy.end(), one.begin()));
  const auto replayed = ends.opener.open_rtp(copy, header_of(copy, header_size), ends.stream);
  BRIDGEHALL_CHECK(!replayed.has_value() && replayed.error() == SrtpError::replayed);
}

void seal_and_open_rtcp(Ends& ends, ByteReader& input) {
  const auto plain = input.bytes(std::min<std::size_t>(8u + input.u16() % 1400u, input.remaining()));
  std::vector<std::uint8_t> packet(plain.begin(), plain.end());
  packet.resize(plain.size() + rtcp_overhead(ends.sealer.suite()));
  const auto size = ends.sealer.seal_rtcp(packet, plain.size());
  BRIDGEHALL_CHECK((size == 0) == (plain.size() < 8));
  if (size == 0) return;
  store_u32(packet.data() + 4, load_u32(plain.data() + 4));
  const auto opened = ends.opener.open_rtcp(packet);
  // Refused only when this is one sender SSRC more than the table holds.
  BRIDGEHALL_CHECK(opened.has_value() || opened.error() == SrtpError::too_old);
  if (opened) BRIDGEHALL_CHECK(*opened == plain.size() && std::equal(plain.begin(), plain.end(), packet.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader input({data, size});
  Ends ends(input.u8() % 2 == 0 ? SrtpSuite::aead_aes_128_gcm : SrtpSuite::aes128_cm_sha1_80);
  while (input.ok() && !input.at_end()) {
    switch (input.u8() % 4) {
      case 0:
        open_garbage(ends, input.bytes(std::min<std::size_t>(input.u16(), input.remaining())), false);
        break;
      case 1:
        open_garbage(ends, input.bytes(std::min<std::size_t>(input.u16(), input.remaining())), true);
        break;
      case 2:
        seal_and_open(ends, input);
        break;
      default:
        seal_and_open_rtcp(ends, input);
        break;
    }
  }
  return 0;
}
