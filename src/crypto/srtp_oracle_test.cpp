// Our SRTP against libsrtp2, an implementation by others, in both directions. libsrtp2 is linked into this test only.
#include <array>
#include <vector>

#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include "base/random.h"
#include "crypto/srtp.h"

namespace bridgehall::crypto {
namespace {

using Packet = std::vector<std::uint8_t>;
constexpr std::uint32_t kSsrc = 0xcafe0001;
constexpr std::size_t kTrailer = SRTP_MAX_TRAILER_LEN + 4;

class Oracle {
 public:
  Oracle(SrtpSuite suite, const SrtpKey& key, srtp_ssrc_type_t direction) {
    static const bool ready = srtp_init() == srtp_err_status_ok;
    EXPECT_TRUE(ready);
    std::copy(key.master_key.begin(), key.master_key.end(), key_.begin());
    std::copy(key.master_salt.begin(), key.master_salt.end(), key_.begin() + 16);
    srtp_policy_t policy{};
    if (suite == SrtpSuite::aead_aes_128_gcm) {
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    }
    policy.ssrc.type = direction;
    policy.key = key_.data();
    policy.window_size = SrtpReceiveState::kWindow;
    EXPECT_EQ(srtp_create(&session_, &policy), srtp_err_status_ok);
  }
  ~Oracle() { srtp_dealloc(session_); }
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  Packet protect(Packet packet) { return apply(srtp_protect, std::move(packet)); }
  Packet protect_rtcp(Packet packet) { return apply(srtp_protect_rtcp, std::move(packet)); }
  // Empty when it was refused.
  Packet unprotect(Packet packet) { return apply(srtp_unprotect, std::move(packet)); }
  Packet unprotect_rtcp(Packet packet) { return apply(srtp_unprotect_rtcp, std::move(packet)); }

 private:
  template <class Function>
  Packet apply(Function function, Packet packet) {
    int size = static_cast<int>(packet.size());
    packet.resize(packet.size() + kTrailer);
    if (function(session_, packet.data(), &size) != srtp_err_status_ok) return {};
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }

  std::array<unsigned char, 30> key_{};
  srtp_t session_ = nullptr;
};

SrtpKey some_key() {
  SeededRandom random(99);
  SrtpKey key;
  random.fill(key.master_key);
  random.fill(key.master_salt);
  return key;
}

class SrtpOracle : public testing::TestWithParam<SrtpSuite> {
 protected:
  // Now and then with CSRCs or an extension block, and of any size.
  Packet make_rtp(std::uint16_t sequence) {
    Packet packet(12);
    packet[0] = 0x80;
    packet[1] = static_cast<std::uint8_t>(random_.below(128));
    store_u16(&packet[2], sequence);
    store_u32(&packet[4], random_.u32());
    store_u32(&packet[8], kSsrc);
    header_size_ = 12;
    if (random_.chance(0.3)) {
      packet[0] |= 2;
      header_size_ += 8;
    }
    if (random_.chance(0.5)) {
      packet[0] |= 0x10;
      packet.resize(header_size_);
      const std::array<std::uint8_t, 8> block = {0xbe, 0xde, 0, 1, 0x10, 0x55, 0, 0};
      packet.insert(packet.end(), block.begin(), block.end());
      header_size_ += block.size();
    }
    packet.resize(header_size_ + random_.below(1300));
    random_.fill(MutableBytes(packet).subspan(header_size_));
    return packet;
  }
  Packet make_rtcp(std::uint32_t ssrc) {
    Packet packet(28 + random_.below(60) * 4);
    random_.fill(packet);
    packet[0] = 0x80;
    packet[1] = 200;
    store_u16(&packet[2], static_cast<std::uint16_t>(packet.size() / 4 - 1));
    store_u32(&packet[4], ssrc);
    return packet;
  }
  Packet seal(const Packet& plain, std::uint32_t rollovers) {
    Packet out(2048);
    const BytesView view(plain);
    out.resize(sealer_.seal_rtp(
        {.header = view.first(header_size_), .payload = view.subspan(header_size_), .rollover_counter = rollovers},
        out));
    return out;
  }
  Packet seal_rtcp(Packet packet) {
    const auto size = packet.size();
    packet.resize(size + rtcp_overhead(GetParam()));
    packet.resize(sealer_.seal_rtcp(packet, size));
    return packet;
  }
  Packet open(Packet packet) {
    wire::RtpHeader header;
    header.sequence_number = load_u16(&packet[2]);
    header.ssrc = Ssrc{load_u32(&packet[8])};
    header.header_size = static_cast<std::uint16_t>(header_size_);
    const auto opened = opener_.open_rtp(packet, header, stream_);
    if (!opened) return {};
    packet.resize(opened->size);
    return packet;
  }
  Packet open_rtcp(Packet packet) {
    const auto size = opener_.open_rtcp(packet);
    if (!size) return {};
    packet.resize(*size);
    return packet;
  }

