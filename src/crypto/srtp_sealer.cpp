#include <algorithm>
#include <cstring>

#include "crypto/srtp_cipher.h"

namespace bridgehall::crypto {
struct Sealer::State {
  State(SrtpSuite of, const SessionKeys& keys, GcmEngine engine) : suite(of) {
    make_cipher(rtp, suite, keys.rtp, engine, AesGcm::Direction::seal);
    make_cipher(rtcp, suite, keys.rtcp, engine, AesGcm::Direction::seal);
  }

  SrtpSuite suite;
  SrtpCipher rtp;
  SrtpCipher rtcp;
  std::uint32_t next_rtcp_index = 0;
};

Sealer::Sealer(SrtpSuite suite, const SrtpKey& key, GcmEngine engine)
    : Sealer(suite, derive_session_keys(suite, key), engine) {}
Sealer::Sealer(SrtpSuite suite, const SessionKeys& keys, GcmEngine engine)
    : state_(std::make_unique<State>(suite, keys, engine)) {}
Sealer::~Sealer() = default;
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;

SrtpSuite Sealer::suite() const { return state_->suite; }

void Sealer::prefetch() const {
  __builtin_prefetch(&state_->suite);
  if (const auto* gcm = std::get_if<GcmCipher>(&state_->rtp)) gcm->aes.prefetch();
}

std::size_t Sealer::seal_rtp(const RtpParts& parts, MutableBytes out) {
  const auto header_size = parts.header.size();
  const auto plain_size = header_size + parts.prefix.size() + parts.payload.size() + parts.padding;
  const auto sealed_size = plain_size + rtp_overhead(state_->suite);
  if (out.size() < sealed_size || header_size < wire::kRtpFixedHeaderSize) return 0;

  const auto ssrc = load_u32(parts.header.data() + 8);
  const auto index = std::uint64_t{parts.rollover_counter} << 16 | load_u16(parts.header.data() + 2);
  if (parts.header.data() != out.data()) std::memcpy(out.data(), parts.header.data(), header_size);
  const auto padding = out.subspan(plain_size - parts.padding, parts.padding);
  if (!padding.empty()) {
    std::memset(padding.data(), 0, padding.size());
    padding.back() = parts.padding;
  }

  auto* position = out.data() + header_size;
  if (auto* gcm = std::get_if<GcmCipher>(&state_->rtp)) {
    gcm->aes.seal(gcm->nonce(ssrc, index), out.first(header_size), {parts.prefix, parts.payload, padding}, position);
    return sealed_size;
  }
  auto& cipher = std::get<AesCmSha1>(state_->rtp);
  cipher.start(ssrc, index);
  for (const BytesView piece : {parts.prefix, parts.payload, BytesView(padding)}) {
    cipher.apply(piece, position);
    position += piece.size();
  }
  std::array<std::uint8_t, 4> rollovers;
  store_u32(rollovers.data(), parts.rollover_counter);
  const auto tag = cipher.authenticate(out.first(plain_size), rollovers);
  std::copy(tag.begin(), tag.end(), position);
  return sealed_size;
}

std::size_t Sealer::seal_rtcp(MutableBytes buffer, std::size_t plain_size) {
  const auto sealed_size = plain_size + rtcp_overhead(state_->suite);
  if (plain_size < kRtcpClearSize || plain_size > buffer.size() || buffer.size() < sealed_size) return 0;
  if (state_->next_rtcp_index > kMaxRtcpIndex) return 0;  // RFC 3711 section 9.2: this key's packets are used up
  const auto index = state_->next_rtcp_index++;
  const auto ssrc = load_u32(buffer.data() + 4);
  const auto text = buffer.subspan(kRtcpClearSize, plain_size - kRtcpClearSize);
  std::array<std::uint8_t, kRtcpIndexSize> index_word;
  store_u32(index_word.data(), kRtcpEncrypted | index);

  if (auto* gcm = std::get_if<GcmCipher>(&state_->rtcp)) {
    // RFC 7714 section 9.2: the clear part and the index word are authenticated together; the tag stands before the
    // word.
    std::array<std::uint8_t, kRtcpClearSize + kRtcpIndexSize> associated;
    std::copy_n(buffer.begin(), kRtcpClearSize, associated.begin());
    std::copy(index_word.begin(), index_word.end(), associated.begin() + kRtcpClearSize);
    gcm->aes.seal(gcm->nonce(ssrc, index), associated, {.middle = text}, text.data());
    std::copy(index_word.begin(), index_word.end(),
              buffer.begin() + static_cast<std::ptrdiff_t>(plain_size + AesGcm::kTagSize));
    return sealed_size;
  }
  auto& cipher = std::get<AesCmSha1>(state_->rtcp);
  cipher.start(ssrc, index);
  cipher.apply(text, text.data());
  auto* end = std::copy(index_word.begin(), index_word.end(), buffer.data() + plain_size);
  const auto tag = cipher.authenticate(buffer.first(plain_size + kRtcpIndexSize), {});
  std::copy(tag.begin(), tag.end(), end);
  return sealed_size;
}

}  // namespace bridgehall::crypto
