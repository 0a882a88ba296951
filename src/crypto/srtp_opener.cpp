#include <algorithm>

#include "crypto/hmac.h"
#include "crypto/srtp_cipher.h"
#include "crypto/srtp_replay.h"

namespace bridgehall::crypto {

struct Opener::State {
  State(SrtpSuite of, const SessionKeys& keys, GcmEngine engine) : suite(of) {
    make_cipher(rtp, suite, keys.rtp, engine, AesGcm::Direction::open);
    make_cipher(rtcp, suite, keys.rtcp, engine, AesGcm::Direction::open);
  }

  bool open_rtp(MutableBytes packet, std::size_t header_size, std::uint32_t ssrc, std::uint64_t index);
  bool open_rtcp(MutableBytes packet, std::uint32_t ssrc, std::uint32_t index);

  SrtpSuite suite;
  SrtpCipher rtp;
  SrtpCipher rtcp;
  RtcpReplay rtcp_replay;
};

Opener::Opener(SrtpSuite suite, const SrtpKey& key, GcmEngine engine)
    : Opener(suite, derive_session_keys(suite, key), engine) {}
Opener::Opener(SrtpSuite suite, const SessionKeys& keys, GcmEngine engine)
    : state_(std::make_unique<State>(suite, keys, engine)) {}
Opener::~Opener() = default;
Opener::Opener(Opener&&) noexcept = default;
Opener& Opener::operator=(Opener&&) noexcept = default;

SrtpSuite Opener::suite() const { return state_->suite; }

bool Opener::State::open_rtp(MutableBytes packet, std::size_t header_size, std::uint32_t ssrc, std::uint64_t index) {
  const auto plain_size = packet.size() - rtp_overhead(suite);
  const auto text = packet.subspan(header_size, plain_size - header_size);
  const auto tag = packet.subspan(plain_size);
  if (auto* gcm = std::get_if<GcmCipher>(&rtp)) {
    return gcm->aes.open(gcm->nonce(ssrc, index), packet.first(header_size), text, tag.data());
  }
  auto& cipher = std::get<AesCmSha1>(rtp);
  std::array<std::uint8_t, 4> rollovers;
  store_u32(rollovers.data(), static_cast<std::uint32_t>(index >> 16));
  if (!equal_in_constant_time(cipher.authenticate(packet.first(plain_size), rollovers), tag)) return false;
  cipher.start(ssrc, index);
  cipher.apply(text, text.data());
  return true;
}

std::expected<OpenedRtp, SrtpError> Opener::open_rtp(MutableBytes packet, const wire::RtpHeader& header,
                                                     SrtpReceiveState& stream) {
  if (packet.size() < header.header_size + rtp_overhead(state_->suite)) return std::unexpected(SrtpError::too_short);
  const auto index = guess_index(stream, header.sequence_number);
  if (const auto fresh = check_replay(stream, index); !fresh) return std::unexpected(fresh.error());
  if (!state_->open_rtp(packet, header.header_size, header.ssrc.value(), index)) {
    return std::unexpected(SrtpError::authentication_failed);
  }
  accept_index(stream, index);
  return OpenedRtp{.size = packet.size() - rtp_overhead(state_->suite), .index = index};
}

bool Opener::State::open_rtcp(MutableBytes packet, std::uint32_t ssrc, std::uint32_t index) {
  const auto text = packet.subspan(kRtcpClearSize, packet.size() - rtcp_overhead(suite) - kRtcpClearSize);
  if (auto* gcm = std::get_if<GcmCipher>(&rtcp)) {
    std::array<std::uint8_t, kRtcpClearSize + kRtcpIndexSize> associated;
    std::copy_n(packet.begin(), kRtcpClearSize, associated.begin());
    std::copy_n(packet.end() - kRtcpIndexSize, kRtcpIndexSize, associated.begin() + kRtcpClearSize);
    return gcm->aes.open(gcm->nonce(ssrc, index), associated, text, text.data() + text.size());
  }
  auto& cipher = std::get<AesCmSha1>(rtcp);
  const auto tag = packet.last(AesCmSha1::kTagSize);
  const auto portion = packet.first(packet.size() - AesCmSha1::kTagSize);
  if (!equal_in_constant_time(cipher.authenticate(portion, {}), tag)) return false;
  cipher.start(ssrc, index);
  cipher.apply(text, text.data());
  return true;
}

std::expected<std::size_t, SrtpError> Opener::open_rtcp(MutableBytes packet) {
  const auto overhead = rtcp_overhead(state_->suite);
  if (packet.size() < kRtcpClearSize + overhead) return std::unexpected(SrtpError::too_short);
  const bool word_is_last = state_->suite == SrtpSuite::aead_aes_128_gcm;
  const auto word = load_u32(packet.data() + packet.size() - kRtcpIndexSize - (word_is_last ? 0 : AesCmSha1::kTagSize));
  // We never agree to clear RTCP, so a packet that says it is not encrypted is not from our peer.
  if ((word & kRtcpEncrypted) == 0) return std::unexpected(SrtpError::authentication_failed);
  const auto index = word & kMaxRtcpIndex;
  const auto ssrc = load_u32(packet.data() + 4);
  if (const auto fresh = state_->rtcp_replay.check(ssrc, index); !fresh) return std::unexpected(fresh.error());
  if (!state_->open_rtcp(packet, ssrc, index)) return std::unexpected(SrtpError::authentication_failed);
  state_->rtcp_replay.accept(ssrc, index);
  return packet.size() - overhead;
}

}  // namespace bridgehall::crypto