  SeededRandom random_{7};
  std::size_t header_size_ = 12;
  Sealer sealer_{GetParam(), some_key()};
  Opener opener_{GetParam(), some_key()};
  SrtpReceiveState stream_;
  Oracle sender_{GetParam(), some_key(), ssrc_any_outbound};
  Oracle receiver_{GetParam(), some_key(), ssrc_any_inbound};
};

INSTANTIATE_TEST_SUITE_P(Suites, SrtpOracle, testing::Values(SrtpSuite::aead_aes_128_gcm, SrtpSuite::aes128_cm_sha1_80),
                         [](const auto& suite) { return suite.param == SrtpSuite::aead_aes_128_gcm ? "gcm" : "cm"; });

TEST_P(SrtpOracle, SealsTheSameBytesOverTwoRollovers) {
  for (std::uint32_t index = 65'000; index < 140'000; index += 11) {
    const auto plain = make_rtp(static_cast<std::uint16_t>(index));
    const auto sealed = seal(plain, (index >> 16));
    // libsrtp counts rollovers by what it has seen, so it must see a packet on both sides of each.
    ASSERT_EQ(sender_.protect(plain), sealed) << index;
    ASSERT_EQ(receiver_.unprotect(sealed), plain) << index;
    ASSERT_EQ(open(sealed), plain) << index;
  }
}

TEST_P(SrtpOracle, AgreesOnWhichPacketsAreReplayedOrTooOld) {
  std::uint32_t index = 65'000;
  int accepted = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    index += static_cast<std::uint32_t>(random_.below(4));
    const auto late = index - static_cast<std::uint32_t>(random_.chance(0.3) ? random_.below(1200) : 0);
    const auto plain = make_rtp(static_cast<std::uint16_t>(late));
    const auto sealed = seal(plain, late >> 16);
    const auto theirs = receiver_.unprotect(sealed), ours = open(sealed);
    ASSERT_EQ(ours, theirs) << i << ' ' << late;
    ++(ours.empty() ? refused : accepted);
  }
  EXPECT_GT(accepted, 500);
  EXPECT_GT(refused, 500);
}

TEST_P(SrtpOracle, RtcpIsUnderstoodBothWays) {
  for (int i = 0; i < 300; ++i) {
    const auto plain = make_rtcp(kSsrc + static_cast<std::uint32_t>(i % 3));
    ASSERT_EQ(receiver_.unprotect_rtcp(seal_rtcp(plain)), plain) << i;
    const auto theirs = sender_.protect_rtcp(plain);
    ASSERT_EQ(theirs.size(), plain.size() + rtcp_overhead(GetParam()));
    ASSERT_EQ(open_rtcp(theirs), plain) << i;
    ASSERT_EQ(open_rtcp(theirs), Packet{}) << "replay";
  }
}

}  // namespace
}  // namespace bridgehall::crypto
