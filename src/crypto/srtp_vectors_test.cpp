// Published vectors: RFC 3711 appendix B (key derivation, AES-CM keystream), RFC 7714 sections 16 and 17 (AES-GCM).
#include <cctype>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/aes_cm_sha1.h"
#include "crypto/aes_gcm.h"
#include "crypto/srtp.h"
#include "crypto/srtp_keys.h"

namespace bridgehall::crypto {
namespace {

std::vector<std::uint8_t> from_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
    const int digit = std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

template <std::size_t Size>
std::array<std::uint8_t, Size> array_from_hex(std::string_view text) {
  const auto bytes = from_hex(text);
  EXPECT_LE(bytes.size(), Size);
  std::array<std::uint8_t, Size> array{};
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return array;
}

// Offset by hand: these tests need no parser.
wire::RtpHeader plain_header(BytesView packet) {
  wire::RtpHeader header;
  header.sequence_number = load_u16(packet.data() + 2);
  header.ssrc = Ssrc{load_u32(packet.data() + 8)};
  header.header_size = 12;
  return header;
}

TEST(SrtpKeyDerivation, MatchesRfc3711AppendixB3) {
  SrtpKey master;
  master.master_key = array_from_hex<16>("E1F97A0D3E018BE0D64FA32C06DE4139");
  master.master_salt = array_from_hex<14>("0EC675AD498AFEEBB6960B3AABE6");
  const auto keys = derive_session_keys(SrtpSuite::aes128_cm_sha1_80, master);
  EXPECT_EQ(keys.rtp.cipher_key, array_from_hex<16>("C61E7A93744F39EE10734AFE3FF7A087"));
  EXPECT_EQ(keys.rtp.salt, array_from_hex<14>("30CBBC08863D8C85D49DB34A9AE1"));
  EXPECT_EQ(keys.rtp.authentication_key, array_from_hex<20>("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

TEST(SrtpKeyDerivation, GcmIgnoresTheLastTwoSaltBytes) {
  SrtpKey one, other;
  one.master_salt[11] = other.master_salt[11] = 7;
  other.master_salt[12] = 1;
  other.master_salt[13] = 2;
  const auto a = derive_session_keys(SrtpSuite::aead_aes_128_gcm, one);
  const auto b = derive_session_keys(SrtpSuite::aead_aes_128_gcm, other);
  EXPECT_EQ(a.rtp.cipher_key, b.rtp.cipher_key);
  EXPECT_EQ(a.rtp.salt, b.rtp.salt);
  EXPECT_NE(a.rtp.cipher_key, a.rtcp.cipher_key);
}

TEST(AesCounterMode, KeystreamMatchesRfc3711AppendixB2) {
  SessionKey key;
  key.cipher_key = array_from_hex<16>("2B7E151628AED2A6ABF7158809CF4F3C");
  key.salt = array_from_hex<14>("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
  AesCmSha1 cipher(key);
  cipher.start(0, 0);
  std::vector<std::uint8_t> stream(0xff02 * 16);
  cipher.apply(stream, stream.data());
  const auto block = [&](std::size_t number) {
    return std::vector<std::uint8_t>(stream.begin() + static_cast<std::ptrdiff_t>(number * 16),
                                     stream.begin() + static_cast<std::ptrdiff_t>(number * 16 + 16));
  };
  EXPECT_EQ(block(0), from_hex("E03EAD0935C95E80E166B16DD92B4EB4"));
  EXPECT_EQ(block(1), from_hex("D23513162B02D0F72A43A2FE4A5F97AB"));
  EXPECT_EQ(block(2), from_hex("41E95B3BB0A2E8DD477901E4FCA894C0"));
  EXPECT_EQ(block(0xfeff), from_hex("EC8CDF7398607CB0F2D21675EA9EA1E4"));
  EXPECT_EQ(block(0xff00), from_hex("362B7C3C6773516318A077D7FC5073AE"));
  EXPECT_EQ(block(0xff01), from_hex("6A2CC3787889374FBEB4C81B17BA6C44"));
}

class Rfc7714 : public testing::TestWithParam<GcmEngine> {
 protected:
  static SessionKeys keys() {
    SessionKeys keys;
    keys.rtp.cipher_key = keys.rtcp.cipher_key = array_from_hex<16>("000102030405060708090a0b0c0d0e0f");
    keys.rtp.salt = keys.rtcp.salt = array_from_hex<14>("517569642070726f2071756f");
    return keys;
  }

  const std::vector<std::uint8_t> rtp_ = from_hex(
      "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 "
      "6573");
  const std::vector<std::uint8_t> sealed_rtp_ = from_hex(
      "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf "
      "8833899d 7f27beb1 6a9152cf 765ee439 0cce");
  const std::vector<std::uint8_t> rtcp_ = from_hex(
      "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef "
      "deadbeef");
  const std::vector<std::uint8_t> sealed_rtcp_ = from_hex(
      "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded "
      "0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4");
};

TEST_P(Rfc7714, Section16SealsRtp) {
  Sealer sealer(SrtpSuite::aead_aes_128_gcm, keys(), GetParam());
  std::vector<std::uint8_t> out(sealed_rtp_.size());
  const BytesView packet(rtp_);
  ASSERT_EQ(sealer.seal_rtp({.header = packet.first(12), .payload = packet.subspan(12)}, out), out.size());
  EXPECT_EQ(out, sealed_rtp_);
}

TEST_P(Rfc7714, Section16OpensRtp) {
  Opener opener(SrtpSuite::aead_aes_128_gcm, keys(), GetParam());
  auto packet = sealed_rtp_;
  SrtpReceiveState stream;
  const auto opened = opener.open_rtp(packet, plain_header(packet), stream);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->index, 0xf17bu);
  packet.resize(opened->size);
  EXPECT_EQ(packet, rtp_);
}

TEST_P(Rfc7714, Section17SealsRtcp) {
  Sealer sealer(SrtpSuite::aead_aes_128_gcm, keys(), GetParam());
  std::vector<std::uint8_t> buffer;
  for (int index = 0; index <= 0x5d4; ++index) {
    buffer = rtcp_;
    buffer.resize(rtcp_.size() + rtcp_overhead(SrtpSuite::aead_aes_128_gcm));
    ASSERT_EQ(sealer.seal_rtcp(buffer, rtcp_.size()), buffer.size());
  }
  EXPECT_EQ(buffer, sealed_rtcp_);
}

TEST_P(Rfc7714, Section17OpensRtcp) {
  Opener opener(SrtpSuite::aead_aes_128_gcm, keys(), GetParam());
  auto packet = sealed_rtcp_;
  const auto size = opener.open_rtcp(packet);
  ASSERT_TRUE(size.has_value());
  packet.resize(*size);
  EXPECT_EQ(packet, rtcp_);
}

TEST_P(Rfc7714, Section17RtcpThatIsOnlyTaggedIsRefused) {
  // Section 17.3 of the RFC: authentic, but in clear. We never agree to that.
  Opener opener(SrtpSuite::aead_aes_128_gcm, keys(), GetParam());
  auto packet = rtcp_;
  const auto tail = from_hex("841dd968 3dd78ec9 2ae58790 125f62b3 000005d4");
  packet.insert(packet.end(), tail.begin(), tail.end());
  EXPECT_EQ(opener.open_rtcp(packet), std::unexpected(SrtpError::authentication_failed));
}

INSTANTIATE_TEST_SUITE_P(Engines, Rfc7714, testing::Values(GcmEngine::fastest, GcmEngine::openssl),
                         [](const auto& engine) { return engine.param == GcmEngine::fastest ? "fastest" : "openssl"; });

}  // namespace
}  // namespace bridgehall::crypto
