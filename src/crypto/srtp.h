// SRTP and SRTCP (RFC 3711; AES-GCM: RFC 7714). A Sealer protects what we send with one key, an Opener what one peer
// sends us. AES-128-GCM runs on intel-ipsec-mb where the CPU has AES and AVX, else on OpenSSL EVP;
// AES-CM-128-HMAC-SHA1-80 on OpenSSL. Not thread-safe: each belongs to one shard. No allocation after construction.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"
#include "wire/rtp.h"

namespace bridgehall::crypto {

// DTLS-SRTP protection profiles (RFC 5764 section 4.1.2, RFC 7714 section 14.2), in our order of preference.
enum class SrtpSuite : std::uint8_t { aead_aes_128_gcm, aes128_cm_sha1_80 };

// As RFC 7714 and RFC 5764 call it, behind "SRTP_".
constexpr std::string_view suite_name(SrtpSuite suite) {
  return suite == SrtpSuite::aead_aes_128_gcm ? "AEAD_AES_128_GCM" : "AES128_CM_SHA1_80";
}

struct SrtpKey {
  std::array<std::uint8_t, 16> master_key{};
  std::array<std::uint8_t, 14> master_salt{};  // GCM uses the first 12
};

// Bytes that sealing adds: tag of RTP; tag + E/index word of RTCP.
constexpr std::size_t rtp_overhead(SrtpSuite suite) { return suite == SrtpSuite::aead_aes_128_gcm ? 16 : 10; }
constexpr std::size_t rtcp_overhead(SrtpSuite suite) { return rtp_overhead(suite) + 4; }

// Session keys derived from a master key (srtp_keys.h).
struct SessionKeys;

enum class SrtpError : std::uint8_t { too_short, replayed, too_old, authentication_failed };

// Which implementation does AES-GCM; tests run both and compare.
enum class GcmEngine : std::uint8_t { fastest, openssl };

// One RTP packet to seal, as parts. On the wire: header | prefix | payload | padding | tag.
struct RtpParts {
  BytesView header;   // complete, with extensions; stays in clear, authenticated
  BytesView prefix;   // rewritten payload descriptor, or empty
  BytesView payload;  // shared, not changed
  std::uint8_t padding =
      0;  // RFC 3550 padding bytes to add, the last holds the count; the header's P bit is the caller's
  std::uint32_t rollover_counter = 0;  // of the header's sequence number
};

class Sealer {
 public:
  Sealer(SrtpSuite suite, const SrtpKey& key, GcmEngine engine = GcmEngine::fastest);
  Sealer(SrtpSuite suite, const SessionKeys& keys, GcmEngine engine = GcmEngine::fastest);
  ~Sealer();
  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;

  SrtpSuite suite() const;
  // Asks the processor for what seal_rtp() will read, so that it is there when it is called some hundred nanoseconds
  // later.
  void prefetch() const;

  // Writes the sealed packet to `out`, returns its size; 0 when `out` is too small. `parts.header` may be out's own
  // first bytes (then it is not copied). The caller never seals one (SSRC, index) twice with other content: with GCM
  // that gives the key away (RFC 7714 section 8.4); see session/send_stream.h.
  std::size_t seal_rtp(const RtpParts& parts, MutableBytes out);

  // Seals a compound RTCP packet of `plain_size` bytes in place; returns the new size, 0 when the buffer is too small.
  // The SRTCP index counts up by itself.
  std::size_t seal_rtcp(MutableBytes buffer, std::size_t plain_size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Replay state of one incoming SSRC (RFC 3711 section 3.3): highest index and a window of 1,024 below it.
// Trivially copyable; owned by whoever owns the stream.
struct SrtpReceiveState {
  static constexpr std::size_t kWindow = 1024;
  bool started = false;
  std::uint64_t highest_index = 0;  // 48 bits: ROC << 16 | sequence
  std::array<std::uint64_t, kWindow / 64> seen{};
};

struct OpenedRtp {
  std::size_t size = 0;     // of the packet in clear: header + payload + padding
  std::uint64_t index = 0;  // 48-bit packet index
};

class Opener {
 public:
  Opener(SrtpSuite suite, const SrtpKey& key, GcmEngine engine = GcmEngine::fastest);
  Opener(SrtpSuite suite, const SessionKeys& keys, GcmEngine engine = GcmEngine::fastest);
  ~Opener();
  Opener(Opener&&) noexcept;
  Opener& operator=(Opener&&) noexcept;

  SrtpSuite suite() const;

  // Authenticates and decrypts in place. On error `packet`'s content is undefined and `stream` is untouched: nothing is
  // learned from what failed to authenticate.
  std::expected<OpenedRtp, SrtpError> open_rtp(MutableBytes packet, const wire::RtpHeader& header,
                                               SrtpReceiveState& stream);

  // Returns the size of the RTCP in clear. Replay is checked here (the index is in the packet, RFC 3711 section 3.4).
  std::expected<std::size_t, SrtpError> open_rtcp(MutableBytes packet);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bridgehall::crypto
