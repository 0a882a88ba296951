// AES-128-GCM with one fixed key, for the packet path: no allocation per packet. Made for one direction and owned by a
// Sealer or Opener, so used by one thread; the ipsec-mb manager behind it is read-only after start and shared by all.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <intel-ipsec-mb.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "crypto/srtp.h"

namespace bridgehall::crypto {

// True when `GcmEngine::fastest` means ipsec-mb on this machine (AES, PCLMULQDQ and AVX, and its self-test passed).
bool has_vectorised_gcm();

class AesGcm {
 public:
  static constexpr std::size_t kTagSize = 16;
  // The first 12 bytes count. Made and stored as one word of 16, as the cipher reads it: smaller stores before a wide
  // read make the processor wait.
  struct Nonce {
    using Words = std::uint64_t __attribute__((vector_size(16)));
    Words words;
    const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(&words); }
  };
  enum class Direction : std::uint8_t { seal, open };
  // Plaintext in pieces that lie in different places, in this order; a piece may lie where its ciphertext goes.
  struct Pieces {
    BytesView first;
    BytesView middle;
    BytesView last;
  };

  AesGcm(const std::array<std::uint8_t, 16>& key, GcmEngine engine, Direction direction);
  AesGcm(const AesGcm&) = delete;
  AesGcm& operator=(const AesGcm&) = delete;

  // Asks the processor for the first lines of the key.
  void prefetch() const {
    constexpr std::size_t kLine = 64, kLines = 6;  // round keys, and the powers of the hash key that a packet needs
    for (std::size_t i = 0; i < kLines; ++i)
      __builtin_prefetch(reinterpret_cast<const std::uint8_t*>(&key_) + i * kLine);
  }

  // Writes the ciphertext of all pieces and then the tag to `out`, which has the room.
  void seal(const Nonce& nonce, BytesView associated, const Pieces& pieces, std::uint8_t* out) {
    if (manager_ != nullptr) {
      seal_vectorised(nonce, associated, pieces, out);
    } else {
      seal_openssl(nonce, associated, pieces, out);
    }
  }
  // Decrypts in place; false when the tag is not that of `associated` and `text`, which is then garbage.
  bool open(const Nonce& nonce, BytesView associated, MutableBytes text, const std::uint8_t* tag);

 private:
  void seal_vectorised(const Nonce& nonce, BytesView associated, const Pieces& pieces, std::uint8_t* out);
  void seal_openssl(const Nonce& nonce, BytesView associated, const Pieces& pieces, std::uint8_t* out);
  bool open_openssl(const Nonce& nonce, BytesView associated, MutableBytes text, const std::uint8_t* tag);

  alignas(64) gcm_key_data key_{};    // the library reads it with aligned moves
  const IMB_MGR* manager_ = nullptr;  // null: OpenSSL
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_{nullptr, &EVP_CIPHER_CTX_free};
};

// Inline, so that the pieces stay in registers.
inline void AesGcm::seal_vectorised(const Nonce& nonce, BytesView associated, const Pieces& pieces, std::uint8_t* out) {
  gcm_context_data context;
  if (pieces.first.empty() && pieces.last.empty()) {
    IMB_AES128_GCM_ENC(manager_, &key_, &context, out, pieces.middle.data(), pieces.middle.size(), nonce.data(),
                       associated.data(), associated.size(), out + pieces.middle.size(), kTagSize);
    return;
  }
  const auto update = [&](BytesView piece) {
    if (piece.empty()) return;
    IMB_AES128_GCM_ENC_UPDATE(manager_, &key_, &context, out, piece.data(), piece.size());
    out += piece.size();
  };
  IMB_AES128_GCM_INIT(manager_, &key_, &context, nonce.data(), associated.data(), associated.size());
  update(pieces.first);
  update(pieces.middle);
  update(pieces.last);
  IMB_AES128_GCM_ENC_FINALIZE(manager_, &key_, &context, out, kTagSize);
}

}  // namespace bridgehall::crypto
